import type { Span } from "./span.ts";

/**
 * A YAML or JSON document as a tree in which every key and value knows its place. Nodes hold plain offsets and
 * make spans on demand: a 10 MB document has a million of them.
 */
export type DocumentNode = ScalarNode | SequenceNode | MappingNode;

export class ScalarNode {
  readonly kind = "scalar";
  readonly value: string | number | boolean | null;
  readonly start: number;
  readonly end: number;
  /** The number as it was written, when `value` cannot hold it exactly (beyond 2^53, more digits than a double). */
  readonly exactText: string | undefined;

  constructor(value: string | number | boolean | null, start: number, end: number, exactText?: string) {
    this.value = value;
    this.start = start;
    this.end = end;
    this.exactText = exactText;
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

export class SequenceNode {
  readonly kind = "sequence";
  readonly items: DocumentNode[] = [];
  start: number;
  end: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }
}

export class MappingEntry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: DocumentNode;

  constructor(key: string, keyStart: number, keyEnd: number, value: DocumentNode) {
    this.key = key;
    this.keyStart = keyStart;
    this.keyEnd = keyEnd;
    this.value = value;
  }

  get keySpan(): Span {
    return { start: this.keyStart, end: this.keyEnd };
  }
}

/** Below this many entries a scan is faster than a map and takes no memory. */
const indexFrom = 12;

export class MappingNode {
  readonly kind = "mapping";
  readonly entries: MappingEntry[] = [];
  start: number;
  end: number;
  private index: Map<string, MappingEntry> | undefined;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  get span(): Span {
    return { start: this.start, end: this.end };
  }

  /** The last entry with this key, as parsers of both languages have it for duplicate keys. */
  entry(key: string): MappingEntry | undefined {
    if (this.entries.length >= indexFrom) {
      this.index ??= new Map(this.entries.map((entry) => [entry.key, entry]));
      return this.index.get(key);
    }
    for (let i = this.entries.length - 1; i >= 0; i--) {
      if (this.entries[i]?.key === key) return this.entries[i];
    }
    return undefined;
  }

  get(key: string): DocumentNode | undefined {
    return this.entry(key)?.value;
  }
}

/** The string at `key`, when the node is a mapping and there is one. */
export function stringAt(node: DocumentNode | undefined, key: string): string | undefined {
  const value = node?.kind === "mapping" ? node.get(key) : undefined;
  return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
}

/** The mapping at `key`, when the node is a mapping and there is one. */
export function mappingAt(node: DocumentNode | undefined, key: string): MappingNode | undefined {
  const value = node?.kind === "mapping" ? node.get(key) : undefined;
  return value?.kind === "mapping" ? value : undefined;
}

/** The items at `key`; none where there is no sequence. */
export function itemsAt(node: DocumentNode | undefined, key: string): readonly DocumentNode[] {
  const value = node?.kind === "mapping" ? node.get(key) : undefined;
  return value?.kind === "sequence" ? value.items : [];
}

type PlainValue = null | boolean | number | string | PlainValue[] | { [key: string]: PlainValue };

/** The plain value of a tree. `budget` bounds what aliases can blow up; what lies beyond it becomes null. */
export function plainValue(node: DocumentNode, budget = { nodes: 1_000_000 }): PlainValue {
  if (budget.nodes-- <= 0) return null;
  if (node.kind === "scalar") return node.value;
  if (node.kind === "sequence") return node.items.map((item) => plainValue(item, budget));
  const result: { [key: string]: PlainValue } = {};
  for (const entry of node.entries) {
    const value = plainValue(entry.value, budget);
    // A key `__proto__` must become a property like any other.
    if (entry.key !== "__proto__") result[entry.key] = value;
    else Object.defineProperty(result, entry.key, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}
