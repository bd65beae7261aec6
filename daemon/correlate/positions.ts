/** Where messages stand in a list: most lists are short, and looking through them costs less than an index. */
import type { Node } from "./node.ts";

const few = 8;

export class Positions {
  readonly nodes: readonly Node[];
  private readonly index: ReadonlyMap<Node, number> | undefined;

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
    this.index = nodes.length > few ? new Map(nodes.map((node, i) => [node, i])) : undefined;
  }

  /** -1 for a message that is not in the list. */
  of(node: Node): number {
    return this.index === undefined ? this.nodes.indexOf(node) : (this.index.get(node) ?? -1);
  }

  has(node: Node): boolean {
    return this.of(node) >= 0;
  }
}
