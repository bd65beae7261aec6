import { expect, test } from "vitest";
import type { Conversation } from "../correlate/model.ts";
import { orderedTimes } from "./present-spans.ts";
import type { Subject } from "./subject.ts";

/** What stands in which order: `S1` is a span, `M2` a message, each with its time; an edge leads from cause to effect. */
function orderOf(things: Readonly<Record<string, number>>, edges: readonly (readonly [string, string])[]): string {
  const names = Object.keys(things);
  const seq = (name: string) => names.indexOf(name) + 1;
  const conversation = {
    seqs: names.map(seq),
    spans: names.filter((name) => name.startsWith("S")).map((name) => ({ seq: seq(name), folded: false })),
    edges: edges.map(([from, to]) => ({ from: seq(from), to: seq(to), kind: "trace-parent" })),
  } as unknown as Conversation;
  const facts = (of: number) => ({ at: things[names[of - 1] ?? ""] });
  const times = orderedTimes({ conversation, facts } as unknown as Subject);
  return names.toSorted((a, b) => (times.get(seq(a)) ?? 0) - (times.get(seq(b)) ?? 0)).join(" ");
}

const at = Date.UTC(2026, 10, 21, 12);

test("a message without fractions of milliseconds stands behind the spans that led to it, however many", () => {
  const things = { M: at, S1: at + 0.2, S2: at + 0.4, S3: at + 0.9 };
  expect(
    orderOf(things, [
      ["S1", "S2"],
      ["S2", "S3"],
      ["S3", "M"],
    ]),
  ).toBe("S1 S2 S3 M");
});

test("what a message led to stands behind it, although the tap saw it later than its consumer did", () => {
  const things = { S1: at + 1, S2: at + 2, M: at + 30 };
  expect(
    orderOf(things, [
      ["M", "S1"],
      ["S1", "S2"],
    ]),
  ).toBe("M S1 S2");
});

test("messages never move, and clocks that are far apart are shown as they are", () => {
  expect(orderOf({ M1: at + 5, M2: at }, [["M1", "M2"]])).toBe("M2 M1");
  expect(orderOf({ M: at, S: at + 60_000 }, [["S", "M"]])).toBe("M S");
});

test("spans in a circle, and one that is its own cause, end", () => {
  const things = { S1: at, S2: at + 1, S3: at + 2, S4: at + 3 };
  expect(
    orderOf(things, [
      ["S1", "S2"],
      ["S2", "S3"],
      ["S3", "S1"],
      ["S4", "S4"],
    ]).split(" "),
  ).toHaveLength(4);
});
