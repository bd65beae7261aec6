import { css } from "lit";

export const messageViewStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 0;
    min-width: 0;
    height: 100%;
  }
  .head {
    padding: 6px 12px;
    border-bottom: 1px solid var(--line);
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    flex: none;
  }
  .head .name {
    font-weight: 600;
    flex: 0 1 auto;
  }
  .head .facts {
    flex: 1;
  }
  .scroll {
    overflow: hidden auto;
    flex: 1;
    min-height: 0;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    min-height: 0;
    flex: 1;
  }
  .columns > div + div {
    border-left: 1px solid var(--line);
  }
  .columns > div > section:first-child > .section {
    border-top: 0;
  }
  .check {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr);
    column-gap: 6px;
    line-height: 18px;
    padding: 8px 12px 10px;
  }
  .wide-check {
    border-bottom: 1px solid var(--line);
    flex: none;
    max-height: 40%;
    overflow: hidden auto;
  }
  .check b {
    font-weight: 600;
  }
  .check ul {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .check li {
    overflow-wrap: anywhere;
  }
  .check li .link {
    white-space: normal;
    text-align: left;
  }
  .check li .links {
    display: inline-flex;
    padding: 0 0 0 4px;
  }
  .attempts {
    margin: 0;
    padding: 2px 12px 6px 24px;
    list-style: none;
    line-height: 20px;
    overflow-wrap: anywhere;
  }
  .attempts .dim {
    display: block;
    padding-left: 12px;
  }
  .links {
    display: flex;
    flex-wrap: wrap;
    column-gap: 14px;
    padding-top: 2px;
  }
  .links .link,
  .links .path {
    display: inline-flex;
    align-items: center;
    gap: 3px;
    min-width: 0;
  }
  .section {
    display: flex;
    align-items: center;
    gap: 4px;
    height: 22px;
    width: 100%;
    font-size: 11px;
    padding: 0 8px 0 4px;
    border-top: 1px solid var(--line);
  }
  .section .label {
    font-weight: 600;
    flex: none;
  }
  .section .side {
    margin-left: auto;
    color: var(--dim);
  }
  .inset {
    padding: 2px 12px 6px 24px;
    line-height: 20px;
  }
  .because {
    display: grid;
    grid-template-columns: 62px minmax(0, 1fr);
    color: var(--dim);
    padding-left: 12px;
  }
  .because span {
    overflow-wrap: anywhere;
  }
  .line + .line {
    padding-top: 4px;
  }
  .writers {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 70px 56px;
    padding: 0 12px 0 24px;
    line-height: 20px;
    column-gap: 8px;
    white-space: nowrap;
  }
  .writers.top {
    font-size: 11px;
    color: var(--dim);
  }
  .writers .cut {
    display: flex;
    gap: 4px;
    align-items: center;
  }
  .header {
    display: grid;
    grid-template-columns: 112px minmax(0, 1fr) 16px;
    column-gap: 10px;
    padding: 0 12px 0 22px;
    height: 22px;
    align-items: center;
    white-space: nowrap;
    border-left: 2px solid transparent;
  }
  .header.evidence {
    border-left-color: var(--run);
  }
  .header:hover {
    background: var(--vscode-list-hoverBackground);
    /* Second text keeps its contrast on the colour of the hover. */
    --dim: color-mix(in srgb, var(--vscode-foreground) 82%, var(--vscode-editor-background));
  }
  dl {
    display: grid;
    grid-template-columns: minmax(60px, 132px) minmax(0, 1fr);
    padding: 2px 12px 6px 24px;
    column-gap: 8px;
    line-height: 20px;
    margin: 0;
  }
  dt {
    color: var(--dim);
    margin: 0;
  }
  dd {
    margin: 0;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .journey {
    margin: 0;
    padding: 2px 12px 6px 24px;
    list-style: none;
    line-height: 20px;
  }
  .journey li {
    display: grid;
    grid-template-columns: 68px 14px minmax(0, 1fr);
    column-gap: 6px;
  }
  .journey .icon {
    margin-top: 3px;
  }
  .journey span {
    overflow-wrap: anywhere;
  }
  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    font-family: var(--mono);
    font-size: 12px;
    line-height: 18px;
    padding: 4px 12px 8px 24px;
  }
  .waiting {
    padding: 16px 12px;
    color: var(--dim);
  }
`;
