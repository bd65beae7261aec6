import type { JsonValue } from "../codec/decoded.ts";
import type { JsonType, Schema } from "./model.ts";
import { samplePattern } from "./sample-pattern.ts";

const formatSamples: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "ada@example.com",
  "idn-email": "ada@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  "uri-reference": "/a",
  iri: "https://example.com/",
  url: "https://example.com/",
  uuid: "6f1c2a34-5b6d-4e7f-8a90-b1c2d3e4f506",
  byte: "aGk=",
  base64: "aGk=",
  "json-pointer": "/a",
  regex: "a",
};

/** Values worth trying for schemas that all hold at one place, the most readable first. Each must still be checked. */
export function scalarCandidates(schemas: readonly Schema[], types: ReadonlySet<JsonType>): JsonValue[] {
  const result: JsonValue[] = [];
  if (types.has("string")) result.push(...stringCandidates(schemas));
  if (types.has("integer") || types.has("number")) result.push(...numberCandidates(schemas));
  if (types.has("boolean")) result.push(true, false);
  if (types.has("null")) result.push(null);
  return result;
}

/** What the schemas themselves offer: constants, examples, defaults, values. */
export function offeredValues(schemas: readonly Schema[]): JsonValue[] {
  const result: JsonValue[] = [];
  for (const schema of schemas) if (schema.const !== undefined) result.push(schema.const.value);
  for (const schema of schemas) result.push(...(schema.examples ?? []));
  for (const schema of schemas) if (schema.default !== undefined) result.push(schema.default.value);
  for (const schema of schemas) result.push(...(schema.enum?.slice(0, 50) ?? []));
  return result;
}

function stringCandidates(schemas: readonly Schema[]): string[] {
  const result: string[] = [];
  const least = Math.max(0, ...schemas.map((schema) => schema.minLength ?? 0));
  const most = Math.min(...schemas.map((schema) => schema.maxLength ?? Infinity));
  for (const { pattern } of schemas) {
    const word = pattern === undefined ? undefined : samplePattern(pattern.source);
    if (word === undefined) continue;
    result.push(word, fit(word, least, most));
  }
  for (const { format } of schemas) {
    const sample = format === undefined ? undefined : formatSamples[format];
    if (sample !== undefined) result.push(sample);
  }
  result.push(fit("text", least, most), fit("1", least, most), fit("A", least, most), "");
  return result;
}

/** `word`, made as long as asked; no witness needs megabytes. */
function fit(word: string, least: number, most: number): string {
  const length = Math.min(least, 20_000);
  const filled = word.length < length ? word + (word.at(-1) ?? "x").repeat(length - word.length) : word;
  return filled.length > most ? filled.slice(0, most) : filled;
}

function numberCandidates(schemas: readonly Schema[]): number[] {
  const result: number[] = [1, 0];
  for (const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } of schemas) {
    if (minimum !== undefined) result.push(Math.ceil(minimum), minimum);
    if (exclusiveMinimum !== undefined) result.push(Math.floor(exclusiveMinimum) + 1, exclusiveMinimum + 0.5);
    if (maximum !== undefined) result.push(Math.floor(maximum), maximum);
    if (exclusiveMaximum !== undefined) result.push(Math.ceil(exclusiveMaximum) - 1, exclusiveMaximum - 0.5);
    if (multipleOf !== undefined && multipleOf > 0) {
      const low = minimum ?? exclusiveMinimum ?? 0;
      const first = Math.ceil(low / multipleOf) * multipleOf;
      result.push(multipleOf, first, first + multipleOf);
    }
  }
  const lows = schemas.flatMap(({ minimum, exclusiveMinimum }) => minimum ?? exclusiveMinimum ?? []);
  const highs = schemas.flatMap(({ maximum, exclusiveMaximum }) => maximum ?? exclusiveMaximum ?? []);
  if (lows.length > 0 && highs.length > 0) result.push((Math.max(...lows) + Math.min(...highs)) / 2);
  return result.filter((value) => Number.isFinite(value)).map((value) => (value === 0 ? 0 : value));
}
