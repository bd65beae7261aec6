/** Which messages `contrail tap` prints. */
import { conversationStates, type ConversationState } from "../daemon/client/index.ts";
import type { SeenMessage } from "./tap-lines.ts";
import { UsageError, type Flag, type ParsedArguments } from "./usage.ts";

export const filterFlags = {
  channel: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "Print only messages of these topics, queues or exchanges (EXCHANGE/ROUTING-KEY), by name or pattern.",
  },
  type: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "Print only these kinds of messages, by name or pattern: OrderPlaced, shop.v1.*",
  },
  invalid: { type: "boolean", help: "Print only messages that break their contract." },
  state: {
    type: "string",
    multiple: true,
    value: "STATE",
    help: `Print a conversation, whole, when it gets into this state: ${conversationStates.join(", ")}.`,
  },
  grep: { type: "string", value: "TEXT", help: "Print only messages whose line or JSON holds this text." },
} as const satisfies Record<string, Flag>;

export interface TapFilter {
  /** Absent: messages are printed as they come, whatever becomes of their conversation. */
  readonly states: ReadonlySet<ConversationState> | undefined;
  wants(message: SeenMessage): boolean;
  wantsLine(line: string): boolean;
}

export function filterOf(args: ParsedArguments): TapFilter {
  const channels = args.texts("channel").flatMap(pieces).map(patternOf);
  const types = args.texts("type").flatMap(pieces).map(patternOf);
  const invalid = args.flag("invalid");
  const word = args.text("grep");
  const states = args.texts("state").flatMap(pieces);
  for (const state of states) {
    if (!(conversationStates as readonly string[]).includes(state))
      throw new UsageError(`--state can be ${conversationStates.join(", ")}, not "${state}".`);
  }
  const isOneOf = (patterns: readonly RegExp[], texts: readonly string[]) =>
    patterns.length === 0 || patterns.some((pattern) => texts.some((text) => pattern.test(text)));
  return {
    states: states.length === 0 ? undefined : new Set(states as ConversationState[]),
    wants({ facts, name, message: { envelope, decoded } }) {
      if (invalid && decoded.check !== "invalid") return false;
      const { origin } = envelope;
      const exchange = origin.broker === "rabbitmq" ? [origin.exchange] : [];
      const definition = decoded.definition === undefined ? [] : [decoded.definition.name];
      return isOneOf(channels, [facts.channel, ...exchange]) && isOneOf(types, [name, ...definition]);
    },
    wantsLine: (line) => word === undefined || line.includes(word),
  };
}

function pieces(text: string): string[] {
  return text
    .split(",")
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
}

/** `*` stands for anything, everything else for itself. */
function patternOf(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
