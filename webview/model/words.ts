/**
 * What a state looks like and is called, in one table, so that the list, the steps, the lanes and speech agree.
 */
import type { BrokerKind, ConversationState, EvidenceLine, StepState } from "../../daemon/serve/protocol.ts";
import type { IconName } from "./icon-names.ts";

/** The five colours that mean a state; `none` is for what is healthy or neutral. */
export type Mark = "ok" | "run" | "undo" | "warn" | "bad" | "none";

export interface StateLook {
  readonly icon: IconName;
  readonly mark: Mark;
  readonly word: string;
}

export const stateLooks: Readonly<Record<ConversationState, StateLook>> = {
  running: { icon: "sync", mark: "run", word: "running" },
  completed: { icon: "pass", mark: "ok", word: "completed" },
  compensating: { icon: "history", mark: "undo", word: "compensating" },
  compensated: { icon: "discard", mark: "undo", word: "compensated" },
  stuck: { icon: "issues", mark: "warn", word: "stuck" },
  failed: { icon: "error", mark: "bad", word: "failed" },
  late: { icon: "clockface", mark: "warn", word: "late" },
};

/** The order of the chips, and of urgency where there is none better. */
export const conversationStates = Object.keys(stateLooks) as readonly ConversationState[];

export const stepWords: Readonly<Record<StepState, string>> = {
  done: "done",
  running: "in progress",
  compensated: "compensated",
  compensating: "compensating",
  stuck: "stuck",
  late: "late",
  failed: "failed",
  "compensation missing": "compensation missing",
  "not reached": "not reached",
};

/** How sure an edge is, as its tag says it. */
export const strengthWords: Readonly<Record<EvidenceLine["strength"], string>> = {
  certain: "certain",
  declared: "declared",
  inferred: "inferred",
  possible: "possible",
};

/** An exchange that was answered is `replied`, and one that was not yet is `pending`; sagas and flows keep the state's word. */
export function stateWord(state: ConversationState, kind: "saga" | "exchange" | "flow"): string {
  if (kind === "exchange" && state === "completed") return "replied";
  if (kind === "exchange" && state === "running") return "pending";
  return stateLooks[state].word;
}

/** Where a message was seen, as the page calls it; for a span it names how the span came. */
export const brokerNames: Readonly<Record<BrokerKind, string>> = {
  kafka: "Kafka",
  rabbitmq: "RabbitMQ",
  otlp: "OpenTelemetry",
};
