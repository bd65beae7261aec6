import { describe, expect, it } from "vitest";
import type { MessageFacts } from "./pipeline-facts.ts";
import { KnownFacts } from "./pipeline-known-facts.ts";

function factsOf(seq: number): MessageFacts {
  const isBroken = seq % 10 === 0;
  return {
    seq,
    at: seq + 0.25,
    receivedAt: seq + 0.5,
    tap: "kafka:1",
    broker: "kafka",
    channel: seq % 2 === 0 ? "orders" : "payments",
    key: `ORD-${seq}`,
    format: "json",
    check: isBroken ? "invalid" : "valid",
    ...(seq % 3 === 0 ? { definition: "OrderPlaced" } : {}),
    ...(isBroken ? { violation: { path: "/total", message: `is ${seq}`, file: "orders.yaml" } } : {}),
    unroutable: false,
  };
}

describe("the facts that are known", () => {
  it("are those of the newest messages, each as it was put in", () => {
    const known = new KnownFacts(1_000);
    for (let seq = 1; seq <= 10_000; seq++) known.set(factsOf(seq));
    for (let seq = 9_001; seq <= 10_000; seq++) expect(known.get(seq)).toEqual(factsOf(seq));
    expect(known.get(1)).toBeUndefined();
    expect(known.get(10_001)).toBeUndefined();
  });

  it("tell which broken messages gave way, each once", () => {
    const known = new KnownFacts(1_000);
    const gone: number[] = [];
    for (let seq = 1; seq <= 10_000; seq++) gone.push(...known.set(factsOf(seq)));
    const broken = Array.from({ length: 1_000 }, (_, i) => (i + 1) * 10);
    expect(gone).toEqual(broken.filter((seq) => known.get(seq) === undefined));
  });

  it("are replaced where a message is read otherwise", () => {
    const known = new KnownFacts(1_000);
    known.set(factsOf(10));
    const { violation: _, ...valid } = factsOf(10);
    known.set({ ...valid, check: "valid" });
    expect(known.get(10)).toEqual({ ...valid, check: "valid" });
  });
});
