/** A tree of fields as the rows that are open, with what assistive technology needs to know of each. */
import type { TreeNode } from "../../daemon/serve/protocol.ts";

export interface TreeRow {
  readonly node: TreeNode;
  /** Unique in the tree: positions from the root, since two fields may have the same name. */
  readonly path: string;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

export function flatTree(tree: readonly TreeNode[], closed: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const open: TreeRow[] = rowsOf(tree, "", 1).reverse();
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    rows.push(row);
    if (!closed.has(row.path)) open.push(...rowsOf(row.node.children, `${row.path}.`, row.level + 1).reverse());
  }
  return rows;
}

function rowsOf(nodes: readonly TreeNode[], prefix: string, level: number): TreeRow[] {
  return nodes.map((node, index) => ({
    node,
    path: `${prefix}${index}`,
    level,
    position: index + 1,
    siblings: nodes.length,
  }));
}
