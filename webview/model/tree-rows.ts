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

/** The innermost field that the byte at `offset` belongs to. */
export function fieldAt(tree: readonly TreeNode[], offset: number): (TreeNode & { readonly way: string }) | undefined {
  let best: { readonly node: TreeNode; readonly way: string; readonly length: number } | undefined;
  for (const { node, path } of flatTree(tree, new Set())) {
    if (node.bytes === undefined) continue;
    const [from, length] = node.bytes;
    if (offset < from || offset >= from + length) continue;
    if (best === undefined || length <= best.length) best = { node, way: path, length };
  }
  return best && { ...best.node, way: best.way };
}

/** The row of a field by its names, as a violation has them: `lines[0].quantity`. */
export function fieldByName(tree: readonly TreeNode[], path: string): string | undefined {
  const names = path
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((name) => name !== "");
  let nodes = tree;
  const way: number[] = [];
  for (const name of names) {
    const index = nodes.findIndex((node) => node.name === name);
    // A field that is missing cannot be shown; what it is missing from can.
    if (index < 0) break;
    way.push(index);
    nodes = nodes[index]?.children ?? [];
  }
  return way.length === 0 ? undefined : way.join(".");
}
