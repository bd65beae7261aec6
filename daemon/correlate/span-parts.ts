import type { Group } from "./groups.ts";
import { bounds } from "./limits.ts";
import type { Node } from "./node.ts";
import { isSpan } from "./span-facts.ts";

/** What of a trace is together, as far as decided; messages that are apart never come into one part. */
export class Parts {
  private readonly apart: (a: Node, b: Node) => boolean;
  private readonly partOf = new Map<Node, Node>();
  private readonly ofGroup = new Map<Group, Node>();
  /** A message of each group in a part; a few tell enough. */
  private readonly messages = new Map<Node, Node[]>();
  /** Comparing flows costs time: what is not compared any more stays apart. */
  private comparisons: number = bounds.comparisonsPerTrace;

  constructor(apart: (a: Node, b: Node) => boolean) {
    this.apart = apart;
  }

  add(node: Node): void {
    if (this.partOf.has(node)) return;
    const same = this.ofGroup.get(node.group);
    this.partOf.set(node, same ?? node);
    if (same !== undefined) return;
    this.ofGroup.set(node.group, node);
    this.messages.set(node, isSpan(node) ? [] : [node]);
  }

  mayUnite(a: Node, b: Node): boolean {
    const first = this.find(a);
    const second = this.find(b);
    if (first === second) return false;
    const others = this.messages.get(second) ?? [];
    for (const one of this.messages.get(first) ?? []) {
      for (const other of others) if (this.comparisons-- <= 0 || this.apart(one, other)) return false;
    }
    return true;
  }

  /** Whether both are one part from now on, or were it before. */
  unite(a: Node, b: Node): boolean {
    const first = this.find(a);
    const second = this.find(b);
    if (first === second) return true;
    if (!this.mayUnite(a, b)) return false;
    this.partOf.set(second, first);
    const all = [...(this.messages.get(first) ?? []), ...(this.messages.get(second) ?? [])];
    this.messages.set(first, all.slice(0, 8));
    this.messages.delete(second);
    return true;
  }

  private find(node: Node): Node {
    let part = node;
    for (;;) {
      const next = this.partOf.get(part) ?? part;
      if (next === part) return part;
      this.partOf.set(part, this.partOf.get(next) ?? next);
      part = next;
    }
  }
}
