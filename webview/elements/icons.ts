/** Icons and the marks of brokers, as templates. An icon without a label is decoration; its meaning stands beside it. */
import { html, svg, type TemplateResult } from "lit";
import type { BrokerKind, ConversationState } from "../../daemon/serve/protocol.ts";
import { iconCodes, type IconName } from "../model/icon-names.ts";
import { brokerNames, stateLooks, stateWord, type Mark } from "../model/words.ts";

export function icon(name: IconName, mark: Mark = "none", small = false): TemplateResult {
  const classes = `icon${small ? " small" : ""}${mark === "none" ? "" : ` ${mark}`}`;
  return html`<i class=${classes} aria-hidden="true">${String.fromCodePoint(iconCodes[name])}</i>`;
}

export function stateIcon(
  state: ConversationState,
  kind: "saga" | "exchange" | "flow" = "saga",
  small = false,
): TemplateResult {
  const look = stateLooks[state];
  const word = stateWord(state, kind);
  return html`<span class="state" role="img" aria-label=${word} title=${word}
    >${icon(look.icon, look.mark, small)}</span
  >`;
}

/** Square for Kafka, round for RabbitMQ, a diamond for a span; what a newer daemon may add has no shape of its own. */
export function brokerMark(broker: BrokerKind): TemplateResult {
  const shape =
    broker === "kafka"
      ? svg`<rect x="1" y="1" width="6" height="6" fill="currentColor"></rect>`
      : broker === "rabbitmq"
        ? svg`<circle cx="4" cy="4" r="3.2" fill="currentColor"></circle>`
        : svg`<path d="M4 .4L7.6 4L4 7.6L.4 4Z" fill="currentColor"></path>`;
  const name = brokerNames[broker] ?? broker;
  return html`<svg class="broker" width="8" height="8" viewBox="0 0 8 8" role="img" aria-label=${name}>
    <title>${name}</title>
    ${shape}
  </svg>`;
}
