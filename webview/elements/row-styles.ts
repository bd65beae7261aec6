import { css } from "lit";

/** How a row looks under the pointer and when it is selected: the same in the list and in the lanes. */
export const rowStyles = css`
  .row:hover {
    background: var(--vscode-list-hoverBackground);
    /* Second text keeps its contrast on the colour of the hover. */
    --dim: color-mix(in srgb, var(--vscode-foreground) 82%, var(--vscode-editor-background));
  }
  .row.selected {
    background: var(--vscode-list-inactiveSelectionBackground);
    outline: 1px solid var(--selection-outline);
    outline-offset: -1px;
  }
  .row.selected:focus,
  .grid:focus-within .row.selected {
    background: var(--vscode-list-activeSelectionBackground);
    color: var(--vscode-list-activeSelectionForeground);
  }
`;
