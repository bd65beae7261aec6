import { css } from "lit";

export const laneListStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    flex: 1;
    position: relative;
  }
  .grid {
    display: flex;
    flex-direction: column;
    min-height: 0;
    flex: 1;
  }
  .heads {
    position: relative;
    border-bottom: 1px solid var(--line);
    flex: none;
    height: 36px;
    overflow: hidden;
  }
  .heads span {
    position: absolute;
    font-size: 11px;
    line-height: 14px;
    transform: translateX(-50%);
    white-space: nowrap;
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .heads span.cut {
    display: block;
  }
  .heads.slanted {
    height: 60px;
    overflow: visible;
  }
  .heads.slanted span {
    transform: rotate(-45deg);
    transform-origin: 0 100%;
    bottom: 1px;
    color: var(--dim);
    max-width: 80px;
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .heads > svg {
    position: absolute;
    inset: 0;
    pointer-events: none;
  }
  .scroll {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow: hidden auto;
    overflow-anchor: none;
  }
  .area {
    position: relative;
    overflow: clip;
  }
  .row {
    display: grid;
    height: 24px;
    line-height: 24px;
    align-items: center;
    white-space: nowrap;
    padding-right: 14px;
    position: absolute;
    left: 0;
    right: 0;
    top: 0;
    contain: layout style;
    cursor: default;
  }
  .row.selected :is(.dim, .time, .latency, .tag) {
    color: inherit;
  }
  .grid:focus-within .row.selected .tag {
    border-color: currentColor;
  }
  .row:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .row.gap {
    height: 20px;
    line-height: 20px;
  }
  .row.gap:hover {
    background: none;
  }
  .time {
    text-align: right;
    padding-right: 10px;
    color: var(--dim);
    font-family: var(--mono);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .narrow .time {
    font-size: 11px;
    padding-right: 6px;
  }
  .slice {
    overflow: visible;
  }
  .text {
    max-width: 460px;
    display: flex;
    gap: 6px;
    align-items: center;
    min-width: 0;
    padding-left: 10px;
  }
  .narrow .text {
    gap: 5px;
  }
  .gap .text {
    font-size: 11px;
    color: var(--dim);
  }
  /* The name is the last to give way: the channel goes first, then the note. */
  .what {
    flex: 0 1 auto;
    min-width: 40px;
  }
  .note {
    flex-shrink: 100;
  }
  .channel {
    flex-shrink: 10000;
  }
  .missing .what {
    font-style: italic;
  }
  .note,
  .channel {
    font-size: 12px;
  }
  .latency {
    margin-left: auto;
    padding-left: 8px;
    font-size: 12px;
    color: var(--dim);
    font-variant-numeric: tabular-nums;
    flex: none;
  }
  .narrow .latency {
    padding-left: 3px;
  }
  .mark {
    width: 14px;
    flex: none;
    display: flex;
    justify-content: center;
  }
`;
