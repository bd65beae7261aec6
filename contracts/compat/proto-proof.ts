/**
 * Witnesses of breaks: a message that one side writes, and what the other side makes of it.
 *
 * For a field in two versions, values are written by one descriptor and read by the other, on the wire and in JSON,
 * in each direction that the level asks for, until one reads differently. Nothing found is no proof that nothing
 * breaks; then the finding speaks of generated code only.
 */
import {
  type MessageValue,
  readMessage,
  writeMessage,
  type FieldDescriptor,
  type FieldValue,
  type MessageDescriptor,
} from "../proto/index.ts";
import type { Observation, Surface, Version, Witness } from "./finding.ts";
import { copyOf, fieldCandidates, filled } from "./proto-candidates.ts";
import { compareMessages, type Seen } from "./proto-compare.ts";
import { messageJson, readJson, shownJson, type Json } from "./proto-json-data.ts";
import type { Pair, Proof } from "./proto-rule.ts";
import type { Level, ReaderProfile } from "./settings.ts";

/** One way in which data breaks. */
export interface DataBreak {
  readonly surface: "wire" | "json";
  readonly writer: Version;
  readonly reader: Version;
  readonly value: MessageValue;
  readonly bytes: Uint8Array;
  readonly json: Json | undefined;
  /** The message that the reader takes it for. */
  readonly readAs: MessageDescriptor;
  readonly seen: readonly Seen[];
}

/** What data can show of a change, at most one break a surface and direction; backward before forward. */
export function proveField(proof: Proof, level: Level): DataBreak[] {
  return inEachWay(level, proof.wireOnly === true, (surface, writer) => {
    if (proof.writer !== undefined && proof.writer !== writer) return undefined;
    const reader = writer === "before" ? "after" : "before";
    return findBreak(proof, proof[writer], proof[reader], surface, writer);
  });
}

/** What data can show of one message that took the place of another. */
export function proveMessages(pair: Pair<MessageDescriptor>, level: Level): DataBreak[] {
  return inEachWay(level, false, (surface, writer) => {
    const reader = writer === "before" ? pair.after : pair.before;
    for (const value of differences({ before: pair[writer], after: reader }, new Set(), 0)) {
      const found = attempt(value, reader, surface, writer);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

function inEachWay(
  level: Level,
  wireOnly: boolean,
  find: (surface: "wire" | "json", writer: Version) => DataBreak | undefined,
): DataBreak[] {
  const breaks: DataBreak[] = [];
  for (const surface of wireOnly ? (["wire"] as const) : (["wire", "json"] as const)) {
    for (const writer of ["before", "after"] as const) {
      if (level === (writer === "before" ? "forward" : "backward")) continue;
      const found = find(surface, writer);
      if (found !== undefined) breaks.push(found);
    }
  }
  return breaks;
}

function findBreak(
  proof: Proof,
  writer: MessageDescriptor,
  reader: MessageDescriptor,
  surface: "wire" | "json",
  version: Version,
): DataBreak | undefined {
  const base = filledFor(writer, reader, proof.number);
  if (base === undefined) return undefined;
  const written = writer.fieldByNumber(proof.number);
  const read = reader.fieldByNumber(proof.number);
  if (written === undefined) return read === undefined ? undefined : findMissing(base, reader, read, surface, version);
  if (written.type === "unknown" || read?.type === "unknown") return undefined;
  if (proof.defaults !== undefined) return otherDefault(proof, base, written, reader, surface, version);
  if (!written.isRequired && read?.isRequired === true) {
    const found = attempt(base, reader, surface, version);
    if (found !== undefined) return found;
  }
  if (proof.absent === true) return undefined;
  for (const value of valuesOf(proof, base, written, read)) {
    const found = attempt(value, reader, surface, version);
    if (
      found?.seen.some(
        (seen) => seen.path === "" || mentions(seen.path, written.name) || isSibling(read, seen.path),
      ) === true
    )
      return found;
  }
  return undefined;
}

/** A message with what either side requires, but not with the field in question unless its writer must set it. */
function filledFor(writer: MessageDescriptor, reader: MessageDescriptor, number: number): MessageValue | undefined {
  const base = filled(writer);
  if (base === undefined) return undefined;
  for (const field of reader.fields) {
    const own = writer.fieldByNumber(field.number);
    if (!field.isRequired || own === undefined || field.number === number || base.fields.has(field.number)) continue;
    const [value] = fieldCandidates(own);
    if (value !== undefined) base.with(field.number, value);
  }
  return base;
}

/** The field is not sent: each side fills in its own default. */
function otherDefault(
  proof: Proof,
  base: MessageValue,
  field: FieldDescriptor,
  reader: MessageDescriptor,
  surface: "wire" | "json",
  version: Version,
): DataBreak | undefined {
  const json = messageJson(base);
  if (proof.defaults === undefined || field.isRequired || (surface === "json" && json === undefined)) return undefined;
  const other: Version = version === "before" ? "after" : "before";
  const { [version]: wrote, [other]: read } = proof.defaults;
  const seen: Seen = { path: field.name, outcome: "defaulted", wrote, read, hurts: "always" };
  return breakOf(version, { surface, readAs: reader, value: base, bytes: writeMessage(base), json, seen: [seen] });
}

/** Messages that set the field, and with it what the reader may take for the same. */
function* valuesOf(
  proof: Proof,
  base: MessageValue,
  written: FieldDescriptor,
  read: FieldDescriptor | undefined,
): Generator<MessageValue> {
  if (proof.value !== undefined) {
    yield copyOf(base).with(written.number, written.isRepeated ? { items: [proof.value] } : proof.value);
    return;
  }
  if (
    written.type === "string" &&
    !written.isRepeated &&
    written.features.utf8Validation === "NONE" &&
    read?.features.utf8Validation === "VERIFY"
  ) {
    yield copyOf(base).with(written.number, Uint8Array.of(0xff, 0xfe));
  }
  const values = candidates(written, read);
  for (const sibling of read?.oneof?.fields ?? []) {
    const other = base.message.fieldByNumber(sibling.number);
    const [value] = values;
    if (other === undefined || other === written || value === undefined) continue;
    if (other.oneof !== undefined && other.oneof === written.oneof) continue;
    const [otherValue] = fieldCandidates(other);
    if (otherValue !== undefined) yield copyOf(base).with(other.number, otherValue).with(written.number, value);
  }
  for (const value of values) yield copyOf(base).with(written.number, value);
}

function isSibling(read: FieldDescriptor | undefined, path: string): boolean {
  return read?.oneof?.fields.some((field) => mentions(path, field.name)) === true;
}

function mentions(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`);
}

/** Where both versions hold messages, the fields that differ inside are tried; else the values of the field's type. */
function candidates(written: FieldDescriptor, read: FieldDescriptor | undefined): readonly FieldValue[] {
  const plain = fieldCandidates(written);
  if (written.typeRef?.kind !== "message" || read?.typeRef?.kind !== "message" || written.isMap) return plain;
  const inner = differences({ before: written.typeRef, after: read.typeRef }, new Set(), 0);
  const values = written.isRepeated ? inner.map((value) => ({ items: [value] })) : inner;
  return [...values, ...plain];
}

const deepestDifference = 4;

/** Messages of `pair.before` that set one field which `pair.after` declares otherwise, at any depth. */
function differences(pair: Pair<MessageDescriptor>, visited: Set<MessageDescriptor>, depth: number): MessageValue[] {
  if (depth > deepestDifference || visited.has(pair.before) || pair.before.fullName === pair.after.fullName) return [];
  visited.add(pair.before);
  const base = filled(pair.before);
  if (base === undefined) return [];
  const values: MessageValue[] = [];
  for (const field of pair.before.fields) {
    const other = pair.after.fieldByNumber(field.number);
    if (field.type === "unknown" || other?.type === "unknown") continue;
    if (field.typeRef?.kind === "message" && other?.typeRef?.kind === "message" && !field.isMap) {
      for (const inner of differences({ before: field.typeRef, after: other.typeRef }, visited, depth + 1)) {
        values.push(copyOf(base).with(field.number, field.isRepeated ? { items: [inner] } : inner));
      }
    } else if (
      other === undefined ||
      other.type !== field.type ||
      other.jsonName !== field.jsonName ||
      other.isRepeated !== field.isRepeated ||
      field.typeRef !== undefined
    ) {
      for (const value of fieldCandidates(field)) values.push(copyOf(base).with(field.number, value));
    }
  }
  return values;
}

function attempt(
  value: MessageValue,
  reader: MessageDescriptor,
  surface: "wire" | "json",
  version: Version,
): DataBreak | undefined {
  const json = messageJson(value);
  const bytes = writeMessage(value);
  let seen: Seen[];
  if (surface === "wire") {
    const reading = readMessage(reader, bytes);
    seen =
      typeof reading === "string"
        ? [{ path: "", outcome: "unreadable", detail: reading, hurts: "always" }]
        : compareMessages(value, reading, "wire");
  } else {
    if (json === undefined) return undefined;
    const reading = readJson(reader, json);
    seen =
      "refused" in reading
        ? [{ path: reading.path, outcome: "unreadable", detail: reading.refused, hurts: "always" }]
        : compareMessages(value, reading.value, "json");
    // Two renamed fields can trade places: what arrives unasked is a difference as well.
    if (seen.length === 0 && "value" in reading) seen = unasked(value, reading.value);
  }
  if (seen.length === 0) return undefined;
  return breakOf(version, { surface, readAs: reader, value, bytes, json, seen });
}

function unasked(written: MessageValue, read: MessageValue): Seen[] {
  for (const [number] of read.fields) {
    const field = read.message.fieldByNumber(number);
    if (!written.fields.has(number) && field !== undefined)
      return [{ path: field.name, outcome: "garbled", hurts: "always" }];
  }
  return [];
}

/** The writer cannot set the field any more: what a reader that knows it makes of its absence. */
function findMissing(
  base: MessageValue,
  reader: MessageDescriptor,
  read: FieldDescriptor,
  surface: "wire" | "json",
  version: Version,
): DataBreak | undefined {
  const found = attempt(base, reader, surface, version);
  if (found !== undefined) return found;
  const json = messageJson(base);
  if (surface === "json" && json === undefined) return undefined;
  const fallback = read.isRepeated ? (read.isMap ? "{}" : "[]") : defaultText(read);
  const seen: Seen = { path: read.name, outcome: "defaulted", read: fallback, hurts: "missing-fields" };
  return breakOf(version, { surface, readAs: reader, value: base, bytes: writeMessage(base), json, seen: [seen] });
}

/** A break between the version that writes and the other one, which reads. */
function breakOf(writer: Version, found: Omit<DataBreak, "writer" | "reader">): DataBreak {
  return { ...found, writer, reader: writer === "before" ? "after" : "before" };
}

function defaultText(field: FieldDescriptor): string {
  if (field.type === "message" || field.type === "group") return "nothing";
  if (field.type === "string" || field.type === "bytes") return '""';
  if (field.type === "bool") return "false";
  if (field.typeRef?.kind === "enum") return JSON.stringify(field.typeRef.values[0]?.name ?? 0);
  return "0";
}

/** The names of the profiles under which one of the breaks hurts a reader. */
export function profilesOf(breaks: readonly DataBreak[], profiles: readonly ReaderProfile[]): string[] {
  return profiles
    .filter((profile) => breaks.some((found) => found.seen.some((seen) => hurts(seen, profile))))
    .map((profile) => profile.name);
}

function hurts(seen: Seen, profile: ReaderProfile): boolean {
  if (seen.path !== "" && profile.reads !== undefined && !profile.reads.some((read) => overlaps(read, seen.path)))
    return false;
  if (seen.hurts === "unknown-fields") return profile.unknownFields === "reject";
  if (seen.hurts === "missing-fields") return profile.missingFields === "reject";
  return true;
}

function overlaps(read: string, path: string): boolean {
  const plain = path.replaceAll(/\[\d+\]/g, "");
  return plain === read || plain.startsWith(`${read}.`) || read.startsWith(`${plain}.`);
}

export function surfacesOf(breaks: readonly DataBreak[], breaksSource: boolean): Surface[] {
  const surfaces: Surface[] = [];
  if (breaks.some((found) => found.surface === "wire")) surfaces.push("wire");
  if (breaks.some((found) => found.surface === "json")) surfaces.push("json");
  if (breaksSource || surfaces.length === 0) surfaces.push("source");
  return surfaces;
}

/** The finding's witness: the break that hurts most readers, the wire before JSON. */
export function witnessOf(breaks: readonly DataBreak[]): Witness | undefined {
  const found = breaks.find((candidate) => candidate.seen.some((seen) => seen.hurts === "always")) ?? breaks[0];
  if (found === undefined) return undefined;
  const written = JSON.stringify(found.json ?? shownJson(found.value), undefined, 2);
  return {
    surface: found.surface,
    writer: found.writer,
    reader: found.reader,
    messageName: found.value.message.fullName,
    ...(found.readAs.fullName === found.value.message.fullName ? {} : { readAs: found.readAs.fullName }),
    written,
    ...(found.surface === "wire" ? { bytes: found.bytes } : {}),
    observations: found.seen.map(observationOf),
    judges: [{ judge: "contrail", external: false, confirms: true }],
  };
}

function observationOf(seen: Seen): Observation {
  const { path, outcome, wrote, read, detail } = seen;
  return {
    path,
    outcome,
    ...(wrote === undefined ? {} : { wrote }),
    ...(read === undefined ? {} : { read }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** Who breaks, and how: a sentence for each direction, or one for both where the same happens. */
export function consequenceOf(breaks: readonly DataBreak[], readers: string): string {
  const plural = readers.toLowerCase();
  const sayFor = (reader: "before" | "after") => {
    const found = breaks.find((candidate) => candidate.reader === reader);
    const seen = found?.seen[0];
    return found === undefined || seen === undefined ? undefined : sayOf(seen, found.surface);
  };
  const [now, old] = [sayFor("after"), sayFor("before")];
  if (now !== undefined && now === old) return `New ${plural} of old messages, and old ${plural} of new ones, ${now}.`;
  return [
    ...(now === undefined ? [] : [`New ${plural} of old messages ${now}.`]),
    ...(old === undefined ? [] : [`Old ${plural} of new messages ${old}.`]),
  ].join(" ");
}

function sayOf(seen: Seen, surface: "wire" | "json"): string {
  const on = surface === "json" ? " in JSON" : "";
  switch (seen.outcome) {
    case "unreadable":
      return `cannot read it at all${on}: ${seen.detail ?? "it is broken"}`;
    case "garbled":
      return `read ${seen.read ?? "another value"} as "${seen.path}"${on} where ${seen.wrote ?? "another"} was written`;
    case "moved-into-unknown":
      return `do not see "${seen.path}": the value goes into their unknown fields`;
    case "defaulted":
      return `see "${seen.path}" as ${seen.read ?? "its default"}${on}${seen.wrote === undefined ? ", as nobody can send it" : ` where ${seen.wrote} was written`}`;
    default:
      return `lose the value of "${seen.path}"${on}`;
  }
}
