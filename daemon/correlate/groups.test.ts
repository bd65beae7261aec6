import { describe, expect, it } from "vitest";
import { nobody, nothing, Spot } from "./common.ts";
import { Figures } from "./figures.ts";
import { type Link, Membership } from "./groups.ts";
import { figuresPerNode, Node, noRemarks } from "./node.ts";

const figures = new Figures(figuresPerNode);
const spot = new Spot("kafka", "kafka:1", "orders", 0, "orders/0", "", nothing, undefined);
const kind = { channelClass: "orders", purpose: undefined, name: "A", typed: true, type: "A" };

function nodeOf(seq: number): Node {
  const times = { at: seq * 10, receivedAt: seq * 10 + 0.5, timestamp: undefined, hash: seq * 2 ** 40 };
  const content = { found: undefined, bodySize: 0, key: undefined, offset: -1 };
  const about = { spot, kind: { ...kind, failing: false, undoing: false }, author: nobody, remarks: noRemarks };
  return new Node({ seq, ...times, ...content, ...about }, figures);
}

/** Whole numbers that look random and are the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The judge: what hangs together by joins and by the links that still stand, found by painting. */
function together(
  nodes: readonly Node[],
  joins: readonly (readonly [Node, Node])[],
  links: readonly Link[],
): Set<Node>[] {
  const colour = new Map(nodes.map((node) => [node, node.seq]));
  const all = [...joins, ...links.map(({ from, to }) => [from, to] as const)];
  for (let changed = true; changed;) {
    changed = false;
    for (const [a, b] of all) {
      const least = Math.min(colour.get(a) ?? 0, colour.get(b) ?? 0);
      if (colour.get(a) === least && colour.get(b) === least) continue;
      colour.set(a, least).set(b, least);
      changed = true;
    }
  }
  const sets = new Map<number, Set<Node>>();
  for (const [node, of] of colour) sets.set(of, (sets.get(of) ?? new Set()).add(node));
  return [...sets.values()];
}

describe("membership", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is what hangs together, whatever was joined, linked and unlinked (%i)", (seed) => {
    const below = random(seed);
    const membership = new Membership();
    const nodes = Array.from({ length: 60 }, (_, i) => nodeOf(i + 1));
    for (const node of nodes) membership.add(node);
    const pick = (): Node => nodes[below(nodes.length)] as Node;
    const joins: (readonly [Node, Node])[] = [];
    const links: Link[] = [];
    for (let step = 0; step < 300; step++) {
      const [a, b] = [pick(), pick()];
      const what = below(10);
      if (a !== b && what < 4) links.push(membership.link(a, b));
      else if (what === 4) {
        membership.join(a, b);
        joins.push([a, b]);
      } else if (links.length > 0 && what > 4) membership.unlink(links.splice(below(links.length), 1)[0] as Link);
      if (step % 20 > 0) continue;
      const expected = together(nodes, joins, links);
      expect(membership.count).toBe(expected.length);
      for (const set of expected) {
        const [first] = set;
        const { conv } = (first as Node).group;
        expect(new Set(conv.nodes())).toEqual(set);
        expect(conv.nodes()).toHaveLength(set.size);
        expect(conv.size).toBe(set.size);
        expect(conv.id).toBe(`c${Math.min(...[...set].map(({ seq }) => seq))}`);
        expect(conv.groups().every((group) => group.conv === conv)).toBe(true);
      }
    }
  });
});

describe("a record", () => {
  it("has its own times, also among hundreds", () => {
    const nodes = Array.from({ length: 500 }, (_, i) => nodeOf(i));
    for (const node of nodes) node.at += 1;
    for (const { seq, at, receivedAt, timestamp, hash } of nodes) {
      const own = { at: seq * 10 + 1, receivedAt: seq * 10 + 0.5, timestamp: undefined, hash: seq * 2 ** 40 };
      expect({ at, receivedAt, timestamp, hash }).toEqual(own);
    }
  });
});
