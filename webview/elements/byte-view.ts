/** The bytes of a body, with those of the selected field marked. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { bytes } from "../model/format.ts";
import { hexRows } from "../model/hex-rows.ts";
import { placed } from "./placed.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define } from "./view-element.ts";

export class ByteView extends LitElement {
  static override properties = {
    hex: { attribute: false },
    cut: { attribute: false },
    size: { attribute: false },
    marked: { attribute: false },
  };
  static override styles = [
    sharedStyles,
    css`
      :host {
        font-family: var(--mono);
        font-size: 12px;
        line-height: 18px;
        padding: 4px 12px 8px 24px;
        overflow: auto hidden;
      }
      .row {
        display: flex;
        gap: 16px;
      }
      .pairs,
      .characters {
        white-space: pre;
        flex: none;
      }
      mark {
        background: var(--vscode-editor-selectionBackground);
        color: inherit;
        outline: 1px solid var(--selection-outline);
      }
      .cut-note {
        font-family: var(--vscode-font-family);
        color: var(--dim);
      }
    `,
  ];

  declare hex: string;
  declare cut: boolean;
  declare size: number;
  declare marked: readonly [number, number] | undefined;

  override render(): TemplateResult {
    const width = this.clientWidth >= 620 ? 16 : 8;
    const rows = hexRows(this.hex, width, this.marked);
    return html`<div role="img" aria-label=${`${bytes(this.size)}, as hexadecimal pairs and characters`}>
        ${rows.map((row) => {
          const part = (text: string, marked: boolean) => (marked ? html`<mark>${text}</mark>` : text);
          return html`<div class="row">
            <span class="dim">${row.offset}</span
            ><span class="pairs" ${placed({ width: `${width * 3}ch` })}
              >${row.cells.map((cell) => part(`${cell.pair} `, cell.marked))}</span
            ><span class="characters">${row.cells.map((cell) => part(cell.character, cell.marked))}</span>
          </div>`;
        })}
      </div>
      ${this.cut ? html`<div class="cut-note">The first ${bytes(this.hex.length / 2)} of ${bytes(this.size)}.</div>` : nothing}`;
  }
}

define("contrail-byte-view", ByteView);
