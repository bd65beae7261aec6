/** Options and their values: `option a.(b).c = value;`, `[a = 1, (b) = { c: 2 }]`, and message literals. */
import type { MessageFieldNode, OptionNamePart, OptionNode, ValueNode } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { escapeLength, tokenKind } from "./lexer.ts";
import { none, trimmed } from "./lists.ts";

type MessageLiteral = Extract<ValueNode, { kind: "message" }>;

/** Literals nested deeper are a mistake or an attack; no contract that people write comes near. */
const deepestLiteral = 100;

/** The name and value of an option, from the name's first token; leaves the cursor behind the value. */
export function parseOption(cursor: Cursor, start: number): OptionNode {
  const name: OptionNamePart[] = [];
  const nameStart = cursor.start;
  for (;;) {
    const partStart = cursor.start;
    if (cursor.takeChar(40)) {
      cursor.open++;
      const text = parseQualifiedName(cursor, "the name of a custom option");
      if (cursor.expectChar(41)) cursor.open--;
      name.push({ start: partStart, end: cursor.previousEnd, text, isExtension: true });
    } else if (cursor.kind === tokenKind.word) {
      const text = cursor.shared(cursor.start, cursor.end);
      cursor.next();
      name.push({ start: partStart, end: cursor.previousEnd, text, isExtension: false });
    } else {
      cursor.expected("the name of an option");
      break;
    }
    if (cursor.failed || !cursor.takeChar(46)) break;
  }
  const nameEnd = Math.max(nameStart, cursor.previousEnd);
  let value: ValueNode | undefined;
  if (!cursor.failed && cursor.expectChar(61)) value = parseOptionValue(cursor);
  return { start, end: Math.max(start, cursor.previousEnd), name: trimmed(name), nameStart, nameEnd, value };
}

/** `[...]` behind a declaration, if there is one. */
export function parseOptionList(cursor: Cursor): readonly OptionNode[] {
  if (cursor.char !== 91) return none();
  const options: OptionNode[] = [];
  cursor.next();
  cursor.open++;
  for (;;) {
    options.push(parseOption(cursor, cursor.start));
    if (cursor.failed) break;
    if (cursor.takeChar(44)) continue;
    if (cursor.takeChar(93)) {
      cursor.open--;
      break;
    }
    cursor.expected(`"," or "]"`);
    break;
  }
  return trimmed(options);
}

/**
 * `a.b.c` or `.a.b.c`, white space and comments removed; "" and a problem where no name stands. `rest` is what is
 * expected behind a dot.
 */
export function parseQualifiedName(cursor: Cursor, what: string, rest = what): string {
  // Mostly the name stands in one piece, from `from` to `to`; `before` is what stands before a gap.
  let before = "";
  let from = cursor.start;
  let to = from;
  // Words and dots take turns; only the first dot may come first.
  for (let wantsWord = cursor.char !== 46; ; wantsWord = !wantsWord) {
    if (wantsWord && cursor.kind !== tokenKind.word) {
      cursor.expected(before === "" && to <= from + 1 ? what : rest);
      break;
    }
    if (!wantsWord && cursor.char !== 46) break;
    if (cursor.start !== to) {
      before += cursor.text.slice(from, to);
      from = cursor.start;
    }
    to = cursor.end;
    cursor.next();
  }
  const last = cursor.shared(from, to);
  return before === "" ? last : before + last;
}

function parseOptionValue(cursor: Cursor): ValueNode | undefined {
  const start = cursor.start;
  if (cursor.char === 123) {
    const literal = parseMessageLiteral(cursor, 125, 0);
    return cursor.failed ? literal : new Literal(cursor.text, start, literal.end);
  }
  const scalar = parseScalar(cursor, false);
  if (scalar === undefined) {
    if (cursor.start === start) cursor.expected("a value");
    else cursor.expected("a number");
  }
  return scalar;
}

/** A word, number or text, or undefined; behind a sign only a number (or `inf`, `nan`) counts. */
function parseScalar(cursor: Cursor, inLiteral: boolean): ValueNode | undefined {
  const start = cursor.start;
  const negative = cursor.takeChar(45);
  const text = cursor.shared(cursor.start, cursor.end);
  switch (cursor.kind) {
    case tokenKind.word:
      if (negative && !isFloatWord(text, inLiteral)) return undefined;
      cursor.next();
      return { kind: "word", text, negative, start, end: cursor.previousEnd };
    case tokenKind.int:
    case tokenKind.float:
      return numberNode(cursor, start, text, negative);
    case tokenKind.string:
      if (negative) return undefined;
      return parseText(cursor);
    default:
      return undefined;
  }
}

function isFloatWord(text: string, inLiteral: boolean): boolean {
  const word = inLiteral ? text.toLowerCase() : text;
  return word === "inf" || word === "nan" || (inLiteral && word === "infinity");
}

function numberNode(cursor: Cursor, start: number, text: string, negative: boolean): ValueNode {
  const kind = cursor.kind === tokenKind.int ? "int" : "float";
  cursor.next();
  return { kind, text, negative, start, end: cursor.previousEnd };
}

/** Neighbouring texts are one, as in C. */
function parseText(cursor: Cursor): ValueNode {
  const start = cursor.start;
  let text = unquote(cursor.text, cursor.start, cursor.end);
  cursor.next();
  while (cursor.kind === tokenKind.string) {
    text += unquote(cursor.text, cursor.start, cursor.end);
    cursor.next();
  }
  return { kind: "string", text, start, end: cursor.previousEnd };
}

/** One text token, or several in a row. Gives undefined and a problem where none stands. */
export function parseTextToken(cursor: Cursor, what: string): ValueNode | undefined {
  if (cursor.kind === tokenKind.string) return parseText(cursor);
  cursor.expected(what);
  return undefined;
}

/**
 * A message literal without a mistake. It is read again when somebody looks into it: most are looked at once or never,
 * and their trees would be a good part of a large check's memory.
 */
class Literal {
  readonly kind = "message";
  readonly start: number;
  readonly end: number;
  private readonly text: string;

  constructor(text: string, start: number, end: number) {
    this.text = text;
    this.start = start;
    this.end = end;
  }

  get fields(): readonly MessageFieldNode[] {
    const cursor = new Cursor("", this.text);
    cursor.seek(this.start);
    cursor.beginStatement();
    return parseMessageLiteral(cursor, 125, 0).fields;
  }
}

function parseMessageLiteral(cursor: Cursor, close: number, depth: number): MessageLiteral {
  const start = cursor.start;
  const fields: MessageFieldNode[] = [];
  cursor.next();
  opened(cursor, close, 1);
  if (depth >= deepestLiteral) {
    cursor.syntaxProblem(start, start + 1, `Values nest deeper than ${deepestLiteral} levels here. Make them flatter.`);
  }
  while (!cursor.failed) {
    if (cursor.takeChar(close)) {
      opened(cursor, close, -1);
      break;
    }
    fields.push(parseLiteralField(cursor, depth));
    if (!cursor.failed && !cursor.takeChar(44)) cursor.takeChar(59);
  }
  return { kind: "message", fields: trimmed(fields), start, end: cursor.previousEnd };
}

/** Braces are counted apart from brackets: recovery tells them apart as well. */
function opened(cursor: Cursor, close: number, change: 1 | -1): void {
  if (close === 125) cursor.openBraces += change;
  else cursor.open += change;
}

function parseLiteralField(cursor: Cursor, depth: number): MessageFieldNode {
  const start = cursor.start;
  let name = "";
  const isExtension = cursor.takeChar(91);
  if (isExtension) {
    cursor.open++;
    name = parseQualifiedName(cursor, "the name of an extension");
    if (!cursor.failed && cursor.takeChar(47)) name = `${name}/${parseQualifiedName(cursor, "the name of a message")}`;
    if (!cursor.failed && cursor.expectChar(93)) cursor.open--;
  } else if (cursor.kind === tokenKind.word) {
    name = cursor.shared(cursor.start, cursor.end);
    cursor.next();
  } else {
    cursor.expected(`the name of a field or "}"`);
  }
  const nameEnd = cursor.previousEnd;
  const hasColon = !cursor.failed && cursor.takeChar(58);
  let value: ValueNode | undefined;
  if (!cursor.failed) value = parseLiteralValue(cursor, depth, hasColon);
  return { start, end: cursor.previousEnd, name, isExtension, nameStart: start, nameEnd, value, hasColon };
}

function parseLiteralValue(cursor: Cursor, depth: number, hasColon: boolean): ValueNode | undefined {
  if (cursor.char === 123) return parseMessageLiteral(cursor, 125, depth + 1);
  if (cursor.char === 60) return parseMessageLiteral(cursor, 62, depth + 1);
  if (cursor.char === 91) return parseList(cursor, depth, hasColon);
  if (!hasColon) {
    cursor.expected(`":"`);
    return undefined;
  }
  const value = parseScalar(cursor, true);
  if (value === undefined) cursor.expected("a value");
  return value;
}

function parseList(cursor: Cursor, depth: number, hasColon: boolean): ValueNode {
  const start = cursor.start;
  const items: ValueNode[] = [];
  cursor.next();
  cursor.open++;
  if (!cursor.takeChar(93)) {
    for (;;) {
      let item: ValueNode | undefined;
      if (cursor.char === 123) item = parseMessageLiteral(cursor, 125, depth + 1);
      else if (cursor.char === 60) item = parseMessageLiteral(cursor, 62, depth + 1);
      else if (hasColon) item = parseScalar(cursor, true);
      if (item === undefined) cursor.expected(hasColon ? "a value" : `"{"`);
      else items.push(item);
      if (cursor.failed || !cursor.takeChar(44)) break;
    }
    if (!cursor.failed) cursor.expectChar(93);
  }
  if (!cursor.failed) cursor.open--;
  return { kind: "list", items: trimmed(items), start, end: cursor.previousEnd };
}

/** The meaning of the text token from `start` to `end`. A byte given by number becomes the character of that code. */
export function unquote(text: string, start: number, end: number): string {
  const closed = end - start >= 2 && text.charCodeAt(end - 1) === text.charCodeAt(start);
  const body = text.slice(start + 1, closed ? end - 1 : end);
  if (!body.includes("\\")) return body;
  let result = "";
  let at = 0;
  while (at < body.length) {
    if (body.charCodeAt(at) !== 92) {
      result += body.charAt(at++);
      continue;
    }
    const length = escapeLength(body, at);
    if (length === 0) {
      at++;
      continue;
    }
    result += unescape(body.slice(at + 1, at + length));
    at += length;
  }
  return result;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescape(escape: string): string {
  const first = escape.charAt(0);
  if (escape.length === 1 && !(first >= "0" && first <= "7")) return simpleEscapes[first] ?? first;
  if (first === "x" || first === "X") return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  if (first === "u" || first === "U") {
    const code = Number.parseInt(escape.slice(1), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  }
  return String.fromCharCode(Number.parseInt(escape, 8) & 0xff);
}
