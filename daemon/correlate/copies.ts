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
    const named = node.hasId((found) => found.role === "self" || found.role === "idempotency");
    for (let found = node.found; found; found = found.next) {
      // Where messages have no ids of their own, the same content about the same thing is the same message.
      const tells = named
        ? found.role === "self" || found.role === "idempotency"
        : node.bodySize >= thresholds.duplicateBytes && found.strength !== "weak" && found.role !== "trace";
      if (!tells) continue;
      let first: Node | undefined;
      for (const use of this.values.several(found)) {
        const other = use.node;
        if (other === node || use.role !== found.role) continue;
        if (other.channel !== node.channel || other.hash !== node.hash || other.key !== node.key) continue;
        if (other.rawCorrelation !== node.rawCorrelation) continue;
        if (other.type !== node.type) continue;
        const within = named ? thresholds.duplicateWithin : thresholds.unnamedDuplicateWithin;
        if (Math.abs(other.at - node.at) > within) continue;
        if (!first || compareNodes(other, first) < 0) first = other;
      }
      if (!first) continue;
      // Whichever is earlier is the original; a late arrival may turn them round.
      const [original, copy] = compareNodes(first, node) < 0 ? [first, node] : [node, first];
      copy.duplicateOf = original.duplicateOf && original.duplicateOf !== copy ? original.duplicateOf : original;
      if (original.duplicateOf === copy) original.duplicateOf = undefined;
      // What has no id of its own belongs together by what it is about, or not at all.
      if (named) this.membership.join(original, copy);
      return;
    }
  }

  /** A republished message and its original are one journey, whichever came first. */
  findOriginal(node: Node): void {
    if (!node.original && !node.purpose) return;
    const original = this.originalOf(node);
    if (!original) return;
    // A home-made retry or dead-letter channel, which says nothing in headers: the content says it.
    node.original ??= {};
    this.membership.join(original, node);
    if (node.purpose !== "retry" && (node.failed || node.purpose === "dead")) {
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
    if (place?.topic !== undefined && place.partition !== undefined && place.offset !== undefined) {
      const original = this.commits.at(node.tap, place.topic, place.partition, place.offset);
      if (original) return original;
    }
    if (node.broker === "rabbitmq") return this.deliveries.original(node);
    if (place?.topic === undefined && !node.purpose) return undefined;
    // The same content, found by an id in it: in the topic that is named, or in one that is not for failures.
    let first: Node | undefined;
    for (let found = node.found; found; found = found.next) {
      for (const use of this.values.several(found)) {
        const other = use.node;
        if (other === node || other.hash !== node.hash || other.bodySize === 0) continue;
        if (
          place?.topic === undefined ? other.purpose !== undefined || other.at > node.at : other.channel !== place.topic
        )
          continue;
        if (!first || compareNodes(other, first) < 0) first = other;
      }
    }
    return first;
  }
}
