import { type Node, type Pair, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import { type DocumentNode, MappingEntry, MappingNode, ScalarNode, SequenceNode } from "./document-node.ts";
import type { Problem } from "./problem.ts";
import { maxDocumentDepth, numberScalar } from "./read-json.ts";

/** How many nodes all aliases together may stand for: more is an attack or an accident ("billion laughs"). */
const maxAliasedNodes = 200_000;

/** More problems than this in one file tell nothing new. */
const maxProblems = 20;

/** YAML 1.2 with positions, aliases and merge keys. Recovers from syntax errors as far as the library does. */
export function readYaml(path: string, text: string): { root: DocumentNode | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  const report = (code: string, start: number, end: number, message: string) => {
    if (problems.length >= maxProblems) return;
    // The library may point behind the last character.
    const span = { start: Math.min(start, text.length), end: Math.min(Math.max(start, end), text.length) };
    problems.push({ code, severity: "error", path, span, message });
  };
  try {
    if (flowDepth(text) > maxDocumentDepth) throw new RangeError("too deep");
    const document = parseDocument(text, { prettyErrors: false, logLevel: "silent", uniqueKeys: true, merge: true });
    for (const error of document.errors) {
      report(
        "yaml-syntax",
        error.pos[0],
        error.pos[1],
        `${sentence(error.message)} The rest of the file is still read.`,
      );
    }
    if (document.contents === null) return { root: undefined, problems };
    const conversion = new Conversion(report);
    const root = conversion.convert(document.contents, 0);
    return { root, problems };
  } catch (error) {
    // The library recurses over nested collections; whatever it meets there must not reach the caller.
    const why = error instanceof RangeError ? `it is nested deeper than ${maxDocumentDepth} levels` : String(error);
    report("yaml-syntax", 0, 0, `This file cannot be read as YAML: ${why}.`);
    return { root: undefined, problems };
  }
}

class Conversion {
  private readonly report: (code: string, start: number, end: number, message: string) => void;
  private readonly anchors = new Map<string, { node: DocumentNode; size: number }>();
  /** Anchors whose node is still being converted: an alias to one of them would be a cycle. */
  private readonly open = new Set<string>();
  private nodes = 0;
  private aliasedNodes = 0;

  constructor(report: (code: string, start: number, end: number, message: string) => void) {
    this.report = report;
  }

  convert(node: Node, depth: number): DocumentNode {
    const [start, end] = node.range ?? [0, 0];
    if (depth > maxDocumentDepth) throw new RangeError("too deep");
    if (isAlias(node)) return this.alias(node.source, start, end);
    const { anchor } = node as { anchor?: string };
    const before = this.nodes + this.aliasedNodes;
    this.nodes++;
    if (anchor !== undefined) this.open.add(anchor);
    const result = this.convertOwn(node, start, end, depth);
    if (anchor !== undefined) {
      this.open.delete(anchor);
      this.anchors.set(anchor, { node: result, size: this.nodes + this.aliasedNodes - before });
    }
    return result;
  }

  private convertOwn(node: Node, start: number, end: number, depth: number): DocumentNode {
    if (isSeq(node)) {
      const result = new SequenceNode(start, end);
      for (const item of node.items) if (isNode(item)) result.items.push(this.convert(item, depth + 1));
      return result;
    }
    if (isMap(node)) {
      const result = new MappingNode(start, end);
      const merged: DocumentNode[] = [];
      for (const pair of node.items) this.entry(pair, result, merged, depth);
      for (const source of merged) mergeInto(result, source);
      return result;
    }
    if (!isScalar(node)) return new ScalarNode(null, start, end);
    const { value, source } = node;
    if (typeof value === "number") {
      const text = source ?? String(value);
      return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)
        ? numberScalar(text, start, end)
        : new ScalarNode(value, start, end);
    }
    if (value === null || typeof value === "boolean" || typeof value === "string") {
      return new ScalarNode(value, start, end);
    }
    // Tagged values (dates, binary) mean nothing in a contract: their text does.
    return new ScalarNode(source ?? "", start, end);
  }

  private entry(pair: Pair, result: MappingNode, merged: DocumentNode[], depth: number): void {
    const { key } = pair;
    if (!isNode(key)) return;
    const [keyStart, keyEnd] = key.range ?? [0, 0];
    const name = isScalar(key) ? (typeof key.value === "string" ? key.value : (key.source ?? String(key.value))) : "";
    if (!isScalar(key)) {
      this.report("yaml-syntax", keyStart, keyEnd, "A key must be plain text, not a list, a mapping or an alias.");
      return;
    }
    const value = isNode(pair.value) ? this.convert(pair.value, depth + 1) : new ScalarNode(null, keyEnd, keyEnd);
    if (name === "<<" || typeof key.value === "symbol") {
      if (value.kind === "sequence") merged.push(...value.items);
      else merged.push(value);
      return;
    }
    result.entries.push(new MappingEntry(name, keyStart, keyEnd, value));
  }

  private alias(name: string, start: number, end: number): DocumentNode {
    if (this.open.has(name)) {
      this.report(
        "yaml-alias",
        start,
        end,
        `The alias "*${name}" stands inside of what it names; a contract must end.`,
      );
      return new ScalarNode(null, start, end);
    }
    const target = this.anchors.get(name);
    if (target === undefined) return new ScalarNode(null, start, end);
    this.aliasedNodes += target.size;
    if (this.aliasedNodes > maxAliasedNodes) {
      this.report(
        "yaml-alias",
        start,
        end,
        `The aliases of this file stand for over ${maxAliasedNodes} values; write fewer.`,
      );
      return new ScalarNode(null, start, end);
    }
    return target.node;
  }
}

/** What `<<` brings in: entries of `source` whose keys the mapping does not have itself. */
function mergeInto(target: MappingNode, source: DocumentNode): void {
  if (source.kind !== "mapping") return;
  const own = new Set(target.entries.map((entry) => entry.key));
  for (const entry of source.entries) if (!own.has(entry.key)) target.entries.push(entry);
}

/** The deepest nesting of brackets; strings count too, so it is an upper bound and only meant as a guard. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if ((code === 0x7d || code === 0x5d) && depth > 0) depth--;
  }
  return deepest;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
