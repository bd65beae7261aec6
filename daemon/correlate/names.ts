/** The short name of a message, as rows show it. */
import type { Envelope } from "../tap/envelope.ts";

/** `Shop.Messages.OrderPlaced, Shop` -> OrderPlaced; `com.shop.order.placed.v1` -> order.placed. */
export function shortName(type: string): string {
  let name = type.split(",")[0] ?? type;
  name = (name.split(";")[0] ?? name).replace(/`\d+.*$/, "").replace(/\[\[.*$/, "");
  const generic = /<(.+)>$/.exec(name);
  if (generic) name = generic[1] ?? name;
  name =
    name
      .split(/[/:+#$\\]/)
      .filter((part) => part !== "")
      .pop() ?? name;
  const parts = name.split(".").filter((part) => part !== "" && !/^v\d+$/i.test(part));
  const last = parts[parts.length - 1] ?? name;
  const text = /^[A-Z]/.test(last) || parts.length < 2 ? last : parts.slice(-2).join(".");
  return text.trim().slice(0, 80);
}

/**
 * What a RabbitMQ connection without a name of its own is called: its port, and its user, where users are told apart at
 * all. Several services may share a user, so a user alone names nobody.
 */
export function connectionLabel(connection: string, user: string | undefined): string {
  const port = connection.split(" ")[0]?.split(":").pop() ?? connection;
  return user === undefined || user === "guest" ? `connection ${port}` : `${user} (connection ${port})`;
}

/** The name of a message that says nothing of its type: where it went. */
export function channelName(envelope: Envelope, replyClass: string): string {
  const origin = envelope.origin;
  if (origin.broker === "kafka") return origin.topic;
  if (origin.broker === "otlp") return origin.service;
  const key = origin.routingKeys[0] ?? "";
  if (key.startsWith("amq.rabbitmq.reply-to")) return "reply";
  if (key.startsWith("amq.gen-")) return "reply";
  if (key !== "") return replyClass;
  return origin.exchange;
}

const deadName =
  /(?:^|[-_.])(?:dlq|dlt|dlx|dead|dead[-_.]?letters?|poison|parking[-_.]?lot|errors?|failed)(?:[-_.]|$)/i;
const retryName = /(?:^|[-_.])(?:retry|retries)(?:[-_.]|$|\d)/i;

/** What a channel's name says it is for: messages that failed and are tried again, or that were given up. */
export function purposeOf(channel: string): "retry" | "dead" | undefined {
  if (retryName.test(channel)) return "retry";
  return deadName.test(channel) ? "dead" : undefined;
}
