/** What views are told: each change once, and what time alone changes as well. */
import { describe, expect, it } from "vitest";
import { createCorrelator, type Correlator } from "./index.ts";
import { parseFlow, start, traced } from "./testing/check-flow.ts";

/** Requests that nobody answers: by 30 s after each, time alone makes it late. */
function unanswered(count: number): Correlator {
  const correlator = createCorrelator();
  const lines = Array.from(
    { length: count },
    (_, i) =>
      `a${i}: +${i * 10} rabbit /pricing type=Ask reply_to=web.replies correlation_id=ask-${1000 + i} {"n":${i}}`,
  );
  parseFlow(lines.join("\n")).forEach((event, i) => {
    if (event.kind === "message") correlator.observe(traced(event, i + 1));
  });
  correlator.tick(start + 1_000);
  return correlator;
}

/** How often each conversation is announced while three minutes pass in steps of 25 ms, as in the daemon. */
function announcements(correlator: Correlator): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 1_000; at <= 180_000; at += 25) {
    correlator.tick(start + at);
    for (const change of correlator.takeChanges()) {
      if (change.kind === "conversation") counts.set(change.id, (counts.get(change.id) ?? 0) + 1);
    }
  }
  return counts;
}

describe("changes by time alone", () => {
  it("are told once of a conversation that somebody looked at, however long nobody looks again", () => {
    const correlator = unanswered(5);
    const ids = correlator.takeChanges().flatMap((change) => (change.kind === "conversation" ? [change.id] : []));
    expect(ids).toHaveLength(5);
    for (const id of ids) expect(correlator.conversation(id)?.state).toBe("running");

    const counts = announcements(correlator);

    expect([...counts]).toEqual(ids.map((id) => [id, 1]));
    for (const id of ids) expect(correlator.conversation(id)?.state).toBe("late");
    // Whoever looked knows it now, and it changes no more.
    expect([...announcements(correlator)]).toEqual([]);
  });

  it("are told once as well of one whose standing was all that was asked for", () => {
    const correlator = unanswered(1);
    const [id = ""] = correlator.ids();
    correlator.takeChanges();
    expect(correlator.standing(id)).toMatchObject({ state: "running", isTroubled: false });
    expect([...announcements(correlator)]).toEqual([[id, 1]]);
    expect(correlator.standing(id)).toMatchObject({ state: "late", isTroubled: true });
  });

  it("come when they do, also long after everything else is silent", () => {
    const correlator = createCorrelator();
    const flow = "a: +0 rabbit /reports type=MakeReport reply_to=web.replies correlation_id=7 expiration=600000";
    for (const event of parseFlow(flow)) if (event.kind === "message") correlator.observe(traced(event, 1));
    correlator.tick(start + 1_000);
    correlator.takeChanges();
    expect(correlator.conversation("c1")?.state).toBe("running");
    // More than two minutes of silence: it is looked at for good, but for what is still expected.
    for (let at = 1_000; at < 600_000; at += 250) {
      correlator.tick(start + at);
      expect(correlator.takeChanges()).toEqual([]);
    }
    correlator.tick(start + 601_000);
    expect(correlator.takeChanges()).toEqual([{ kind: "conversation", id: "c1" }]);
    expect(correlator.conversation("c1")).toMatchObject({ state: "late", exchanges: [{ state: "timed out" }] });
  });

  it("are not told of conversations that nobody looked at", () => {
    const correlator = unanswered(5);
    correlator.takeChanges();
    expect([...announcements(correlator)]).toEqual([]);
  });
});
