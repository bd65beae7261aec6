import { css } from "lit";

export const conversationListStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    height: 100%;
    position: relative;
  }
  .grid {
    display: flex;
    flex-direction: column;
    min-height: 0;
    flex: 1;
  }
  .body {
    position: relative;
    flex: 1;
    min-height: 0;
  }
  .scroll {
    position: absolute;
    inset: 0;
    overflow: hidden auto;
    overflow-anchor: none;
    contain: strict;
  }
  .area {
    position: relative;
    overflow: clip;
    contain: layout paint style;
  }
  .row {
    display: grid;
    height: 22px;
    align-items: center;
    padding: 0 22px 0 8px;
    column-gap: 10px;
    white-space: nowrap;
    cursor: default;
  }
  .area > .row,
  .area > .group {
    position: absolute;
    left: 0;
    right: 0;
    top: 0;
    contain: strict;
  }
  .row.beside {
    grid-template-columns: 16px 196px 60px minmax(140px, 1fr) 30px 66px 44px;
  }
  .row.whole {
    grid-template-columns: 16px minmax(220px, 1fr) 80px minmax(200px, 1.8fr) minmax(120px, 0.9fr) 40px 70px 56px;
  }
  .row.narrow {
    grid-template-columns: 16px minmax(0, 1fr) auto 44px;
    padding-right: 12px;
  }
  .row.two {
    height: 42px;
    align-content: center;
    row-gap: 0;
    line-height: 19px;
  }
  .second {
    grid-column: 2/5;
  }
  .row.selected .dim {
    color: inherit;
  }
  .row:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .row.head {
    color: var(--dim);
    font-size: 11px;
    border-bottom: 1px solid var(--line);
    flex: none;
  }
  .row.head:hover {
    background: none;
  }
  .state-cell {
    display: flex;
  }
  .problems {
    display: flex;
    justify-content: flex-end;
  }
  .problem {
    display: inline-flex;
    align-items: center;
    gap: 3px;
  }
  .group {
    display: flex;
    align-items: center;
    height: 22px;
    padding: 0 12px 0 4px;
    gap: 4px;
    font-size: 11px;
  }
  .group > span {
    display: flex;
  }
  .group button {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    height: 22px;
    font-weight: 600;
    cursor: pointer;
  }
  .group .n {
    font-weight: 400;
    color: var(--dim);
  }
  .ruler {
    position: absolute;
    right: 0;
    top: 0;
    bottom: 0;
    width: 10px;
    border-left: 1px solid var(--vscode-editorOverviewRuler-border, var(--line));
    pointer-events: none;
  }
  .ruler i {
    position: absolute;
    right: 1px;
    width: 4px;
    height: 3px;
    background: var(--warn);
  }
  .ruler i.error {
    width: 7px;
    background: var(--bad);
  }
  .new {
    position: absolute;
    left: 50%;
    transform: translateX(-50%);
    top: 8px;
    height: 24px;
    line-height: 22px;
    padding: 0 10px;
    border-radius: 12px;
    background: var(--vscode-button-background);
    color: var(--vscode-button-foreground);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    z-index: 2;
  }
  .nothing {
    padding: 16px 12px;
    color: var(--dim);
    display: flex;
    flex-wrap: wrap;
    gap: 4px 14px;
  }
  @media (max-width: 719px) {
    .ruler {
      display: none;
    }
  }
`;
