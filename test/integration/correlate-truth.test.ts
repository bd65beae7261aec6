/**
 * What correlation makes of the shop on real brokers, held against what the shop's own handlers wrote down: through
 * the taps, the contracts and the pipeline of a real trace.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import type { JsonValue } from "../../contracts/codec/index.ts";
import { figuresOf, tellFigures, type Figures } from "../../daemon/correlate/testing/figures.ts";
import { runTrace } from "../../daemon/index.ts";
import { runShop, type Truth } from "../../fixtures/shop/index.ts";
import { brokers } from "./brokers.ts";

const contractsFolder = join(import.meta.dirname, "../../fixtures/shop/contracts");
let figures: Figures;

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
  } finally {
    await trace.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

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
