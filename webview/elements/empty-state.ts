/** No broker is tapped: what a tap does not do, how to begin, and how to read what will be seen. */
import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { StepGlyph } from "../../daemon/serve/protocol.ts";
import type { FoundBroker } from "../bridge.ts";
import { brokerNames } from "../model/words.ts";
import { brokerMark, stateIcon } from "./icons.ts";
import { sharedStyles } from "./shared-styles.ts";
import { stepStrip } from "./step-glyphs.ts";
import { define, ViewElement } from "./view-element.ts";

const legendSteps: readonly StepGlyph[] = (
  ["done", "done", "compensated", "stuck", "compensating", "compensation missing", "not reached"] as const
).map((state) => ({ name: state, state }));

export class EmptyState extends ViewElement {
  static override properties = { store: { attribute: false }, narrow: { type: Boolean, reflect: true } };
  static override styles = [
    sharedStyles,
    css`
      :host {
        height: 100%;
        overflow: hidden auto;
      }
      .inside {
        max-width: 560px;
        margin: 0 auto;
        padding: 56px 20px 20px;
        line-height: 20px;
      }
      :host([narrow]) .inside {
        padding-top: 28px;
      }
      h2 {
        font-size: 13px;
        font-weight: 600;
        margin: 0;
      }
      p {
        margin: 6px 0 14px;
      }
      .buttons {
        display: flex;
        gap: 8px;
        flex-wrap: wrap;
        margin-bottom: 18px;
      }
      h3 {
        font-size: 11px;
        font-weight: 600;
        margin: 0 0 6px;
        border-top: 1px solid var(--line);
        padding-top: 8px;
      }
      pre {
        font-family: var(--mono);
        font-size: 12px;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        margin: 0 0 14px;
      }
      .found {
        display: grid;
        grid-template-columns: 16px 74px minmax(0, 1fr) auto auto;
        column-gap: 14px;
        height: 24px;
        align-items: center;
      }
      .found:last-of-type {
        margin-bottom: 12px;
      }
      .legend {
        display: grid;
        grid-template-columns: 104px minmax(0, 1fr);
        column-gap: 12px;
        align-items: center;
      }
      .icons {
        display: flex;
        gap: 8px;
      }
      .marks {
        display: flex;
        gap: 20px;
        align-items: center;
        height: 16px;
        padding-left: 3px;
      }
      .links {
        border-top: 1px solid var(--line);
        margin-top: 14px;
        padding-top: 10px;
        display: flex;
        gap: 16px;
        flex-wrap: wrap;
      }
    `,
  ];

  declare narrow: boolean;

  override render(): TemplateResult {
    const { store } = this;
    return html`<div class="inside">
      <h2>No broker is tapped</h2>
      <p>
        Tap Kafka or RabbitMQ to see your services talk. The tap leaves no trace: it joins no group, commits nothing,
        creates no topic and no lasting queue, and takes no message from anyone.
      </p>
      ${store.hosted ? this.#hosted() : this.#plain()}
      <h3>How to read a trace</h3>
      ${legend(
        html`<span class="icons"
          >${(["running", "completed", "compensated", "stuck", "failed"] as const).map((state) => stateIcon(state, "saga", true))}</span
        >`,
        "Colour is state: running, completed, compensated, stuck, failed",
      )}
      ${legend(
        html`<span class="marks">${brokerMark("kafka")}${brokerMark("rabbitmq")}</span>`,
        "Shape is kind: square for Kafka, round for RabbitMQ",
      )}
      ${legend(legendArrow("none"), "Line is certainty: solid is declared,")}
      ${legend(legendArrow("5 4"), "dashed is inferred,")}
      ${legend(legendArrow("1 4"), "dotted should have happened and did not")}
      ${legend(stepStrip(legendSteps, 100), "Steps of a saga: done, compensated, stuck, compensating, missing, not reached")}
      ${
        store.hosted
          ? html`<div class="links">
              <button class="link" @click=${() => store.act({ type: "action", action: "trySample" })}>
                Try the Sample Shop
              </button>
            </div>`
          : nothing
      }
    </div>`;
  }

  #hosted(): TemplateResult {
    const { store } = this;
    return html`<div class="buttons">
        <button class="button" @click=${() => store.act({ type: "action", action: "startTrace" })}>
          Connect to a Broker…
        </button>
        <button class="button secondary" @click=${() => store.act({ type: "action", action: "openCapture" })}>
          Open a Capture File…
        </button>
      </div>
      ${
        store.found.length === 0
          ? nothing
          : html`<h3>Found in this workspace</h3>
              ${store.found.map((broker) => this.#found(broker))}`
      }`;
  }

  #found(broker: FoundBroker): TemplateResult {
    const name = brokerNames[broker.broker];
    const { store } = this;
    return html`<div class="found">
      <span class="dim">${brokerMark(broker.broker)}</span><span>${name}</span>
      <span class="mono dim cut" title=${broker.address}>${broker.address}</span>
      ${
        this.narrow
          ? html`<span></span>`
          : broker.file === undefined
            ? html`<span class="dim">${broker.where}</span>`
            : html`<button class="link" @click=${() => this.#openWhere(broker)}>${broker.where}</button>`
      }
      <button
        class="link"
        aria-label=${`Tap ${name} ${broker.address}`}
        @click=${() => store.act({ type: "action", action: "startTrace", broker })}
      >
        Tap
      </button>
    </div>`;
  }

  #openWhere({ file, line }: FoundBroker): void {
    if (file === undefined) return;
    this.store.act({ type: "action", action: "openContract", file, line: (line ?? 1) - 1, character: 0 });
  }

  #plain(): TemplateResult {
    return html`<h3>Say which, where Contrail runs</h3>
      <pre>contrail tap --kafka 127.0.0.1:9092 --rabbitmq amqp://guest:guest@127.0.0.1:5672</pre>`;
  }
}

function legend(mark: TemplateResult, text: string): TemplateResult {
  return html`<div class="legend">${mark}<span>${text}</span></div>`;
}

function legendArrow(dash: string): TemplateResult {
  const missing = dash === "1 4";
  const colour = missing ? "var(--warn)" : "var(--vscode-charts-foreground)";
  return html`<svg width="92" height="16" aria-hidden="true">
    ${svg`<path d="M6 8H80" stroke=${colour} stroke-width="1.5" stroke-dasharray=${dash} stroke-linecap=${missing ? "round" : "butt"}></path>
      <path d="M88 8l-8-4v8Z" fill=${missing ? "none" : colour} stroke=${colour}></path>`}
  </svg>`;
}

define("contrail-empty-state", EmptyState);
