/** Styles that every element takes: text, icons, buttons, focus. Only VS Code's tokens and the roles of live.css. */
import { css } from "lit";

export const sharedStyles = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
    min-width: 0;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  button,
  input {
    font: inherit;
    color: inherit;
    margin: 0;
  }
  button {
    background: none;
    border: 0;
    padding: 0;
    cursor: pointer;
    text-align: inherit;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .link {
    color: var(--vscode-textLink-foreground);
    text-decoration: none;
    cursor: pointer;
    white-space: nowrap;
  }
  .link:hover {
    text-decoration: underline;
  }
  .icon {
    font: 16px/16px codicon;
    display: inline-block;
    width: 16px;
    height: 16px;
    text-align: center;
    flex: none;
    user-select: none;
    vertical-align: text-bottom;
  }
  .icon.small {
    font-size: 14px;
    line-height: 14px;
    width: 14px;
    height: 14px;
    vertical-align: -2.5px;
  }
  .state {
    display: inline-flex;
    align-items: center;
    flex: none;
  }
  .num {
    font-variant-numeric: tabular-nums;
    text-align: right;
    white-space: nowrap;
  }
  .mono,
  code {
    font-family: var(--mono);
    font-size: 12px;
  }
  .dim {
    color: var(--dim);
  }
  .cut {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    min-width: 0;
  }
  .ok {
    color: var(--ok);
  }
  .run {
    color: var(--run);
  }
  .undo {
    color: var(--undo);
  }
  .warn {
    color: var(--warn);
  }
  .bad {
    color: var(--bad);
  }
  .squiggle {
    text-decoration: underline wavy var(--vscode-editorError-foreground);
    text-decoration-thickness: 1px;
    text-underline-offset: 3px;
    text-decoration-skip-ink: none;
  }
  .action {
    height: 22px;
    min-width: 22px;
    padding: 0 3px;
    border-radius: 5px;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 4px;
    flex: none;
    color: var(--vscode-icon-foreground, var(--vscode-foreground));
  }
  .action:hover {
    background: var(--vscode-toolbar-hoverBackground);
  }
  .action[aria-pressed="true"] {
    background: var(--vscode-inputOption-activeBackground);
    color: var(--vscode-inputOption-activeForeground);
    outline: 1px solid var(--vscode-inputOption-activeBorder);
    outline-offset: -1px;
  }
  .action[aria-pressed="true"]:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
  }
  .tag {
    font-size: 11px;
    line-height: 16px;
    color: var(--dim);
    border: 1px solid var(--line);
    border-radius: 3px;
    padding: 0 4px;
    flex: none;
    white-space: nowrap;
  }
  .badge {
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 11px;
    font-size: 11px;
    line-height: 16px;
    padding: 0 6px;
    font-weight: 400;
    font-variant-numeric: tabular-nums;
  }
  .button {
    background: var(--vscode-button-background);
    color: var(--vscode-button-foreground);
    border: 1px solid var(--vscode-button-border, transparent);
    height: 26px;
    line-height: 24px;
    padding: 0 12px;
    border-radius: 2px;
  }
  .button.secondary {
    background: var(--vscode-button-secondaryBackground);
    color: var(--vscode-button-secondaryForeground);
    border-color: var(--vscode-contrastBorder, var(--vscode-input-border, transparent));
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  svg .ground {
    fill: var(--vscode-editor-background);
  }
  svg {
    display: block;
  }
  ::-webkit-scrollbar {
    width: 10px;
    height: 10px;
  }
  ::-webkit-scrollbar-thumb {
    background: var(--vscode-scrollbarSlider-background);
  }
  ::-webkit-scrollbar-corner {
    background: none;
  }
`;
