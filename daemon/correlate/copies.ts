/** Messages that are another message again: duplicates of their writer, and what was republished when it failed. */
import type { Commits } from "./commits.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Membership } from "./groups.ts";
import { thresholds } from "./limits.ts";
import { compareNodes, type Node } from "./node.ts";
import type { Values } from "./values.ts";

export class Copies {
  private readonly membership: Membership;
  private readonly values: Values;
  private readonly commits: Commits;
  private readonly deliveries: Deliveries;
  private readonly changed: (node: Node) => void;

  constructor(
    membership: Membership,
    values: Values,
    commits: Commits,
    deliveries: Deliveries,
    changed: (node: Node) => void,
  ) {
    this.membership = membership;
    this.values = values;
    this.commits = commits;
    this.deliveries = deliveries;
    this.changed = changed;
  }

  /** The same content, id and channel written again within a minute. */
  findDuplicate(node: Node): void {
    for (const found of node.found) {
      if (found.role !== "self" && found.role !== "idempotency") continue;
      let first: Node | undefined;
      for (const use of this.values.several(found)) {
        const other = use.node;
        if (other === node || use.role !== found.role) continue;
        if (other.channel !== node.channel || other.hash !== node.hash) continue;
        if (Math.abs(other.at - node.at) > thresholds.duplicateWithin) continue;
        if (!first || compareNodes(other, first) < 0) first = other;
      }
      if (!first) continue;
      // Whichever is earlier is the original; a late arrival may turn them round.
      const [original, copy] = compareNodes(first, node) < 0 ? [first, node] : [node, first];
      copy.duplicateOf = original.duplicateOf && original.duplicateOf !== copy ? original.duplicateOf : original;
      if (original.duplicateOf === copy) original.duplicateOf = undefined;
      this.membership.join(original, copy);
      return;
    }
  }

  /** A republished message and its original are one journey, whichever came first. */
  findOriginal(node: Node): void {
    if (!node.original) return;
    const original = this.originalOf(node);
    if (!original) return;
    this.membership.join(original, node);
    if (node.failed && !/retry/i.test(node.channel)) {
      const journey = (original.journey ??= { deliveries: [] });
      const attempts = original.journey.deliveries.length;
      journey.deadLettered = {
        queue: node.queues?.[0] ?? node.channel,
        reason: "given up",
        count: Math.max(1, attempts),
      };
      this.changed(original);
    }
  }

  originalOf(node: Node): Node | undefined {
    const place = node.original;
    if (!place) return undefined;
    if (place.topic !== undefined && place.partition !== undefined && place.offset !== undefined) {
      const original = this.commits.at(node.tap, place.topic, place.partition, place.offset);
      if (original) return original;
    }
    if (node.broker === "rabbitmq") return this.deliveries.original(node);
    // A topic alone: the same content there.
    for (const found of node.found) {
      for (const use of this.values.uses(found)) {
        if (use.node !== node && use.node.hash === node.hash && use.node.channel === place.topic) return use.node;
      }
    }
    return undefined;
  }
}
