import type { Journey, Seq } from "../correlate/model.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Envelope, KafkaOrigin, RabbitmqOrigin } from "../tap/envelope.ts";
import type { MessageDetail } from "./protocol.ts";
import { list } from "./words.ts";

type Leg = MessageDetail["journey"][number];

/** Legs of one journey; a message that is delivered for ever must not fill the view. */
const mostLegs = 100;

/** What happened to a message after it was written, in order, in words: facts of the wire and what they mean. */
export function journeyOf(pipeline: Pipeline, seq: Seq, envelope: Envelope): MessageDetail["journey"] {
  const { origin } = envelope;
  const journey = pipeline.correlator.journey(seq);
  const at = envelope.timestamp ?? envelope.receivedAt;
  const legs: Leg[] = [];
  if (origin.broker === "kafka") legs.push(...inKafka(origin, journey, at));
  else if (origin.broker === "rabbitmq") {
    const mode = pipeline.taps.get(envelope.tap)?.mode;
    const unroutable = pipeline.factsOf(seq)?.unroutable === true;
    legs.push(...inRabbitmq(origin, journey, at, { mode, unroutable }));
  }
  if (envelope.body?.length === 0 && envelope.bodySize > 0) {
    legs.push({ text: "its body was shed: more came than could be read", mark: "warn" });
  }
  if (journey.duplicateOf !== undefined) {
    legs.push({ text: `the same as message ${journey.duplicateOf}, which was written before`, mark: "warn" });
  }
  if (legs.length <= mostLegs) return legs;
  return [...legs.slice(0, mostLegs), { text: `and ${legs.length - mostLegs} more`, mark: "warn" }];
}

/** Kafka tells no delivery: who has committed past a record is all that is known of its readers. */
function inKafka(origin: KafkaOrigin, { transaction, committedBy }: Journey, at: number): Leg[] {
  const legs: Leg[] = [
    { text: `written to ${origin.topic}, partition ${origin.partition}, at offset ${origin.offset}`, at },
  ];
  if (transaction !== undefined) legs.push(transactionWords[transaction]);
  for (const { group, at: committed } of committedBy) {
    legs.push({ text: `group ${group} has committed past it`, at: committed });
  }
  if (committedBy.length === 0) legs.push({ text: "no group was seen to commit past it" });
  return legs;
}

const transactionWords: Readonly<Record<NonNullable<Journey["transaction"]>, Leg>> = {
  pending: { text: "its transaction has not ended: readers of committed records wait before it", mark: "warn" },
  committed: { text: "its transaction was committed" },
  aborted: { text: "its transaction was aborted: readers of committed records skip it", mark: "bad" },
};

function inRabbitmq(
  origin: RabbitmqOrigin,
  { deliveries, deadLettered }: Journey,
  at: number,
  { mode, unroutable }: { readonly mode: string | undefined; readonly unroutable: boolean },
): Leg[] {
  const exchange = origin.exchange === "" ? "the default exchange" : `exchange ${origin.exchange}`;
  const keys = origin.routingKeys.filter((key) => key !== "");
  const legs: Leg[] = [{ text: `published to ${exchange}${keys.length === 0 ? "" : ` with key ${list(keys)}`}`, at }];
  const queues = origin.routedQueues ?? [];
  if (unroutable) {
    legs.push({ text: "unroutable: no queue is bound for it, so nobody gets it", mark: "bad" });
  } else if (queues.length > 0) legs.push({ text: `routed to ${list(queues)}` });
  const times = new Map<string, number>();
  for (const delivery of deliveries) {
    const nth = (times.get(delivery.queue) ?? 0) + 1;
    times.set(delivery.queue, nth);
    const to = delivery.participant ?? delivery.connectionName ?? delivery.connection ?? "a consumer";
    const again = nth > 1 || delivery.redelivered;
    legs.push({
      text: `${nth === 1 ? "delivered" : `delivery ${nth}`} from ${delivery.queue} to ${to}${delivery.redelivered ? ", redelivered: it was handed out before and came back" : ""}`,
      at: delivery.receivedAt,
      ...(again ? { mark: "warn" as const } : {}),
    });
  }
  if (deadLettered !== undefined) legs.push(...deadLetterLegs(deadLettered));
  const waiting = queues.filter((queue) => !times.has(queue));
  if (mode === "bindings") legs.push({ text: "whether it was delivered is not seen by bindings" });
  else if (mode === "firehose" && deadLettered === undefined && waiting.length > 0) {
    legs.push({ text: `not delivered yet from ${list(waiting)}` });
  }
  return legs;
}

/** Each queue that it died in, the first first, and where it lies now. */
function deadLetterLegs({ queue, reason, count, hops = [] }: NonNullable<Journey["deadLettered"]>): Leg[] {
  const legs = hops.map((hop): Leg => ({
    text: `dead-lettered from ${hop.queue}, ${reasonWords[hop.reason] ?? hop.reason}${hop.count > 1 ? ` (${hop.count} times)` : ""}`,
    mark: "bad",
  }));
  if (reason === "") return [{ text: `dead-lettered into ${queue}: inferred, as that queue grew by one`, mark: "bad" }];
  const why = legs.length > 0 ? "" : `, ${reasonWords[reason] ?? reason}${count > 1 ? ` (${count} times)` : ""}`;
  return [...legs, { text: `dead-lettered into ${queue}${why}`, mark: "bad" }];
}

const reasonWords: Readonly<Record<string, string>> = {
  rejected: "as a consumer rejected it",
  expired: "as its time ran out",
  maxlen: "as the queue was full",
  delivery_limit: "as it was delivered too often",
};
