/**
 * Flows as text. Each case is a file: messages, one a line, then `---`, then what correlation makes of them.
 *
 *   A: +0 kafka shop.orders[0]@12 key=ORD-1042 type=OrderPlaced h:correlation-id=7f.. {"orderId":"ORD-1042"}
 *   B: +20 rabbit exchange/routing.key type=Pay reply_to=replies correlation_id=1 via=orders queues=q1,q2 {"..."}
 *   deliver +25 B queue=q1 via=payments
 *   commit +40 group=billing shop.orders[0]@13
 *   transaction shop.orders[0]@20 producer=7 aborted
 *   gap +100 +5000
 *   tick +60000
 *
 * `UPDATE_EXPECT=1` writes the second half anew.
 */
import type { JsonValue } from "../../../contracts/codec/index.ts";
import type { Delivery, Envelope, Header, HeaderValue } from "../../tap/envelope.ts";
import { createCorrelator, type Conversation, type CorrelationHints, type TracedMessage } from "../index.ts";

export type FlowEvent =
  | {
      readonly kind: "message";
      readonly label: string;
      readonly envelope: Envelope;
      readonly value: JsonValue | undefined;
      readonly typeName?: string;
    }
  | { readonly kind: "delivery"; readonly of: string; readonly delivery: Delivery }
  | {
      readonly kind: "commit";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly at: number;
    }
  | {
      readonly kind: "transaction";
      readonly topic: string;
      readonly partition: number;
      readonly producer: bigint;
      readonly offset: bigint;
      readonly outcome: "committed" | "aborted";
    }
  | { readonly kind: "gap"; readonly from: number; readonly to: number }
  | { readonly kind: "tick"; readonly at: number };

/** A moment far from any epoch number that a test might use as an id. */
export const start = Date.UTC(2026, 10, 21, 14, 0, 0);
const encoder = new TextEncoder();

/** Reads the first half of a case. */
export function parseFlow(text: string): FlowEvent[] {
  const events: FlowEvent[] = [];
  const envelopes = new Map<string, Envelope>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, head = "", body] = /^(.*?)(?:\s+(\{.*|\[.*|null))?$/.exec(line) ?? [];
    const words = (head.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ""));
    const fields = new Map<string, string>();
    for (const word of words) {
      const equals = word.indexOf("=");
      if (equals > 0) fields.set(word.slice(0, equals), word.slice(equals + 1));
    }
    const at = start + Number(words.find((word) => /^\+[\d.]+$/.test(word))?.slice(1) ?? 0);
    const verb = words[0] ?? "";
    if (verb === "tick") events.push({ kind: "tick", at });
    else if (verb === "gap") {
      events.push({ kind: "gap", from: at, to: start + Number(words[2]?.slice(1)) });
    } else if (verb === "commit" || verb === "transaction") {
      const [, topic = "", partition, offset] = /(\S+)\[(\d+)\]@(\d+)/.exec(head) ?? [];
      const place = { topic, partition: Number(partition), offset: BigInt(offset ?? 0) };
      if (verb === "commit") events.push({ kind: "commit", group: fields.get("group") ?? "", ...place, at });
      else {
        events.push({
          kind: "transaction",
          ...place,
          producer: BigInt(fields.get("producer") ?? 0),
          outcome: head.includes("aborted") ? "aborted" : "committed",
        });
      }
    } else if (verb === "deliver") {
      const of = words.find((word) => envelopes.has(word)) ?? "";
      const message = envelopes.get(of);
      if (message?.origin.broker !== "rabbitmq") throw new Error(`No RabbitMQ message to deliver: ${line}`);
      const { connection: _c, connectionName: _n, routedQueues: _q, ...origin } = message.origin;
      const via = fields.get("via");
      const death = fields.get("x-death");
      const headers: Header[] = [...message.headers];
      if (death !== undefined) {
        headers.push({
          name: "x-death",
          value: [
            {
              queue: death,
              exchange: origin.exchange,
              reason: "rejected",
              count: 1,
              "routing-keys": [...origin.routingKeys],
            },
          ],
        });
      }
      events.push({
        kind: "delivery",
        of,
        delivery: {
          tap: message.tap,
          receivedAt: at,
          vhost: "/",
          queue: fields.get("queue") ?? "",
          redelivered: words.includes("redelivered"),
          ...(via === undefined ? {} : { connection: `127.0.0.1:${port(via)} -> 127.0.0.1:5672`, connectionName: via }),
          message: {
            ...message,
            headers,
            receivedAt: at,
            origin: fields.has("as")
              ? {
                  ...origin,
                  exchange: (fields.get("as") ?? "").split("/")[0] ?? "",
                  routingKeys: [(fields.get("as") ?? "").split("/")[1] ?? ""],
                }
              : origin,
          },
        },
      });
    } else {
      const label = verb.replace(/:$/, "");
      const envelope =
        words[2] === "kafka" ? kafka(words[3] ?? "", fields, at, body) : rabbit(words[3] ?? "", fields, at, body);
      envelopes.set(label, envelope);
      const value = body === undefined || body === "null" ? undefined : (JSON.parse(body) as JsonValue);
      const type = fields.get("type");
      events.push({ kind: "message", label, envelope, value, ...(type === undefined ? {} : { typeName: type }) });
    }
  }
  return events;
}

function kafka(place: string, fields: ReadonlyMap<string, string>, at: number, body: string | undefined): Envelope {
  const [, topic = place, partition = "0", offset] = /^(.*?)(?:\[(\d+)\])?(?:@(\d+))?$/.exec(place) ?? [];
  const key = fields.get("key");
  const producer = fields.get("producer");
  const bytes = body === undefined || body === "null" ? null : encoder.encode(body);
  return {
    tap: "kafka:127.0.0.1:9092",
    receivedAt: at + 2,
    timestamp: Math.floor(at),
    headers: headersOf(fields),
    key: key === undefined ? null : encoder.encode(key),
    body: bytes,
    bodySize: bytes?.length ?? 0,
    origin: {
      broker: "kafka",
      topic,
      partition: Number(partition),
      offset: offset === undefined ? BigInt(Math.round((at - start) * 1000)) : BigInt(offset),
      timestampType: "create",
      transactional: fields.has("transactional"),
      ...(producer === undefined ? {} : { producerId: BigInt(producer) }),
    },
  };
}

function rabbit(place: string, fields: ReadonlyMap<string, string>, at: number, body: string | undefined): Envelope {
  const slash = place.indexOf("/");
  const via = fields.get("via");
  const queues = fields.get("queues");
  const bytes = body === undefined || body === "null" ? null : encoder.encode(body);
  const property = (name: string, as: string) => (fields.has(name) ? { [as]: fields.get(name) } : {});
  return {
    tap: "rabbitmq:127.0.0.1:5672/",
    receivedAt: at,
    headers: headersOf(fields),
    key: null,
    body: bytes,
    bodySize: bytes?.length ?? 0,
    origin: {
      broker: "rabbitmq",
      vhost: "/",
      exchange: place.slice(0, slash),
      routingKeys: [place.slice(slash + 1)],
      ...(queues === undefined ? {} : { routedQueues: queues.split(",") }),
      properties: {
        ...property("correlation_id", "correlationId"),
        ...property("reply_to", "replyTo"),
        ...property("message_id", "messageId"),
        ...property("app_id", "appId"),
        ...property("expiration", "expiration"),
        ...property("amqp_type", "type"),
      },
      ...(via === undefined ? {} : { connection: `127.0.0.1:${port(via)} -> 127.0.0.1:5672`, connectionName: via }),
    },
  };
}

/** `h:name=text`, `x:name=hex bytes`, `n:name=number`. */
function headersOf(fields: ReadonlyMap<string, string>): Header[] {
  const headers: Header[] = [];
  for (const [field, text] of fields) {
    const kind = field.slice(0, 2);
    if (!["h:", "x:", "n:"].includes(kind)) continue;
    const value: HeaderValue =
      kind === "x:" ? Uint8Array.from(Buffer.from(text, "hex")) : kind === "n:" ? Number(text) : text;
    headers.push({ name: field.slice(2), value });
  }
  return headers;
}

function port(name: string): number {
  let sum = 40_000;
  for (let i = 0; i < name.length; i++) sum += name.charCodeAt(i) * (i + 7);
  return sum;
}

export function traced(event: Extract<FlowEvent, { kind: "message" }>, seq: number): TracedMessage {
  return {
    seq,
    envelope: event.envelope,
    decoded: {
      format: event.value === undefined ? "empty" : "json",
      ...(event.value === undefined ? {} : { value: event.value }),
      ...(event.typeName === undefined ? {} : { typeName: event.typeName }),
      check: "unchecked",
      violations: [],
      attempts: [],
    },
  };
}

/** Runs the events through a correlator in the order given and tells in text what came of it. */
export function runFlow(events: readonly FlowEvent[], hints?: CorrelationHints): string {
  const correlator = createCorrelator(hints ? { hints } : {});
  const labels = new Map<number, string>();
  let seq = 0;
  let last = start;
  let ticks = 0;
  for (const event of events) {
    if (event.kind === "message") {
      labels.set(++seq, event.label);
      correlator.observe(traced(event, seq));
      last = Math.max(last, event.envelope.receivedAt);
    } else if (event.kind === "delivery") correlator.deliver(event.delivery);
    else if (event.kind === "commit")
      correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    else if (event.kind === "transaction") {
      correlator.transaction(event.topic, event.partition, event.producer, event.offset, event.outcome);
    } else if (event.kind === "gap") correlator.gap(event.from, event.to);
    else last = Math.max(last, event.at);
    // Every quarter of a second of event time, as the pipeline does, and in between where the case jumps.
    while (start + ticks * 250 <= last - 250) correlator.tick(start + ++ticks * 250);
  }
  if (!events.some((event) => event.kind === "tick")) correlator.tick(last + 1000);
  else correlator.tick(last);
  const blocks = [...correlator.conversations()].map((value) => tell(value, labels, correlator));
  return blocks.sort().join("\n");
}

function tell(
  value: Conversation,
  labels: ReadonlyMap<number, string>,
  correlator: ReturnType<typeof createCorrelator>,
): string {
  const label = (seq: number): string => labels.get(seq) ?? `#${seq}`;
  const at = (time: number | undefined): string => (time === undefined ? "?" : `+${Math.round(time - start)}`);
  const lines = [
    [
      value.kind,
      value.name,
      value.key === "" ? "-" : value.key,
      value.state,
      value.sagaKind ?? "",
      value.inferredFrom === undefined ? "" : `from ${value.inferredFrom}`,
    ]
      .filter((word) => word !== "")
      .join(" "),
  ];
  for (const seq of value.seqs) {
    const edges = value.edges
      .filter((edge) => edge.to === seq)
      .map((edge) => {
        const because = edge.because.map((one) => `${label(one.seq)} ${one.where}`).join(", ");
        return ` <- ${label(edge.from)} ${edge.kind} ${edge.strength}${because === "" ? "" : ` (${because})`}`;
      });
    const { writer, readers } = correlator.parties(seq);
    const who =
      writer || readers.length > 0 ? ` [${writer?.name ?? "?"} > ${readers.map((one) => one.name).join(", ")}]` : "";
    const journey = correlator.journey(seq);
    const notes = [
      ...journey.deliveries.map((one) => `delivered ${one.queue}${one.redelivered ? " again" : ""}`),
      ...(journey.deadLettered ? [`dead ${journey.deadLettered.queue} ${journey.deadLettered.reason}`] : []),
      ...(journey.duplicateOf === undefined ? [] : [`duplicate of ${label(journey.duplicateOf)}`]),
      ...(journey.transaction === undefined ? [] : [journey.transaction]),
      ...journey.committedBy.map((one) => `committed by ${one.group}`),
    ];
    lines.push(
      `  ${label(seq)} ${correlator.nameOf(seq)}${who}${edges.join("")}${notes.length > 0 ? ` | ${notes.join("; ")}` : ""}`,
    );
  }
  for (const exchange of value.exchanges) {
    lines.push(
      `  exchange ${label(exchange.request)} -> ${exchange.replies.map(label).join(" ") || "nothing"} ${exchange.state}${exchange.failed ? " failed" : ""}${
        exchange.latency === undefined ? "" : ` ${Math.round(exchange.latency)} ms`
      }${exchange.deadline ? ` by ${at(exchange.deadline.at)} ${exchange.deadline.basis}` : ""}`,
    );
  }
  if (value.kind === "saga") {
    for (const step of value.steps) {
      lines.push(
        `  step ${step.name} ${step.state}${step.compensation ? ` by ${step.compensation.name}` : ""}${step.seqs.length > 0 ? ` ${step.seqs.map(label).join(" ")}` : ""}`,
      );
    }
  }
  for (const gone of value.missing) {
    lines.push(
      `  missing ${gone.name} after ${label(gone.after)} since ${at(gone.since)} ${gone.basis}${gone.usual ? ` usually ${Math.round(gone.usual.ms)} ms of ${gone.usual.count}` : ""}`,
    );
  }
  return lines.join("\n");
}

/** A seeded generator: the same shuffles in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The events in another order of arrival: each up to `within` milliseconds late; deliveries stay behind their publish. */
export function shuffled(events: readonly FlowEvent[], seed: number, within: number): FlowEvent[] {
  const next = random(seed);
  const time = (event: FlowEvent): number =>
    event.kind === "message"
      ? event.envelope.receivedAt
      : event.kind === "delivery"
        ? event.delivery.receivedAt
        : event.kind === "gap"
          ? event.from
          : "at" in event
            ? event.at
            : start;
  const published = new Map<string, number>();
  return events
    .map((event) => {
      const moves = event.kind === "message" || event.kind === "delivery";
      let arrival = time(event) + (moves ? next() * within : within);
      if (event.kind === "message") published.set(event.label, arrival);
      if (event.kind === "delivery") arrival = Math.max(arrival, (published.get(event.of) ?? 0) + 0.001);
      return { event, arrival };
    })
    .sort((a, b) => a.arrival - b.arrival)
    .map(({ event }) => event);
}
