/**
 * Reads a settings file in YAML and keeps where each value stands, so that a mistake is reported at its line. Reading
 * goes on after a mistake: a wrong value counts as absent.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node } from "yaml";
import type { Problem, Span } from "../contracts/source/index.ts";
import { nearest } from "./nearest.ts";

/** One file being read; problems are gathered in it. */
export class SettingsFile {
  readonly problems: Problem[] = [];
  readonly root: SettingsNode;
  readonly path: string;
  /** The `code` of every problem of this file. */
  private readonly code: string;
  readonly document: Document;

  constructor(path: string, text: string, code: string) {
    this.path = path;
    this.code = code;
    this.document = parseDocument(text, { uniqueKeys: true });
    for (const error of [...this.document.errors, ...this.document.warnings]) {
      const firstLine = error.message.split(/ at line |\n/)[0] ?? error.message;
      this.report({ start: error.pos[0], end: error.pos[1] }, `This is not valid YAML: ${firstLine}.`);
    }
    this.root = new SettingsNode(this, this.document.contents, "", { start: 0, end: 0 });
  }

  report(span: Span, message: string, severity: Problem["severity"] = "error"): void {
    this.problems.push({ path: this.path, span, code: this.code, severity, message });
  }
}

/** A value in a settings file, or the place where one is absent. */
export class SettingsNode {
  private readonly file: SettingsFile;
  private readonly node: Node | null;
  /** How to name it in a sentence: `breaking.use[0]`. */
  readonly name: string;
  /** The key it stands behind; what an absent or wrong value is reported at. */
  readonly keySpan: Span;

  constructor(file: SettingsFile, node: Node | null, name: string, keySpan: Span) {
    this.file = file;
    this.node = isAlias(node) ? (node.resolve(file.document) ?? null) : node;
    this.name = name;
    this.keySpan = keySpan;
  }

  get present(): boolean {
    return this.node !== null && !(isScalar(this.node) && this.node.value === null);
  }

  get span(): Span {
    const range = this.node?.range;
    return range ? { start: range[0], end: range[1] } : this.keySpan;
  }

  report(message: string, severity: Problem["severity"] = "error"): void {
    this.file.report(this.span, message, severity);
  }

  /** The value at `key` of a map; absent when this is no map, which is reported. */
  at(key: string): SettingsNode {
    for (const entry of this.entries()) if (entry.key === key) return entry.value;
    return new SettingsNode(this.file, null, this.childName(key), this.span);
  }

  entries(): Array<{ key: string; value: SettingsNode }> {
    if (!this.present) return [];
    if (!isMap(this.node)) {
      this.wrong("a map of names and values");
      return [];
    }
    return this.node.items.map((pair) => {
      const keyNode = pair.key as Node;
      const key = isScalar(keyNode) ? String(keyNode.value) : "";
      const range = keyNode?.range;
      const keySpan = range ? { start: range[0], end: range[1] } : this.span;
      return { key, value: new SettingsNode(this.file, pair.value as Node | null, this.childName(key), keySpan) };
    });
  }

  items(): SettingsNode[] {
    if (!this.present) return [];
    if (!isSeq(this.node)) {
      this.wrong("a list");
      return [];
    }
    return this.node.items.map(
      (item, index) => new SettingsNode(this.file, item as Node, `${this.name}[${index}]`, this.span),
    );
  }

  text(): string | undefined {
    if (!this.present) return undefined;
    if (isScalar(this.node) && (typeof this.node.value === "string" || typeof this.node.value === "number"))
      return isScalar(this.node) && typeof this.node.source === "string" ? this.node.source : String(this.node.value);
    this.wrong("a text");
    return undefined;
  }

  flag(): boolean | undefined {
    if (!this.present) return undefined;
    if (isScalar(this.node) && typeof this.node.value === "boolean") return this.node.value;
    this.wrong("true or false");
    return undefined;
  }

  texts(): string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  oneOf<const Choice extends string>(choices: readonly Choice[]): Choice | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) this.report(`"${this.name}" is "${text}"; it can be ${listed(choices)}.`);
    return choice;
  }

  /** The value as plain data, for sections that somebody else reads. */
  plain(): unknown {
    try {
      return this.node === null ? undefined : this.node.toJS(this.file.document, { maxAliasCount: 100 });
    } catch {
      this.report(`"${this.name}" refers to itself too often.`);
      return undefined;
    }
  }

  /** Reports keys that this map does not know, with the nearest one it does. */
  allow(known: readonly string[]): void {
    if (!isMap(this.node)) return;
    for (const { key, value } of this.entries()) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      const hint = near === undefined ? `It can hold ${listed(known)}.` : `Did you mean "${near}"?`;
      this.file.report(
        value.keySpan,
        `${this.name === "" ? "This file" : `"${this.name}"`} has no setting "${key}". ${hint}`,
      );
    }
  }

  private wrong(expected: string): void {
    this.report(`"${this.name === "" ? "this file" : this.name}" has to be ${expected}.`);
  }

  private childName(key: string): string {
    return this.name === "" ? key : `${this.name}.${key}`;
  }
}

export function listed(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1) ?? ""}`;
}
