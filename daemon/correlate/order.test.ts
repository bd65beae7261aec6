/**
 * The result is a function of what was seen, not of the order in which it arrived: many flows of several kinds at
 * once, arriving up to two seconds late, are the same conversations with the same edges.
 */
import { describe, expect, it } from "vitest";
import { createCorrelator } from "./index.ts";
import { parseFlow, random, runFlow, shuffled, start, traced } from "./testing/check-flow.ts";

/** Sagas by order number, request-reply by counter and by UUID, and framework ids, side by side. */
function manyFlows(seed: number, flows: number): string {
  const next = random(seed);
  const lines: string[] = [];
  const uuid = (kind: string, n: number): string => `${kind}0000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  for (let i = 0; i < flows; i++) {
    const at = Math.round(next() * 6000);
    const step = (): number => 20 + Math.round(next() * 200);
    const t = [at];
    for (let k = 1; k < 6; k++) t.push((t[k - 1] ?? 0) + step());
    const order = `"orderNumber":"ORD-${1000 + i}"`;
    switch (i % 4) {
      case 0: {
        const failed = next() < 0.3;
        lines.push(`a${i}: +${t[0]} kafka orders type=OrderPlaced {${order},"customerId":"C-${100000 + (i % 5)}"}`);
        lines.push(`b${i}: +${t[1]} kafka payments type=OrderPaid {${order},"paymentId":"PAY-${5000 + i}"}`);
        lines.push(`c${i}: +${t[2]} kafka stock type=${failed ? "StockRejected" : "StockReserved"} {${order}}`);
        lines.push(
          failed
            ? `d${i}: +${t[3]} kafka payments type=PaymentRefunded {${order},"paymentId":"PAY-${5000 + i}"}`
            : `d${i}: +${t[3]} kafka shipping type=OrderShipped {${order}}`,
        );
        break;
      }
      case 1:
        lines.push(
          `a${i}: +${t[0]} rabbit /pricing type=Ask reply_to=web.replies correlation_id=${i} via=web {"n":${i}}`,
        );
        if (next() < 0.8) {
          lines.push(`b${i}: +${t[1]} rabbit /web.replies type=Answer correlation_id=${i} via=pricing {"n":${i}}`);
        }
        break;
      case 2:
        lines.push(`a${i}: +${t[0]} rabbit /jobs type=Start message_id=${uuid("a", i)} via=web {"n":${i}}`);
        lines.push(
          `b${i}: +${t[1]} rabbit /work type=Do message_id=${uuid("b", i)} correlation_id=${uuid("b", i)} reply_to=jobs.replies h:causation-id=${uuid("a", i)} via=jobs {"n":${i}}`,
        );
        lines.push(
          `c${i}: +${t[2]} rabbit /jobs.replies type=Done message_id=${uuid("c", i)} correlation_id=${uuid("b", i)} via=work {"n":${i}}`,
        );
        lines.push(
          `d${i}: +${t[3]} rabbit events/job.done type=JobDone h:causation-id=${uuid("c", i)} via=jobs {"n":${i}}`,
        );
        break;
      default:
        for (let k = 0; k < 4; k++) {
          lines.push(
            `${"abcd"[k]}${i}: +${t[k]} kafka flow.${k} type=Step${k} h:correlation-id=${uuid("f", i)} {"n":${i}}`,
          );
        }
    }
  }
  return [...lines, "tick +150000"].join("\n");
}

describe("order of arrival", () => {
  for (const seed of [1, 2, 3]) {
    it(`does not show (${seed})`, () => {
      const events = parseFlow(manyFlows(seed, 60));
      const inOrder = runFlow(shuffled(events, 0, 0));
      for (const other of [7, 8, 9]) expect(runFlow(shuffled(events, seed * 100 + other, 1_900))).toBe(inOrder);
    });
  }
});

describe("changes", () => {
  it("a view that follows them holds what there is, whatever time alone changed", () => {
    const events = parseFlow(manyFlows(4, 80));
    const correlator = createCorrelator();
    const view = new Map<string, string>();
    const follow = (now: number): void => {
      correlator.tick(now);
      for (const change of correlator.takeChanges()) {
        if (change.kind === "merged") {
          view.delete(change.id);
          expect(correlator.resolve(change.id)).toBeDefined();
        }
        if (change.kind !== "conversation") continue;
        const value = correlator.conversation(change.id);
        if (value) view.set(change.id, JSON.stringify([value.state, value.steps, value.missing, value.exchanges]));
      }
    };
    let now = start;
    let seq = 0;
    for (const event of shuffled(events, 5, 1_500)) {
      if (event.kind !== "message") continue;
      correlator.observe(traced(event, ++seq));
      while (event.envelope.receivedAt - now >= 250) follow((now += 250));
    }
    for (let i = 0; i < 200; i++) follow((now += 250));
    for (const value of correlator.conversations()) {
      const [state, steps] = JSON.parse(view.get(value.id) ?? "[]") as [string, { name: string; state: string }[]];
      expect(`${value.id} ${state}`).toBe(`${value.id} ${value.state}`);
      expect(steps.map((step) => `${step.name} ${step.state}`)).toEqual(
        value.steps.map((step) => `${step.name} ${step.state}`),
      );
    }
    expect(view.size).toBe([...correlator.conversations()].length);
  });
});
