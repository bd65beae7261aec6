/**
 * XML as a value: `{"order": {"@id": "7", "line": ["a", "b"], "#text": "..."}}`.
 *
 * An element that holds only text is that text; attributes begin with `@`; elements of one name are a list. Entities
 * that a document declares itself are not read, so none can blow up; nothing is fetched. Without recursion: depth is
 * bounded, and the time is that of one walk over the text.
 */
import type { JsonValue } from "./decoded.ts";
import { put } from "./json-values.ts";

export type XmlReading =
  { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly failure: string };

const largest = 4 * 1024 * 1024;
const deepest = 200;
const mostElements = 200_000;

class Failure extends Error {}

interface Open {
  readonly name: string;
  readonly children: Map<string, JsonValue[]>;
  readonly attributes: Record<string, JsonValue>;
  text: string;
}

/** Reads a whole document. Never throws. */
export function readXml(text: string): XmlReading {
  if (text.length > largest) {
    return { ok: false, failure: `The body has ${text.length} characters; at most ${largest} are read as XML.` };
  }
  try {
    return { ok: true, value: new XmlReader(text).document() };
  } catch (error) {
    const why = error instanceof Failure ? error.message : "it could not be read";
    return { ok: false, failure: `The body is not XML: ${why}.` };
  }
}

/** Is called for each text and each value of an attribute (`@name`), with the elements around it and where it stands. */
export type VisitXml = (path: readonly string[], start: number, end: number) => void;

/** Visits the texts of a document, which may be its bytes, one character each. Stops without a word where it is none. */
export function xmlTexts(text: string, visit: VisitXml): void {
  const mark = text.startsWith("\u00ef\u00bb\u00bf") ? 3 : text.startsWith("\ufeff") ? 1 : 0;
  try {
    new XmlReader(text.slice(mark), (path, start, end) => visit(path, start + mark, end + mark)).document();
  } catch {
    // What was visited until here stands.
  }
}

const nameAt = /[A-Za-z_:\u0080-\uffff][-A-Za-z0-9._:\u0080-\uffff]*/y;
const blankAt = /[ \t\r\n]*/y;
const attributeAt = /[ \t\r\n]+([A-Za-z_:\u0080-\uffff][-A-Za-z0-9._:\u0080-\uffff]*)[ \t\r\n]*=[ \t\r\n]*(["'])/y;
const predefined: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

class XmlReader {
  private readonly text: string;
  private at = 0;
  private elements = 0;
  private readonly visit: VisitXml | undefined;

  constructor(text: string, visit?: VisitXml) {
    this.text = text.startsWith("\ufeff") ? text.slice(1) : text;
    this.visit = visit;
  }

  document(): JsonValue {
    const stack: Open[] = [];
    let root: JsonValue | undefined;
    while (this.at < this.text.length) {
      const open = stack.at(-1);
      const next = this.text.indexOf("<", this.at);
      const words = this.text.slice(this.at, next < 0 ? this.text.length : next);
      if (open !== undefined) {
        open.text += this.plain(words);
        this.tell(stack, this.at, this.at + words.length);
      } else if (words.trim() !== "") throw new Failure("text stands outside of its element");
      if (next < 0) break;
      this.at = next;
      if (this.text.startsWith("<!--", next)) this.skipPast("-->", 4);
      else if (this.text.startsWith("<?", next)) this.skipPast("?>", 2);
      else if (this.text.startsWith("<![CDATA[", next)) {
        const start = next + 9;
        this.skipPast("]]>", 9);
        if (open === undefined) throw new Failure("text stands outside of its element");
        open.text += this.text.slice(start, this.at - 3);
        this.tell(stack, start, this.at - 3);
      } else if (this.text.startsWith("<!", next)) {
        if (root !== undefined || open !== undefined) throw new Failure("a declaration stands inside of it");
        this.skipDeclaration();
      } else if (this.text.startsWith("</", next)) {
        this.at += 2;
        const name = this.match(nameAt);
        this.match(blankAt);
        const closed = stack.pop();
        if (closed === undefined || name !== closed.name || this.text[this.at++] !== ">") {
          throw new Failure(`an end tag does not belong to "${closed?.name ?? ""}"`);
        }
        const value = contentOf(closed);
        const parent = stack.at(-1);
        if (parent === undefined) root = put({}, closed.name, value);
        else addChild(parent, closed.name, value);
      } else {
        if (root !== undefined && open === undefined) throw new Failure("it has more than one root element");
        const { element, isEmpty } = this.startTag(stack);
        if (!isEmpty) {
          if (stack.length >= deepest) throw new Failure(`elements nest deeper than ${deepest} levels`);
          stack.push(element);
        } else if (open === undefined) root = put({}, element.name, contentOf(element));
        else addChild(open, element.name, contentOf(element));
      }
    }
    if (root === undefined || stack.length > 0) throw new Failure("it ends before its elements do");
    return root;
  }

  private startTag(stack: readonly Open[]): { element: Open; isEmpty: boolean } {
    if (++this.elements > mostElements) throw new Failure(`it has more than ${mostElements} elements`);
    this.at++;
    const name = this.match(nameAt);
    if (name === "") throw new Failure("a tag has no name");
    const element: Open = { name, children: new Map(), attributes: {}, text: "" };
    for (;;) {
      attributeAt.lastIndex = this.at;
      const found = attributeAt.exec(this.text);
      if (found === null) break;
      const start = attributeAt.lastIndex;
      const end = this.text.indexOf(found[2] ?? '"', start);
      const value = end < 0 ? "<" : this.text.slice(start, end);
      if (value.includes("<")) throw new Failure("the value of an attribute does not end");
      const key = `@${found[1] ?? ""}`;
      if (Object.hasOwn(element.attributes, key)) throw new Failure("an attribute stands twice");
      put(element.attributes, key, this.plain(value));
      this.tell([...stack, element], start, end, key);
      this.at = end + 1;
    }
    this.match(blankAt);
    const isEmpty = this.text[this.at] === "/";
    if (isEmpty) this.at++;
    if (this.text[this.at++] !== ">") throw new Failure("a tag does not end");
    return { element, isEmpty };
  }

  private tell(stack: readonly Open[], start: number, end: number, attribute?: string): void {
    if (this.visit === undefined || start >= end) return;
    const names = stack.map(({ name }) => name);
    this.visit(attribute === undefined ? names : [...names, attribute], start, end);
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private skipPast(end: string, from: number): void {
    const found = this.text.indexOf(end, this.at + from);
    if (found < 0) throw new Failure("it ends before its elements do");
    this.at = found + end.length;
  }

  /** `<!DOCTYPE ... [ ... ]>`: passed over, what it declares is not used. */
  private skipDeclaration(): void {
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at];
      if (char === '"' || char === "'") {
        const end = this.text.indexOf(char, this.at + 1);
        if (end < 0) break;
        this.at = end;
      } else if (char === "<" || char === "[") depth++;
      else if (char === "]") depth--;
      else if (char === ">" && --depth === 0) {
        this.at++;
        return;
      }
    }
    throw new Failure("it ends before its elements do");
  }

  /** Text with its references resolved: the five that XML knows, and characters by number. */
  private plain(words: string): string {
    if (!words.includes("&")) return words;
    return words.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([^;&\s]{1,64}));|&/g, (all, decimal, hex, name) => {
      if (typeof name === "string") {
        const known = Object.hasOwn(predefined, name) ? predefined[name] : undefined;
        if (known === undefined)
          throw new Failure(`it uses the entity "${name}", and entities of its own are not read`);
        return known;
      }
      const code = typeof decimal === "string" ? Number(decimal) : typeof hex === "string" ? parseInt(hex, 16) : -1;
      if (all === "&" || code <= 0 || code > 0x10ffff) throw new Failure("a reference to a character is broken");
      return String.fromCodePoint(code);
    });
  }
}

function addChild(parent: Open, name: string, value: JsonValue): void {
  const list = parent.children.get(name);
  if (list === undefined) parent.children.set(name, [value]);
  else list.push(value);
}

function contentOf(element: Open): JsonValue {
  const { children, attributes, text } = element;
  if (children.size === 0 && Object.keys(attributes).length === 0) return text;
  const result = attributes;
  for (const [name, values] of children) put(result, name, values.length === 1 ? (values[0] ?? null) : values);
  if (text.trim() !== "") put(result, "#text", children.size === 0 ? text : text.trim());
  return result;
}
