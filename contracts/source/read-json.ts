import { type DocumentNode, MappingEntry, MappingNode, ScalarNode, SequenceNode } from "./document-node.ts";
import type { Problem } from "./problem.ts";

/** Nesting beyond this is refused: no contract needs it, and whoever walks the tree may recurse. */
export const maxDocumentDepth = 300;

/** More problems than this in one file tell nothing new. */
const maxProblems = 20;

/** JSON with positions. Recovers: an error in one value leaves the others readable. */
export function readJson(path: string, text: string): { root: DocumentNode | undefined; problems: Problem[] } {
  const reader = new JsonReader(path, text);
  const root = reader.readAll();
  return { root, problems: reader.problems };
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /[^\s,:{}[\]"]+/y;

/** What ends an object or array, and what ends the other: a bracket of the other kind belongs to what is around. */
interface Brackets {
  readonly name: string;
  readonly end: number;
  readonly other: number;
}

const object: Brackets = { name: "object", end: 0x7d, other: 0x5d };
const array: Brackets = { name: "array", end: 0x5d, other: 0x7d };

class JsonReader {
  readonly problems: Problem[] = [];
  private readonly path: string;
  private readonly text: string;
  private offset = 0;
  /** After that the rest was not read, so that nothing more can be said of it. */
  private tooDeep = false;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    if (text.charCodeAt(0) === 0xfeff) this.offset = 1;
  }

  readAll(): DocumentNode | undefined {
    const root = this.readValue(0);
    this.skipSpace();
    if (root !== undefined && this.offset < this.text.length) {
      this.report(this.offset, this.text.length, "There is text after the end of the document; remove it.");
    }
    return root;
  }

  private readValue(depth: number): DocumentNode | undefined {
    this.skipSpace();
    const { text } = this;
    const start = this.offset;
    const code = text.charCodeAt(start);
    if (code === 0x7b || code === 0x5b) {
      if (depth >= maxDocumentDepth) {
        this.report(start, start + 1, `The document is nested deeper than ${maxDocumentDepth} levels; flatten it.`);
        this.tooDeep = true;
        this.offset = text.length;
        return undefined;
      }
      return code === 0x7b ? this.readMapping(depth) : this.readSequence(depth);
    }
    if (code === 0x22) {
      const value = this.readString();
      return new ScalarNode(value, start, this.offset);
    }
    if (start >= text.length) {
      this.report(start, start, "The document ends where a value should stand.");
      return undefined;
    }
    numberPattern.lastIndex = start;
    const number = code === 0x2d || (code >= 0x30 && code <= 0x39) ? numberPattern.exec(text) : null;
    wordPattern.lastIndex = start;
    const word = wordPattern.exec(text)?.[0] ?? "";
    if (number !== null && number[0] === word) {
      this.offset = start + word.length;
      return numberScalar(word, start, this.offset);
    }
    if (word === "true" || word === "false" || word === "null") {
      this.offset = start + word.length;
      return new ScalarNode(word === "null" ? null : word === "true", start, this.offset);
    }
    if (word === "") return undefined;
    this.offset = start + word.length;
    this.report(start, this.offset, `${quote(word)} is not a JSON value; write text in double quotes.`);
    return new ScalarNode(word, start, this.offset);
  }

  private readMapping(depth: number): MappingNode {
    const { text } = this;
    const node = new MappingNode(this.offset, this.offset);
    this.offset++;
    while (this.nextMember(node.start, object, node.entries.length)) {
      const start = this.offset;
      const key = this.readKey();
      const keyEnd = this.offset;
      if (key === undefined) {
        // Something that cannot start an entry: step over it, or this loop would not end.
        this.report(start, start + 1, `${quote(text[start] ?? "")} cannot stand here; a key in double quotes should.`);
        this.offset = start + 1;
        continue;
      }
      this.skipSpace();
      if (text.charCodeAt(this.offset) === 0x3a) this.offset++;
      else this.report(start, keyEnd, `After the key ${quote(key)} a ":" is missing.`);
      this.skipSpace();
      const next = text.charCodeAt(this.offset);
      const value = next === 0x2c || next === 0x7d || next === 0x5d ? undefined : this.readValue(depth + 1);
      if (value === undefined) this.report(start, keyEnd, `The key ${quote(key)} has no value.`);
      node.entries.push(new MappingEntry(key, start, keyEnd, value ?? new ScalarNode(null, keyEnd, keyEnd)));
    }
    node.end = this.offset;
    return node;
  }

  /**
   * Goes to the next member of an object or array that began at `opened`, over the commas before it; `members` came
   * already. False where it ends: by its own bracket, or where the one around it or the text does.
   */
  private nextMember(opened: number, { name, end, other }: Brackets, members: number): boolean {
    let commaAt = -1;
    for (;;) {
      this.skipSpace();
      const start = this.offset;
      const code = this.text.charCodeAt(start);
      if (start >= this.text.length || code === other) {
        const bracket = String.fromCharCode(end);
        this.report(opened, opened + 1, `This ${name} is not closed; its "${bracket}" is missing.`);
        return false;
      }
      if (code === end) {
        if (commaAt >= 0) this.report(commaAt, commaAt + 1, "A comma is not allowed before the end; remove it.");
        this.offset++;
        return false;
      }
      if (code !== 0x2c) {
        if (members > 0 && commaAt < 0) this.report(start, start + 1, "A comma is missing before this.");
        return true;
      }
      if (commaAt >= 0 || members === 0) this.report(start, start + 1, "There is a comma too many.");
      commaAt = start;
      this.offset++;
    }
  }

  private readKey(): string | undefined {
    if (this.text.charCodeAt(this.offset) === 0x22) return this.readString();
    wordPattern.lastIndex = this.offset;
    const word = wordPattern.exec(this.text)?.[0];
    if (word === undefined) return undefined;
    this.offset += word.length;
    this.report(this.offset - word.length, this.offset, `The key ${quote(word)} must stand in double quotes.`);
    return word;
  }

  private readSequence(depth: number): SequenceNode {
    const { text } = this;
    const node = new SequenceNode(this.offset, this.offset);
    this.offset++;
    while (this.nextMember(node.start, array, node.items.length)) {
      const start = this.offset;
      const item = this.readValue(depth + 1);
      if (item !== undefined) node.items.push(item);
      else if (this.offset === start) {
        this.report(start, start + 1, `${quote(text[start] ?? "")} cannot stand here; a value should.`);
        this.offset++;
      }
    }
    node.end = this.offset;
    return node;
  }

  private readString(): string {
    const { text } = this;
    const start = this.offset;
    let escaped = false;
    let i = start + 1;
    for (; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        i++;
      } else if (code === 0x0a || code === 0x0d) break;
    }
    if (text.charCodeAt(i) !== 0x22) {
      this.offset = Math.min(i, text.length);
      this.report(start, this.offset, "This text is not closed; a double quote is missing.");
      return text.slice(start + 1, this.offset);
    }
    this.offset = i + 1;
    if (!escaped) return text.slice(start + 1, i);
    try {
      return JSON.parse(text.slice(start, i + 1)) as string;
    } catch {
      this.report(start, i + 1, "This text has an escape that JSON does not know.");
      return text.slice(start + 1, i);
    }
  }

  private skipSpace(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.offset);
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.offset++;
      else if (code === 0x2f && this.skipComment()) continue;
      else return;
    }
  }

  private skipComment(): boolean {
    const start = this.offset;
    const next = this.text[start + 1];
    if (next !== "/" && next !== "*") return false;
    const end = next === "/" ? this.text.indexOf("\n", start) : this.text.indexOf("*/", start + 2);
    this.offset = end < 0 ? this.text.length : end + (next === "/" ? 0 : 2);
    this.report(start, this.offset, "JSON has no comments; remove this one.");
    return true;
  }

  private report(start: number, end: number, message: string): void {
    if (this.tooDeep || this.problems.length >= maxProblems) return;
    const span = { start, end: Math.min(end, this.text.length) };
    this.problems.push({ code: "json-syntax", severity: "error", path: this.path, span, message });
  }
}

/** A number with its text kept where a double cannot hold it. */
export function numberScalar(text: string, start: number, end: number): ScalarNode {
  const value = Number(text);
  return new ScalarNode(value, start, end, isExact(text, value) ? undefined : text);
}

function isExact(text: string, value: number): boolean {
  if (text.length < 16 && Number.isFinite(value)) return true;
  return Number.isFinite(value) && digitsOf(String(value)) === digitsOf(text);
}

/** Sign, significant digits and exponent: equal for every way to write one decimal number. */
function digitsOf(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const trimmed = digits.replace(/0+$/, "");
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length);
  return trimmed === "" ? "0" : `${sign}${trimmed}e${power}`;
}

function quote(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}
