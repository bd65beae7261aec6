/** The bytes of a body, with those of the selected field marked; a byte that is pointed at selects its field. */
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
    fieldAt: { attribute: false },
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
      [role="slider"] {
        cursor: default;
        width: max-content;
        min-width: 100%;
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
  /** The name of the field that a byte belongs to. */
  declare fieldAt: ((offset: number) => string | undefined) | undefined;
  /** The byte that the keys stand on. */
  #at = 0;
  #of = "";

  override willUpdate(): void {
    if (this.#of !== this.hex) {
      this.#of = this.hex;
      this.#at = 0;
    }
    // A field that was selected in the tree takes the keys along.
    if (this.marked && (this.#at < this.marked[0] || this.#at >= this.marked[0] + this.marked[1])) {
      this.#at = Math.min(this.marked[0], Math.max(0, this.#last));
    }
  }

  get #width(): number {
    return this.clientWidth >= 620 ? 16 : 8;
  }

  get #last(): number {
    return Math.floor(this.hex.length / 2) - 1;
  }

  override render(): TemplateResult {
    const width = this.#width;
    const rows = hexRows(this.hex, width, this.marked);
    return html`<div
        role="slider"
        tabindex="0"
        aria-label=${`${bytes(this.size)}, as hexadecimal pairs and characters`}
        aria-valuemin="0"
        aria-valuemax=${this.#last}
        aria-valuenow=${this.#at}
        aria-valuetext=${this.#spoken()}
        title="Select the field that a byte belongs to"
        @click=${this.#onClick}
        @keydown=${this.#onKey}
      >
        ${rows.map((row) => {
          const part = (text: string, marked: boolean) => (marked ? html`<mark>${text}</mark>` : text);
          return html`<div class="row" data-start=${row.start} data-count=${row.count}>
            <span class="dim">${row.offset}</span
            ><span class="pairs" ${placed({ width: `${width * 3}ch` })}
              >${row.runs.map((run) => part(run.pairs, run.marked))}</span
            ><span class="characters">${row.runs.map((run) => part(run.characters, run.marked))}</span>
          </div>`;
        })}
      </div>
      ${this.cut ? html`<div class="cut-note">The first ${bytes(this.hex.length / 2)} of ${bytes(this.size)}.</div>` : nothing}`;
  }

  #spoken(): string {
    const pair = this.hex.slice(this.#at * 2, this.#at * 2 + 2);
    const field = this.fieldAt?.(this.#at);
    return `byte ${this.#at}, ${pair}${field === undefined ? "" : `, ${field}`}`;
  }

  readonly #onClick = (event: MouseEvent): void => {
    const cells = (event.target as Element).closest<HTMLElement>(".pairs, .characters");
    const row = cells?.closest<HTMLElement>("[data-start]");
    if (!cells || !row) return;
    const box = cells.getBoundingClientRect();
    const count = Number(row.dataset["count"]);
    const columns = cells.classList.contains("pairs") ? this.#width : count;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    this.#go(Number(row.dataset["start"]) + Math.min(count - 1, Math.max(0, column)));
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: this.#at - 1,
      ArrowRight: this.#at + 1,
      ArrowUp: this.#at - this.#width,
      ArrowDown: this.#at + this.#width,
      Home: 0,
      End: this.#last,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#go(Math.max(0, Math.min(this.#last, target)));
  };

  #go(at: number): void {
    this.#at = at;
    this.dispatchEvent(new CustomEvent("byte", { detail: at }));
    this.requestUpdate();
  }
}

define("contrail-byte-view", ByteView);
