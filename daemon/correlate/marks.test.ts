import { describe, expect, it } from "vitest";
import { Commits } from "./commits.ts";
import { Common } from "./common.ts";
import { Figures } from "./figures.ts";
import { bounds, newCounters } from "./limits.ts";
import { Marks } from "./marks.ts";
import { figuresPerNode, Node, noRemarks } from "./node.ts";
import { random } from "./testing/check-flow.ts";

interface Mark {
  readonly offset: number;
  readonly what: number;
}

describe("marks of a partition", () => {
  it("are found by their offsets, whatever the order in which they came", () => {
    const next = random(3);
    const marks = new Marks<Mark>();
    const known = new Map<number, Mark>();
    for (let what = 0; what < 2_000; what++) {
      const mark = { offset: Math.floor(next() * 500), what };
      marks.set(mark);
      known.set(mark.offset, mark);
    }
    const sorted = [...known.values()].sort((a, b) => a.offset - b.offset);
    for (let offset = -1; offset <= 501; offset++) {
      expect(marks.at(offset)).toBe(known.get(offset));
      expect(marks.before(offset)).toBe(sorted.findLast((mark) => mark.offset < offset));
      expect([...marks.above(offset)]).toEqual(sorted.filter((mark) => mark.offset > offset));
    }
  });
});

describe("commits of a group", () => {
  const figures = new Figures(figuresPerNode);
  const common = new Common(newCounters());
  const record = (offset: number): Node => {
    const origin = { broker: "kafka", topic: "orders", partition: 0, offset: BigInt(offset) } as const;
    const spot = common.kafkaSpot("kafka:1", { ...origin, timestampType: "create", transactional: false });
    const kind = common.kind(spot, "OrderPlaced", () => "orders");
    const times = { at: offset, receivedAt: offset, timestamp: offset };
    const author = { producer: undefined, producerLabel: undefined, connection: undefined, sender: undefined };
    const rest = { remarks: noRemarks, found: undefined, hash: 0, bodySize: 0, key: undefined };
    return new Node({ seq: offset + 1, spot, kind, author, offset, ...times, ...rest }, figures);
  };

  it("are kept as long as a record is there that they cover, and answer as if all were", () => {
    const counters = newCounters();
    const commits = new Commits(counters);
    const kept: Node[] = [];
    for (let offset = 0; offset < 60_000; offset++) {
      const node = record(offset);
      kept.push(node);
      commits.add(node);
      if (kept.length > 1_000) for (const gone of kept.splice(0, 100)) commits.remove(gone);
      if (offset % 3 === 0) commits.commit("billing", "orders", 0, BigInt(offset), offset + 0.5);
    }
    for (const node of kept.slice(0, -3)) {
      const covering = (Math.floor(Number(node.offset) / 3) + 1) * 3;
      expect(commits.committedBy(node)).toEqual([{ group: "billing", at: covering + 0.5 }]);
    }
    // 20,000 were made, twice as many as would be kept of them all.
    expect(counters.commitsPerPartition).toBe(0);
  });

  it("are those of a bounded number of groups, the newest", () => {
    const counters = newCounters();
    const commits = new Commits(counters);
    const node = record(5);
    commits.add(node);
    for (let n = 0; n < 1_000; n++) commits.commit(`console-${n}`, "orders", 0, 6n, n);
    expect(commits.groupsOf(node)).toHaveLength(bounds.groupsPerPartition);
    expect(commits.groupsOf(node)).toContain("console-999");
    expect(counters.groupsPerPartition).toBe(1_000 - bounds.groupsPerPartition);
  });
});
