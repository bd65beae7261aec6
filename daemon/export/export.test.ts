/** The export of the bundled recording, held against what correlation itself says of it. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kafka, rabbit } from "../testing/scripted.ts";
import { Capture } from "../store/index.ts";
import type { OtlpOrigin } from "../tap/envelope.ts";
import { exportLines, openForReading, planRepublishing, type CaptureReading } from "./index.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures");

type Line = Readonly<Record<string, unknown>> & { readonly kind: string };

let reading: CaptureReading;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-export-"));
  const recording = join(fixtures, "recordings", "shop.contrail");
  reading = await openForReading(recording, join(fixtures, "shop", "contracts"));
}, 30_000);
afterAll(() => {
  reading.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A capture made of these, opened for reading. */
async function readingOf(name: string, envelopes: Parameters<Capture["addMessage"]>[0][]): Promise<CaptureReading> {
  const file = join(folder, name);
  const capture = Capture.create(file, name, 0);
  for (const envelope of envelopes) capture.addMessage(envelope, 0);
  capture.close();
  return openForReading(file);
}

describe("ndjson", () => {
  let lines: readonly Line[];
  const of = (kind: string) => lines.filter((line) => line.kind === kind);
  beforeAll(() => {
    lines = [...exportLines(reading, "ndjson")].map((line) => JSON.parse(line) as Line);
  });

  it("has every message once, in order, raw and decoded", () => {
    const stored = [...reading.messages()];
    expect(of("message").map(({ id }) => id)).toEqual(stored.map(({ seq }) => seq));
    of("message").forEach((line, index) => {
      const message = stored[index];
      expect(line["decoded"]).toEqual(message?.decoded.value);
      expect(line["body"]).toBe(
        message?.envelope.body == null ? null : Buffer.from(message.envelope.body).toString("base64"),
      );
    });
    expect(of("message").filter(({ check }) => check === "invalid").length).toBeGreaterThan(0);
  });

  it("has every conversation and saga with its messages, state and steps", () => {
    const { correlator } = reading.pipeline;
    const known = [...correlator.conversations()];
    const told = [...of("conversation"), ...of("saga")];
    expect(new Map(told.map((line) => [line["id"], [line["state"], line["messages"]]]))).toEqual(
      new Map(known.map(({ id, state, seqs }) => [id, [state, seqs]])),
    );
    expect(new Set(of("saga").map(({ state }) => state))).toEqual(
      new Set(known.filter(({ kind }) => kind === "saga").map(({ state }) => state)),
    );
    const compensated = of("saga").find(({ state }) => state === "compensated");
    expect(JSON.stringify(compensated?.["steps"])).toMatch(/"compensation":\{"name":"[^"]+","messages":\[\d+/);
    // Every message says in which conversation it is, and that one says so too.
    const members = new Map(told.map((line) => [line["id"], new Set(line["messages"] as number[])]));
    for (const { id, conversation } of of("message")) {
      if (conversation !== undefined) expect(members.get(conversation)?.has(id as number)).toBe(true);
    }
  });

  it("has every edge with its evidence, and every exchange, by the ids of messages", () => {
    const ids = new Set(of("message").map(({ id }) => id));
    const known = [...reading.pipeline.correlator.conversations()];
    expect(of("exchange")).toHaveLength(known.flatMap(({ exchanges }) => exchanges).length);
    for (const { request, replies, state, latency } of of("exchange")) {
      for (const id of [request, ...(replies as number[])]) expect(ids).toContain(id);
      if (state === "replied") expect(latency).toBeGreaterThanOrEqual(0);
    }
    const within = new Set(known.flatMap(({ edges }) => edges.map(({ from, to, kind }) => `${from} ${to} ${kind}`)));
    expect(new Set(of("edge").map(({ cause, effect, by }) => [cause, effect, by].join(" ")))).toEqual(within);
    for (const { cause, effect, strength, evidence } of of("edge")) {
      expect(ids).toContain(cause);
      expect(ids).toContain(effect);
      expect(["certain", "declared", "inferred", "possible"]).toContain(strength);
      expect(Array.isArray(evidence)).toBe(true);
    }
    expect(of("edge").some(({ evidence }) => (evidence as unknown[]).length > 0)).toBe(true);
  });
});

describe("docs/export.md", () => {
  /** The fields of each kind, by the tables below its heading. */
  const documented = new Map<string, Set<string>>();
  let section: readonly string[] = [];
  const namesIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  for (const line of readFileSync(join(fixtures, "..", "docs", "export.md"), "utf8").split("\n")) {
    if (/^##+ /.test(line)) section = line.startsWith("### ") ? namesIn(line) : [];
    const [, fields] = /^\| (`[^|]*`) +\|/.exec(line) ?? [];
    for (const kind of section)
      documented.set(kind, new Set([...(documented.get(kind) ?? ["kind"]), ...namesIn(fields ?? "")]));
  }

  it("describes every kind and every field that is written", async () => {
    const at = Date.now();
    const origin: OtlpOrigin = {
      broker: "otlp",
      service: "shop",
      instance: "a",
      scope: "http",
      name: "GET",
      spanKind: "server",
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      parentSpanId: "00f067aa0ba902b8",
      links: [],
      status: "error",
      statusMessage: "no",
      endedAt: at,
      dropped: 1,
    };
    const events = [{ name: "retry", at: new Date(at).toISOString(), attributes: [] }];
    const span = { ...kafka("", JSON.stringify(events)), tap: "otlp:127.0.0.1:4318", origin };
    const spans = await readingOf("spans.contrail", [span, span]);
    const written = new Map<string, Set<string>>();
    for (const from of [reading, spans]) {
      for (const text of exportLines(from, "ndjson")) {
        const line = JSON.parse(text) as Line;
        written.set(line.kind, new Set([...(written.get(line.kind) ?? []), ...Object.keys(line)]));
      }
    }
    spans.close();
    expect([...written.keys()].toSorted()).toEqual([...documented.keys()].toSorted());
    for (const [kind, fields] of written) {
      expect(
        [...fields].filter((field) => documented.get(kind)?.has(field) !== true),
        kind,
      ).toEqual([]);
    }
    // What the issue of this format promises is in every line of its kind.
    const always: Readonly<Record<string, readonly string[]>> = {
      message: ["id", "channel", "key", "headers", "body"],
      edge: ["cause", "effect", "strength", "evidence"],
      exchange: ["request", "replies", "state", "latency"],
      conversation: ["messages", "state", "steps"],
      saga: ["messages", "state", "steps"],
    };
    for (const text of exportLines(reading, "ndjson")) {
      const line = JSON.parse(text) as Line;
      expect(Object.keys(line)).toEqual(expect.arrayContaining([...(always[line.kind] ?? [])]));
    }
  });
});

describe("a capture without its contracts beside it", () => {
  it("is read by those that it brings along", async () => {
    const file = join(folder, "sent.contrail");
    copyFileSync(join(fixtures, "recordings", "shop.contrail"), file);
    const capture = Capture.open(file, { readOnly: false });
    capture.saveContracts(reading.pipeline.contracts.set);
    capture.close();
    const sent = await openForReading(file, folder);
    expect([...exportLines(sent, "ndjson")].length).toBe([...exportLines(reading, "ndjson")].length);
    const decoded = (from: CaptureReading) => [...from.messages()].map((message) => message.decoded.value);
    expect(decoded(sent)).toEqual(decoded(reading));
    sent.close();
  });
});

describe("csv", () => {
  it("has a row for each message, with as many cells as columns", () => {
    const rows = [...exportLines(reading, "csv")].map(cells);
    expect(rows).toHaveLength([...reading.messages()].length + 1);
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
    const decoded = rows[0]?.indexOf("decoded") ?? -1;
    expect(rows.slice(1).filter((row) => row[decoded]?.startsWith("{")).length).toBeGreaterThan(100);
  });

  it("keeps quotes and line ends in their cell, and gives a spreadsheet no formula", async () => {
    const hostile = await readingOf("hostile.contrail", [kafka("t", "{}", { key: `=1+"1"\n,x` })]);
    const [head = "", row = ""] = [...exportLines(hostile, "csv")];
    expect(cells(row)[cells(head).indexOf("key")]).toBe(`'=1+"1"\n,x`);
    hostile.close();
  });
});

describe("otlp", () => {
  interface Span {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly kind: number;
    readonly name: string;
    readonly startTimeUnixNano: string;
    readonly endTimeUnixNano: string;
    readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: object }>;
  }
  let traces: readonly (readonly Span[])[];
  beforeAll(() => {
    traces = [...exportLines(reading, "otlp")].map((line) => {
      const { resourceSpans } = JSON.parse(line) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[]; resource: object }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    });
  });

  it("has one trace for each conversation, a producer span for each message, every parent in its trace", () => {
    const known = [...reading.pipeline.correlator.conversations()];
    expect(traces).toHaveLength(known.length);
    traces.forEach((spans, index) => {
      expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
      expect(spans[0]?.traceId).toMatch(/^[0-9a-f]{32}$/);
      const ids = new Set(spans.map(({ spanId }) => spanId));
      expect(ids.size).toBe(spans.length);
      expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
      for (const { parentSpanId } of spans) if (parentSpanId !== undefined) expect(ids).toContain(parentSpanId);
      expect(spans.filter(({ kind }) => kind === 4)).toHaveLength(known[index]?.seqs.length ?? -1);
      for (const span of spans)
        expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    });
    expect(new Set(traces.map(([span]) => span?.traceId)).size).toBe(traces.length);
  });

  it("speaks OpenTelemetry's words for messaging", () => {
    const all = traces.flat();
    const keys = (kind: number) =>
      new Set(all.filter((span) => span.kind === kind).flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    for (const key of [
      "messaging.system",
      "messaging.operation.name",
      "messaging.operation.type",
      "messaging.destination.name",
      "messaging.destination.partition.id",
      "messaging.kafka.offset",
      "messaging.kafka.message.key",
      "messaging.rabbitmq.destination.routing_key",
      "messaging.message.conversation_id",
      "messaging.message.body.size",
    ]) {
      expect(keys(4)).toContain(key);
    }
    expect(keys(5)).toContain("messaging.operation.type");
  });
});

const kafkaAt = (brokers: string) => ({ kind: "kafka", brokers }) as const;
const rabbitmqAt = (url: string) => ({ kind: "rabbitmq", url }) as const;

describe("what is written to a broker again", () => {
  it("is nothing of a broker's own, nothing cut, and no replay of a replay", async () => {
    const whole = kafka("orders", "{}");
    const own = await readingOf("own.contrail", [
      whole,
      kafka("__consumer_offsets", "{}"),
      kafka("app-store-changelog", "{}"),
      { ...whole, bodySize: 1_000 },
      kafka("orders", "{}", { headers: { "x-contrail-replayed": "x/1" } }),
      rabbit("amq.rabbitmq.reply-to.g1", "{}"),
      rabbit("payments", "{}"),
    ]);
    const both = { kafka: kafkaAt("127.0.0.1:9092"), rabbitmq: rabbitmqAt("amqp://localhost") };
    const plan = planRepublishing(own, both);
    expect(plan.seqs).toEqual([1, 7]);
    expect(Object.fromEntries(plan.destinations)).toEqual({ "Kafka topic orders": 1, "RabbitMQ queue payments": 1 });
    expect([...plan.skipped.values()].reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(planRepublishing(own, { kafka: kafkaAt("127.0.0.1:9092") }).seqs).toEqual([1]);
    own.close();
  });

  it("goes to no other machine", () => {
    for (const targets of [
      { kafka: kafkaAt("127.0.0.1:9092,kafka.example.com:9092") },
      { rabbitmq: rabbitmqAt("amqp://guest:guest@10.0.0.7") },
      { rabbitmq: rabbitmqAt("amqp://127.0.0.1.example.com") },
    ]) {
      expect(() => planRepublishing(reading, targets)).toThrow(/another machine/);
    }
  });
});

/** One line of RFC 4180; a line here may hold line ends. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "",
  );
}
