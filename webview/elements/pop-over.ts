/** What opens over the view: keys, taps, counts, the non-intrusion report, contract problems, the histogram as a table. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { TapReportView } from "../../daemon/serve/protocol.ts";
import { bytes, count, counted, timeOfDay } from "../model/format.ts";
import { keyBindings } from "../model/keys.ts";
import { icon } from "./icons.ts";
import { countsView, statusStyles, tapsView } from "./pop-over-status.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

export type PopOverContent = "keys" | "taps" | "counts" | "report" | "contracts" | "histogram";

const titles: Readonly<Record<PopOverContent, string>> = {
  keys: "Keys",
  taps: "Taps",
  counts: "What was seen, kept and given up",
  report: "What the tap did and did not do",
  contracts: "Contracts that cannot be used to decode",
  histogram: "Messages over time",
};

export class PopOver extends ViewElement {
  static override properties = { store: { attribute: false }, content: { attribute: false } };
  static override styles = [
    sharedStyles,
    css`
      dialog {
        width: min(560px, calc(100vw - 32px));
        max-height: min(560px, calc(100vh - 64px));
        padding: 0;
        background: var(--vscode-editorHoverWidget-background);
        color: var(--vscode-editorHoverWidget-foreground);
        border: 1px solid var(--vscode-editorHoverWidget-border);
        border-radius: 3px;
        overflow: hidden auto;
        font: 13px/20px var(--vscode-font-family);
      }
      dialog::backdrop {
        background: none;
      }
      .title {
        display: flex;
        align-items: center;
        padding: 6px 8px 6px 12px;
        border-bottom: 1px solid var(--vscode-editorHoverWidget-border);
        font-weight: 600;
        position: sticky;
        top: 0;
        background: inherit;
      }
      .title span {
        flex: 1;
      }
      .content {
        padding: 8px 12px 12px;
      }
      h3 {
        font-size: 11px;
        font-weight: 600;
        margin: 8px 0 2px;
      }
      h3:first-child {
        margin-top: 0;
      }
      ul {
        margin: 0;
        padding-left: 18px;
        overflow-wrap: anywhere;
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        column-gap: 20px;
        margin: 0;
      }
      dt {
        font-family: var(--mono);
        font-size: 12px;
      }
      dd {
        margin: 0;
      }
      table {
        border-spacing: 0;
        width: 100%;
      }
      th {
        font-size: 11px;
        font-weight: 400;
        color: var(--dim);
        text-align: right;
      }
      th:first-child,
      td:first-child,
      .left {
        text-align: left;
      }
      td {
        text-align: right;
        font-variant-numeric: tabular-nums;
      }
    `,
    statusStyles,
  ];

  declare content: PopOverContent | undefined;

  /** Whether it is open now; it stands over everything and takes all keys. */
  get open(): boolean {
    return this.findAs("dialog", HTMLDialogElement)?.open === true;
  }

  override updated(): void {
    const dialog = this.findAs("dialog", HTMLDialogElement);
    if (!dialog) return;
    if (this.content !== undefined && !dialog.open) dialog.showModal();
    if (this.content === undefined && dialog.open) dialog.close();
  }

  override render(): TemplateResult {
    const { content } = this;
    return html`<dialog
      aria-label=${content === undefined ? "" : titles[content]}
      @close=${this.#onClose}
      @click=${this.#onClick}
    >
      ${
        content === undefined
          ? nothing
          : html`<div class="title">
                <span>${titles[content]}</span>
                <button class="action" title="Close (Escape)" aria-label="Close" @click=${this.#onClose}>
                  ${icon("close", "none", true)}
                </button>
              </div>
              <div class="content">${this.#inside(content)}</div>`
      }
    </dialog>`;
  }

  readonly #onClose = (): void => {
    this.dispatchEvent(new CustomEvent("closed"));
  };

  /** A click beside it closes it; the backdrop counts as the dialog itself. */
  readonly #onClick = (event: MouseEvent): void => {
    const dialog = event.currentTarget as HTMLDialogElement;
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (!inside) this.#onClose();
  };

  #inside(content: PopOverContent): TemplateResult | TemplateResult[] {
    switch (content) {
      case "keys":
        return html`<dl>
          ${keyBindings
            .filter((binding) => binding.shown !== "")
            .map(
              (binding) =>
                html`<dt>${binding.shown}</dt>
                  <dd>${binding.does}</dd>`,
            )}
        </dl>`;
      case "taps":
        return tapsView(this.store);
      case "counts":
        return countsView(this.store.data.status);
      case "report":
        return this.#reports(this.store.data.report?.reports);
      case "contracts":
        return html`<ul>
          ${(this.store.data.status?.contracts.problems ?? []).map((problem) => html`<li>${problem}</li>`)}
        </ul>`;
      default:
        return this.#histogram();
    }
  }

  #reports(reports: readonly TapReportView[] | undefined): TemplateResult | TemplateResult[] {
    if (!reports) return html`Asking the daemon…`;
    if (reports.length === 0) return html`No broker is tapped, so nothing was touched.`;
    return reports.map(
      (report) =>
        html`<h3>${report.tap}</h3>
          <p class="dim">Read ${counted(report.messages, "message")}, ${bytes(report.bytes)}.</p>
          <h3>What was touched</h3>
          ${
            report.touched.length === 0
              ? html`Nothing.`
              : html`<ul>
                  ${report.touched.map((line) => html`<li>${line}</li>`)}
                </ul>`
          }
          <h3>What is never touched</h3>
          <ul>
            ${report.neverTouched.map((line) => html`<li>${line}</li>`)}
          </ul>`,
    );
  }

  #histogram(): TemplateResult {
    const histogram = this.store.data.list?.histogram;
    if (!histogram) return html`No message yet.`;
    return html`<table>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Messages</th>
          <th scope="col">Errors</th>
          <th scope="col">Warnings</th>
          <th scope="col">Shed</th>
        </tr>
      </thead>
      <tbody>
        ${histogram.buckets.map(
          (bucket, index) =>
            html`<tr>
              <td>${timeOfDay(histogram.from + index * histogram.bucketMs)}</td>
              <td>${count(bucket.messages)}</td>
              <td>${count(bucket.errors)}</td>
              <td>${count(bucket.warnings)}</td>
              <td>${bucket.shed ? "yes" : "no"}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

define("contrail-pop-over", PopOver);
