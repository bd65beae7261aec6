/**
 * What of a message can be searched for, as text; and what somebody searches for, as words. The index and the search
 * through what is not indexed yet work on the same text, so that both find the same.
 */
import type { HeaderValue } from "../tap/envelope.ts";
import { headersFromText } from "./values.ts";

/** One thing to look for: a word that begins somewhere in the message, or a member of its decoded body with a value. */
export type SearchTerm = { readonly word: string } | { readonly field: string; readonly value: string };

/** The columns that a text is made of. */
export interface SearchableRow {
  readonly seq: number;
  readonly channel: string;
  readonly key: Uint8Array | null;
  readonly headers: string;
  readonly origin: string;
  readonly body: Uint8Array | null;
  /** `null` where the message was never read by contracts. */
  readonly format: string | null;
  readonly name: string | null;
  readonly value: string | null;
}

/** Beyond so many characters a body is not looked through: they are files that somebody sent, not messages. */
export const mostSearched = 256 * 1024;

export const searchableColumns = columns("message.body", "decoded.value");
/** The same without what is not looked through of large messages. */
export const indexedColumns = columns(beginning("message.body"), beginning("decoded.value"));

function columns(body: string, value: string): string {
  return `message.seq AS seq, message.channel AS channel, message.key AS key,
    message.headers AS headers, message.origin AS origin, ${body} AS body,
    decoded.format AS format, decoded.name AS name, ${value} AS value`;
}

/** One more than is looked through, so that it can be told that there is more. */
function beginning(column: string): string {
  return `substr(${column}, 1, ${mostSearched + 1})`;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** About how much memory a row takes. */
export function sizeOfSearchable({ key, headers, body, value }: SearchableRow): number {
  return lengthOf(key) + lengthOf(headers) + lengthOf(body) + lengthOf(value);
}

/** In a damaged file a column may hold anything, also nothing. */
export function lengthOf(value: string | Uint8Array | null): number {
  return (value as { readonly length?: number } | null)?.length ?? 0;
}

/** Channel, key, headers and body, a line each, escapes of JSON undone. */
export function searchableText(row: SearchableRow): string {
  const parts = [textIn(row.channel)];
  if (row.name !== null) parts.push(textIn(row.name));
  const key = textOf(row.key);
  if (key !== undefined) parts.push(key);
  if (row.headers !== "[]") {
    for (const { name, value } of headersOf(row)) parts.push(name, headerWords(value));
  }
  // Kafka's coordinates are numbers; RabbitMQ's have routing keys and properties in them, a span's its name and ids.
  const where = textIn(row.origin);
  if (where.includes('"rabbitmq"') || where.includes('"otlp"')) parts.push(unescaped(where));
  const read = row.value === null ? undefined : textIn(row.value).slice(0, mostSearched);
  const written = read ?? beginningOf(row.body);
  const isJson = read !== undefined || row.format === "json";
  const body = isJson && written !== undefined ? unescaped(written) : written;
  if (body !== undefined) parts.push(body.length > mostSearched ? body.slice(0, mostSearched) : body);
  return parts.join("\n");
}

/** In a damaged file a column may hold anything. */
function textIn(column: unknown): string {
  return typeof column === "string" ? column : "";
}

/** None where the row is damaged: the message says so, and is found by its other words. */
function headersOf(row: SearchableRow): ReturnType<typeof headersFromText> {
  try {
    return headersFromText(row.headers);
  } catch {
    return [];
  }
}

/** The decoded body as JSON without spaces; JSON is its own decoded body. `null` where it has none. */
export function decodedText(row: SearchableRow): string | null {
  if (row.value !== null || row.format !== "json") return row.value;
  const text = textOf(row.body);
  if (text === undefined) return null;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    // Not JSON alone, but something around it: words are found in it all the same.
    return text;
  }
}

/** The words of a text as the index has them: letters and digits, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
}

/** What the full-text index is asked; `undefined` where a term has no words in it, and every message must be read. */
export function indexQuery(term: SearchTerm): string | undefined {
  const words = "word" in term ? wordsOf(term.word) : [...wordsOf(memberOf(term.field)), ...wordsOf(term.value)];
  if (words.length === 0) return undefined;
  const quoted = words.map((word) => `"${word}"`);
  // The last word of what somebody types may not be finished.
  return quoted.join(" AND ") + ("word" in term && /[\p{L}\p{N}\p{Co}]$/u.test(term.word) ? " *" : "");
}

/** Whether the index's answer is the answer; else each message that it names is read and looked at. */
export function indexDecides(term: SearchTerm): boolean {
  return "word" in term && /^[\p{L}\p{N}\p{Co}]+$/u.test(term.word);
}

/** Whether a message has what is looked for. `decoded` is its decoded body as JSON, where it has one. */
export function matcher(
  term: SearchTerm,
): (message: { readonly text: string; readonly decoded: string | null }) => boolean {
  if ("word" in term) {
    const wanted = term.word.toLowerCase();
    // As in the index, a word is found by its beginning; signs count where they were typed.
    const begins = /^[\p{L}\p{N}\p{Co}]/u.test(wanted) ? "(?<![\\p{L}\\p{N}\\p{Co}])" : "";
    const pattern = new RegExp(begins + wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "u");
    return ({ text }) => {
      const lower = text.toLowerCase();
      return lower.includes(wanted) && pattern.test(lower);
    };
  }
  const member = JSON.stringify(memberOf(term.field)).toLowerCase();
  const quoted = `${member}:${JSON.stringify(term.value).toLowerCase()}`;
  const bare = `${member}:${term.value.toLowerCase()}`;
  return ({ decoded }) => {
    if (decoded === null) return false;
    const lower = decoded.toLowerCase();
    if (lower.includes(quoted)) return true;
    for (let at = lower.indexOf(bare); at >= 0; at = lower.indexOf(bare, at + 1)) {
      if (",}]".includes(lower[at + bare.length] ?? "}")) return true;
    }
    return false;
  };
}

/** `address.city` looks for the member `city`, wherever it stands. */
function memberOf(field: string): string {
  return field.split(".").at(-1) ?? "";
}

function headerWords(value: HeaderValue): string {
  if (value === null) return "";
  if (value instanceof Uint8Array) return textOf(value) ?? "";
  if (Array.isArray(value)) return value.map((item: HeaderValue) => headerWords(item)).join("\n");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, item]) => `${name}\n${headerWords(item)}`)
      .join("\n");
  }
  return String(value);
}

function textOf(bytes: Uint8Array | null): string | undefined {
  if (bytes === null || bytes.length === 0) return undefined;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is looked through of a body. */
function beginningOf(body: Uint8Array | null): string | undefined {
  if (body === null || body.length <= mostSearched) return textOf(body);
  try {
    // Told that more follows, a decoder does not mind that the last character is cut in two.
    return new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, mostSearched), { stream: true });
  } catch {
    return undefined;
  }
}

/** JSON without its escapes: `\n` before a word would else be the word's first letter. */
function unescaped(json: string): string {
  if (!json.includes("\\")) return json;
  return json.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (_all, code: string | undefined, sign: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return sign === '"' || sign === "\\" || sign === "/" ? sign : " ";
  });
}
