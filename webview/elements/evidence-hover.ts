/** Why one message is believed to have caused another: every line of evidence with its role. */
import { css, html, LitElement, type TemplateResult } from "lit";
import type { EvidenceLine } from "../../daemon/serve/protocol.ts";
import { strengthWords } from "../model/words.ts";
import { placed } from "./placed.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define } from "./view-element.ts";

export class EvidenceHover extends LitElement {
  static override properties = {
    effect: { attribute: false },
    cause: { attribute: false },
    evidence: { attribute: false },
    top: { attribute: false },
    left: { attribute: false },
  };
  static override styles = [
    sharedStyles,
    css`
      .hover {
        position: absolute;
        z-index: 5;
        background: var(--vscode-editorHoverWidget-background);
        border: 1px solid var(--vscode-editorHoverWidget-border);
        color: var(--vscode-editorHoverWidget-foreground);
        padding: 4px 8px 6px;
        line-height: 18px;
        border-radius: 3px;
        font-size: 12px;
        max-width: min(452px, calc(100% - 24px));
        min-width: 240px;
      }
      .head {
        display: flex;
        gap: 6px;
        align-items: baseline;
        border-bottom: 1px solid var(--vscode-editorHoverWidget-border);
        margin: 0 -8px 4px;
        padding: 0 8px 4px;
      }
      .head .tag {
        margin-left: auto;
      }
      b {
        font-weight: 600;
      }
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        column-gap: 10px;
        margin: 0;
      }
      dt {
        color: var(--dim);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare effect: string;
  declare cause: string;
  declare evidence: readonly EvidenceLine[];
  declare top: number;
  declare left: number;

  constructor() {
    super();
    this.effect = "";
    this.cause = "";
    this.evidence = [];
    this.top = 0;
    this.left = 0;
  }

  override render(): TemplateResult {
    const strength = strengthOf(this.evidence);
    return html`<div class="hover" role="tooltip" ${placed({ top: `${this.top}px`, left: `${this.left}px` })}>
      <div class="head">
        <span><b>${this.effect}</b> caused by <b>${this.cause}</b></span>
        ${strength === undefined ? "" : html`<span class="tag">${strengthWords[strength]}</span>`}
      </div>
      <dl>
        ${this.evidence.map(
          (line) =>
            html`<dt>${line.role}</dt>
              <dd>${line.text}</dd>`,
        )}
      </dl>
    </div>`;
  }

  /** Near the lower edge it stands above the row instead of being cut off. */
  override updated(): void {
    const hover = this.renderRoot.querySelector<HTMLElement>(".hover");
    const host = this.parentNode instanceof ShadowRoot ? this.parentNode.host : this.parentElement;
    if (!hover || !host) return;
    const room = host.clientHeight;
    const top = this.top + hover.offsetHeight > room ? Math.max(0, this.top - hover.offsetHeight - 32) : this.top;
    hover.style.top = `${top}px`;
  }
}

/** How sure the whole is: as sure as the evidence that decides. */
export function strengthOf(evidence: readonly EvidenceLine[]): EvidenceLine["strength"] | undefined {
  return (evidence.find((line) => line.role === "decides") ?? evidence.find((line) => line.role === "agrees"))
    ?.strength;
}

define("contrail-evidence-hover", EvidenceHover);
