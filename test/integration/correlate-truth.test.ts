/**
 * What correlation makes of the shop on real brokers, held against what the shop's own handlers wrote down: through
 * the taps, the contracts and the pipeline of a real trace.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import type { JsonValue } from "../../contracts/codec/index.ts";
import { createCorrelator } from "../../daemon/correlate/index.ts";
import { figuresOf, tellFigures, type Figures } from "../../daemon/correlate/testing/figures.ts";
import type { Correlator } from "../../daemon/correlate/index.ts";
import { runTrace } from "../../daemon/index.ts";
import type { Envelope, TapEvent } from "../../daemon/tap/envelope.ts";
import { runShop, type Truth } from "../../fixtures/shop/index.ts";
import { brokers } from "./brokers.ts";

type Pipeline = Awaited<ReturnType<typeof runTrace>>["pipeline"];

const contractsFolder = join(import.meta.dirname, "../../fixtures/shop/contracts");
let figures: Figures;
let withoutIds: Figures;

beforeAll(async () => {
  const { kafka, rabbitmq } = await brokers();
  const folder = mkdtempSync(join(tmpdir(), "contrail-correlate-"));
  const trace = await runTrace({
    taps: [
      { kind: "kafka", brokers: kafka },
      { kind: "rabbitmq", url: rabbitmq },
    ],
    captureFile: join(folder, "run.contrail"),
    contractsFolder,
    stateDir: folder,
  });
  try {
    const { pipeline } = trace;
    await vi.waitFor(
      () => {
        const phases = [...pipeline.taps.values()].map(({ phase, detail }) => (phase === "live" ? phase : detail));
        expect(phases).toEqual(["live", "live"]);
      },
      { timeout: 30_000, interval: 100 },
    );
    // Without a prefix, as the contracts know the channels by their plain names.
    const truth = await runShop({ kafka, rabbitmq, orders: 50, seed: 11, pace: "fast", failures: "all", clean: true });
    const wanted = new Set(truth.messages.map((message) => message.token));
    const tokens = new Map<number, string>();
    const readTokens = (): number => {
      for (let seq = pipeline.firstSeq; seq <= pipeline.observedSeq; seq++) {
        if (tokens.has(seq)) continue;
        const token = tokenOf(pipeline.message(seq)?.decoded.value);
        if (token !== undefined && wanted.has(token)) tokens.set(seq, token);
      }
      return tokens.size;
    };
    await vi.waitFor(() => expect(readTokens()).toBeGreaterThanOrEqual(truth.messages.length), {
      timeout: 20_000,
      interval: 250,
    });
    // A minute of silence: what never came is known not to come.
    const end = Date.now();
    for (let second = 1; second <= 60; second++) pipeline.correlator.tick(end + second * 1000);
    figures = figuresOf(pipeline.correlator, tokens, truth satisfies Truth);
    console.log(`${tellFigures(figures)}\n${figures.wrong.join("\n")}`);
    withoutIds = figuresOf(correlateWithoutIds(pipeline), tokens, truth);
    console.log(`Without ids for correlation: ${tellFigures(withoutIds)}\n${withoutIds.wrong.join("\n")}`);
  } finally {
    await trace.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Everything in which services help those who trace them: what remains are order numbers, replies and timing. */
const helpfulHeaders = new Set(["causation-id", "correlation-id", "event-id", "saga-id", "saga-type", "source"]);

/** The same traffic as from services that write no such ids. */
function correlateWithoutIds(pipeline: Pipeline): Correlator {
  const { catalog } = pipeline.contracts;
  const correlator = createCorrelator({ hints: { channel: (broker, address) => catalog.channel(broker, address) } });
  let last = 0;
  const events: { readonly event: TapEvent; readonly seq?: number }[] = [];
  for (let after = 0; ;) {
    const some = pipeline.capture.events(after, 500);
    const end = some.at(-1);
    if (end === undefined) break;
    events.push(...some);
    after = end.n;
  }
  for (const { event, seq } of events) {
    if (event.kind === "message" && seq !== undefined) {
      const at = event.envelope.receivedAt;
      if (at - last >= 250) correlator.tick((last = at));
      const decoded = pipeline.message(seq)?.decoded;
      if (decoded !== undefined) correlator.observe({ seq, envelope: withoutHelp(event.envelope), decoded });
    } else if (event.kind === "delivery") correlator.deliver(event.delivery);
    else if (event.kind === "commit") {
      correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    }
  }
  for (let second = 1; second <= 60; second++) correlator.tick(last + second * 1000);
  return correlator;
}

function withoutHelp(envelope: Envelope): Envelope {
  const headers = envelope.headers.filter(({ name }) => !helpfulHeaders.has(name));
  const { origin } = envelope;
  if (origin.broker !== "rabbitmq") return { ...envelope, headers };
  const { messageId: _id, appId: _app, ...properties } = origin.properties;
  return { ...envelope, headers, origin: { ...origin, properties } };
}

function tokenOf(value: JsonValue | undefined): string | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const fields = value as { readonly [name: string]: JsonValue };
  const token = fields["traceToken"] ?? fields["trace_token"];
  return typeof token === "string" ? token : undefined;
}

test("every reply is found with its request, and nothing else is called one", () => {
  expect(figures.exchanges).toMatchObject({ precision: 1, recall: 1 });
  expect(figures.exchangeOutcomes.right).toBe(figures.exchangeOutcomes.of);
});

test("messages of one flow are one conversation, and those of two are not", () => {
  expect(figures.flows.precision).toBeGreaterThanOrEqual(0.99);
  expect(figures.flows.recall).toBeGreaterThanOrEqual(0.95);
});

test("each message has its cause", () => {
  expect(figures.causes.precision).toBeGreaterThanOrEqual(0.95);
  expect(figures.causes.recall).toBeGreaterThanOrEqual(0.95);
});

test("sagas end as they did", () => {
  expect(figures.outcomes.right).toBe(figures.outcomes.of);
  expect(figures.sagaKinds.right).toBe(figures.sagaKinds.of);
  expect(figures.compensations).toMatchObject({ precision: 1, recall: 1 });
});

test("services that write no ids are understood by what is left: numbers, addresses, contracts and timing", () => {
  expect(withoutIds.exchanges).toMatchObject({ precision: 1, recall: 1 });
  expect(withoutIds.flows.precision).toBeGreaterThanOrEqual(0.99);
  expect(withoutIds.flows.recall).toBeGreaterThanOrEqual(0.9);
  expect(withoutIds.causes.precision).toBeGreaterThanOrEqual(0.95);
});
