/** One conversation: what is the matter in a sentence, its steps, and its messages on lanes. Narrow beside the list. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { ConversationDetail, StepGlyph, TextRun } from "../../daemon/serve/protocol.ts";
import { counted, duration, exactTime, shortId } from "../model/format.ts";
import type { KeyAction } from "../model/keys.ts";
import { stepWords } from "../model/words.ts";
import { icon, stateIcon } from "./icons.ts";
import { LaneList } from "./lane-list.ts";
import { sharedStyles } from "./shared-styles.ts";
import { stepGlyph, stepStrip } from "./step-glyphs.ts";
import { define, ViewElement } from "./view-element.ts";

export class ConversationView extends ViewElement {
  static override properties = {
    store: { attribute: false },
    narrow: { attribute: false },
    pane: { attribute: false },
    bare: { attribute: false },
    beside: { attribute: false },
  };
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        min-width: 0;
        height: 100%;
        position: relative;
      }
      .head {
        padding: 6px 12px 8px;
        border-bottom: 1px solid var(--line);
        flex: none;
        max-height: 45%;
        overflow: hidden auto;
      }
      .title {
        display: flex;
        align-items: center;
        gap: 6px;
        min-width: 0;
      }
      .title .name {
        font-weight: 600;
        flex: 0 1 auto;
      }
      .title .facts {
        flex: 1;
      }
      .why {
        padding: 4px 0 0 22px;
        line-height: 18px;
        overflow-wrap: anywhere;
      }
      .go-to {
        padding-top: 2px;
      }
      .why .link {
        white-space: normal;
      }
      code {
        line-height: 18px;
      }
      .rail {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: minmax(64px, 1fr);
        padding: 8px 12px;
        border-bottom: 1px solid var(--line);
        overflow: auto hidden;
        flex: none;
      }
      .step {
        position: relative;
        min-width: 0;
        line-height: 18px;
        padding-right: 8px;
      }
      .glyph {
        position: relative;
        height: 16px;
      }
      .glyph i {
        position: absolute;
        left: 11px;
        right: -2px;
        top: 7px;
        border-top: 1px solid var(--vscode-charts-lines);
      }
      .glyph i.dotted {
        border-top-style: dotted;
      }
      .sub {
        font-size: 11px;
        line-height: 16px;
        color: var(--dim);
        font-variant-numeric: tabular-nums;
      }
      .undone {
        display: flex;
        gap: 3px;
        font-size: 11px;
        line-height: 16px;
        align-items: center;
        margin-top: 2px;
        min-width: 0;
      }
      .undone .icon {
        font-size: 12px;
        width: 12px;
        line-height: 16px;
      }
      .strip-line {
        display: flex;
        align-items: center;
        gap: 10px;
        padding: 7px 12px;
        border-bottom: 1px solid var(--line);
        flex: none;
      }
      .strip-line .cut {
        line-height: 16px;
      }
      .strip-line .num {
        margin-left: auto;
      }
      .strip {
        flex: none;
      }
      .waiting {
        padding: 16px 12px;
        color: var(--dim);
      }
      @media (max-height: 420px) {
        :host {
          overflow: hidden auto;
        }
        .head {
          max-height: none;
        }
        contrail-lane-list {
          flex: none;
          min-height: 200px;
        }
      }
    `,
  ];

  declare narrow: boolean;
  /** It stands beside the list, so it can be closed and opened wide. */
  declare pane: boolean;
  declare bare: boolean;
  declare beside: boolean;

  #focusWanted = false;

  /** Takes the focus, to the lanes; waits for them where they are still being read. */
  override focus(): void {
    this.#focusWanted = true;
    this.requestUpdate();
  }

  override updated(): void {
    const lanes = this.#focusWanted ? this.#lanes : null;
    if (!lanes) return;
    this.#focusWanted = false;
    lanes.focus();
  }

  get #lanes(): LaneList | null {
    return this.findAs("contrail-lane-list", LaneList);
  }

  act(action: KeyAction): boolean {
    return this.#lanes?.act(action) ?? false;
  }

  closeHover(): boolean {
    return this.#lanes?.closeHover() ?? false;
  }

  get cursorSeq(): number | undefined {
    return this.#lanes?.cursorSeq;
  }

  override render(): TemplateResult {
    const { detail } = this.store.data;
    if (!detail || detail.row.id !== this.store.place.conversation) {
      return html`<div class="head">
          <div class="title">${this.#back()}<span class="facts"></span>${this.#actions()}</div>
        </div>
        <div class="waiting">
          ${this.store.connection.state === "open" ? "Reading the conversation…" : "Waiting for the daemon."}
        </div>`;
    }
    return html`${this.#head(detail)}${this.#steps(detail)}
      <contrail-lane-list
        .store=${this.store}
        .detail=${detail}
        .narrow=${this.narrow}
        .bare=${this.bare}
        .beside=${this.beside}
      ></contrail-lane-list>`;
  }

  #back(): TemplateResult | typeof nothing {
    if (this.pane) return nothing;
    return html`<button class="action" title="Back (Backspace)" aria-label="Back" @click=${() => this.store.back()}>
      ${icon("arrow-left")}
    </button>`;
  }

  #actions(): TemplateResult {
    const { store } = this;
    const id = store.place.conversation;
    const dismissible = store.data.detail?.row.needsLook === true && id !== undefined;
    return html`
      ${
        dismissible
          ? html`<button
              class="action"
              title="Dismiss: it needs no look any more"
              aria-label="Dismiss"
              @click=${() => store.dismiss(id)}
            >
              ${icon("check", "none", true)}
            </button>`
          : nothing
      }
      ${
        this.pane
          ? html`<button
                class="action"
                title="Open wide (Enter)"
                aria-label="Open wide"
                @click=${() => id !== undefined && store.openConversation(id, true)}
              >
                ${icon("split-horizontal", "none", true)}
              </button>
              <button class="action" title="Close (Escape)" aria-label="Close" @click=${() => store.closePane()}>
                ${icon("close", "none", true)}
              </button>`
          : nothing
      }
    `;
  }

  #head(detail: ConversationDetail): TemplateResult {
    const { row } = detail;
    return html`<div class="head">
      <div class="title">
        ${this.#back()}${stateIcon(row.state, row.kind)}<span class="name cut" title=${row.name}>${row.name}</span>
        <span class="mono dim cut" title=${row.key}>${shortId(row.key, 24)}</span>
        ${
          row.inferred && row.kind === "saga"
            ? html`<span
                class="tag"
                title="No framework or contract declares this saga; its shape was inferred from traffic"
                >inferred</span
              >`
            : nothing
        }
        <span class="facts dim cut">${this.narrow ? "" : factsOf(detail)}</span>
        ${this.#actions()}
      </div>
      ${
        detail.sentence.length === 0
          ? nothing
          : html`<div class="why">${detail.sentence.map((run) => this.#run(run))}</div>`
      }
      ${this.#goTo(detail)}
    </div>`;
  }

  #goTo({ goTo }: ConversationDetail): TemplateResult | typeof nothing {
    if (!goTo) return nothing;
    return html`<div class="why go-to">
      <button class="link" @click=${() => this.store.openMessage(goTo.seq)}>${goTo.text}</button>
    </div>`;
  }

  #run(run: TextRun): TemplateResult | string {
    if ("code" in run) return html`<code>${run.code}</code>`;
    if ("link" in run) {
      return html`<button class="link" @click=${() => this.store.openMessage(run.seq)}>${run.link}</button>`;
    }
    return run.text;
  }

  #steps(detail: ConversationDetail): TemplateResult | typeof nothing {
    if (detail.steps.length === 0) return nothing;
    if (this.narrow) return this.#stripLine(detail);
    return detail.row.kind === "saga" ? this.#rail(detail.steps) : nothing;
  }

  #stripLine({ steps, currentStep }: ConversationDetail): TemplateResult {
    const index = currentStep ?? steps.findLastIndex((step) => step.state !== "not reached");
    const step = steps[index];
    return html`<div class="strip-line">
      ${stepStrip(steps, 150, 12)}
      ${step ? html`<span class="cut">${step.name} <span class="dim">${stepTime(step)}</span></span>` : nothing}
      <span class="num dim">step ${index + 1} of ${steps.length}</span>
    </div>`;
  }

  #rail(steps: readonly StepGlyph[]): TemplateResult {
    return html`<div class="rail" role="list" aria-label="Steps" tabindex="-1">
      ${steps.map((step, index) => {
        const next = steps[index + 1];
        return html`<div
          class="step"
          role="listitem"
          aria-label=${`${step.name}, ${stepWords[step.state]}, ${stepTime(step)}`}
        >
          <div class="glyph">
            ${next ? html`<i class=${next.state === "not reached" ? "dotted" : ""}></i>` : nothing}
            <svg width="12" height="16" aria-hidden="true">${stepGlyph(step.state, 0, 1, 11, 14)}</svg>
          </div>
          <div class="cut ${step.state === "not reached" ? "dim" : ""}" title=${step.name}>${step.name}</div>
          <div class="sub cut">${stepTime(step)}</div>
          ${this.#undone(step)}
        </div>`;
      })}
    </div>`;
  }

  #undone(step: StepGlyph): TemplateResult | typeof nothing {
    if (step.state === "compensation missing") {
      return html`<div class="undone">
        ${icon("circle-slash", "bad")}<span class="cut">${step.compensation ?? "compensation missing"}</span>
      </div>`;
    }
    if (step.compensation === undefined) return nothing;
    return html`<div class="undone">
      ${icon("discard", "undo")}<span class="cut" title=${step.compensation}>${step.compensation}</span>
    </div>`;
  }
}

function factsOf({ row, lanes }: ConversationDetail): string {
  const participants = lanes.filter((lane) => lane.kind === "participant").length;
  return [
    counted(row.messages, "message"),
    counted(participants, "participant"),
    row.tookMs === undefined ? "" : duration(row.tookMs),
    `from ${exactTime(row.startedAt)}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function stepTime(step: StepGlyph): string {
  const time = step.ms === undefined ? "" : duration(step.ms);
  if (step.state === "done" || step.state === "compensated") return time;
  if (step.state === "stuck" || step.state === "running") return time === "" ? stepWords[step.state] : time;
  return time === "" ? stepWords[step.state] : `${stepWords[step.state]}, ${time}`;
}

define("contrail-conversation-view", ConversationView);
