/** Bodies in Avro: those that say what wrote them, those that a contract names, and those that only one schema fits. */
import { apicurioFraming, confluentFraming, looksLikeJson } from "./body.ts";
import {
  canonicalForm,
  fingerprintOf,
  isAvroContainer,
  readAvroContainer,
  singleObjectFingerprint,
} from "./avro-files.ts";
import { type AvroReading, readAvroWhole } from "./avro-read.ts";
import type { DecodeAttempt, DecodedBody, DefinitionEvidence, JsonValue } from "./decoded.ts";
import type { AvroTarget, Definitions } from "./definitions.ts";
import { lastName } from "./type-names.ts";

/** More schemas than this are not tried one by one on every message that nobody names. */
const maxGuessed = 300;
/** A guess needs this many readable characters: a few small numbers fit almost any schema. */
const leastTexts = 4;

/** A container file or a single object; `undefined` for any other body, and for one that cannot be read. */
export function readSelfDescribed(
  body: Uint8Array,
  known: Definitions,
  attempts: DecodeAttempt[],
): DecodedBody | undefined {
  if (isAvroContainer(body)) {
    const reading = readAvroContainer(body);
    if (!reading.ok) {
      attempts.push({ format: "avro", failure: reading.failure });
      return undefined;
    }
    const form = canonicalForm(reading.schema);
    const target = form === undefined ? undefined : known.avroByFingerprint(fingerprintOf(form));
    if (target !== undefined) return avroBody(target, reading.value, "header", attempts);
    const typeName = reading.schema.kind === "record" ? lastName(reading.schema.fullName) : undefined;
    return {
      format: "avro",
      value: reading.value,
      ...(typeName === undefined ? {} : { typeName }),
      check: "unchecked",
      violations: [],
      attempts,
    };
  }
  const fingerprint = singleObjectFingerprint(body);
  if (fingerprint === undefined) return undefined;
  const target = known.avroByFingerprint(fingerprint);
  if (target === undefined) {
    const failure = `No contract has the Avro schema with the fingerprint ${fingerprint} that wrote it.`;
    attempts.push({ format: "avro", failure });
    return undefined;
  }
  const reading = readAvroWhole(target.schema, body.subarray(10));
  if (reading.ok) return avroBody(target, reading.value, "header", attempts, 10);
  attempts.push({ format: "avro", definition: target.definition.name, failure: reading.failure });
  return undefined;
}

/** The body as one of these; the one with the most readable text of several that fit. */
export function readAvroBody(
  body: Uint8Array,
  targets: readonly AvroTarget[],
  evidence: DefinitionEvidence,
  attempts: DecodeAttempt[],
): DecodedBody | undefined {
  // A body that reads as JSON is none of these, even where its bytes happen to fit.
  if (looksLikeJson(body) && evidence !== "declared") return undefined;
  for (const payload of payloads(body)) {
    let best: { target: AvroTarget; reading: Extract<AvroReading, { ok: true }> } | undefined;
    for (const target of targets) {
      const reading = readAvroWhole(target.schema, payload);
      if (!reading.ok) {
        attempts.push({ format: "avro", definition: target.definition.name, failure: reading.failure });
      } else if (best === undefined || reading.texts > best.reading.texts) best = { target, reading };
    }
    if (best !== undefined) {
      return avroBody(best.target, best.reading.value, evidence, attempts, body.length - payload.length);
    }
  }
  return undefined;
}

/** The body as the only schema that it fits, of all that there are. */
export function guessAvro(
  body: Uint8Array,
  targets: readonly AvroTarget[],
  attempts: DecodeAttempt[],
): DecodedBody | undefined {
  if (targets.length === 0 || targets.length > maxGuessed) return undefined;
  for (const payload of payloads(body)) {
    const fits: Array<{ target: AvroTarget; value: JsonValue }> = [];
    const payloadAt = body.length - payload.length;
    for (const target of targets) {
      const reading = readAvroWhole(target.schema, payload);
      if (reading.ok && reading.texts >= leastTexts) fits.push({ target, value: reading.value });
    }
    const [only] = fits;
    if (only === undefined) continue;
    if (fits.length === 1) return avroBody(only.target, only.value, "guessed", attempts, payloadAt);
    const names = fits.slice(0, 3).map((fit) => `"${fit.target.definition.name}"`);
    attempts.push({ format: "avro", failure: `The bytes fit several schemas alike: ${names.join(", ")}.` });
    return undefined;
  }
  return undefined;
}

/**
 * What the schema that a message names has read. Where a contract has the very schema, it is read by that contract;
 * marks of secrets count from every contract that describes a record of this name; and what a contract declares must be
 * of the name that it declares.
 */
export function registeredAvro(
  registered: AvroTarget,
  known: Definitions,
  found: { readonly avro: readonly AvroTarget[]; readonly evidence: DefinitionEvidence },
  value: JsonValue,
  named: { readonly start: number },
  attempts: readonly DecodeAttempt[],
): DecodedBody {
  const form = canonicalForm(registered.schema);
  const same = form === undefined ? undefined : known.avroByFingerprint(fingerprintOf(form));
  const namesakes = known.avroTargets.filter(({ definition }) => definition.name === registered.definition.name);
  const target = same ?? withSecretsOf(registered, namesakes);
  const read = avroBody(target, value, "registry", attempts, named.start);
  const [declared] = found.evidence === "declared" ? found.avro : [];
  if (declared === undefined || found.avro.some(({ names }) => names.has(target.definition.name))) return read;
  const message = `was written as "${target.definition.name}", and the contract declares "${declared.definition.name}"`;
  return { ...read, check: "invalid", violations: [{ path: "", message, place: declared.definition.place }] };
}

const merged = new WeakMap<AvroTarget, { readonly namesakes: number; readonly target: AvroTarget }>();

function withSecretsOf(registered: AvroTarget, namesakes: readonly AvroTarget[]): AvroTarget {
  if (namesakes.length === 0) return registered;
  const kept = merged.get(registered);
  if (kept?.namesakes === namesakes.length) return kept.target;
  const { definition } = registered;
  const secretPaths = [definition, ...namesakes.map((one) => one.definition)].flatMap((one) => one.secretPaths ?? []);
  const target = { ...registered, definition: { ...definition, secretPaths } };
  merged.set(registered, { namesakes: namesakes.length, target });
  return target;
}

function avroBody(
  target: AvroTarget,
  value: JsonValue,
  evidence: DefinitionEvidence,
  attempts: readonly DecodeAttempt[],
  payloadAt = 0,
): DecodedBody {
  const { definition, typeName } = target;
  // Bytes that the schema reads are what it says: Avro has nothing more to check.
  return {
    format: "avro",
    value,
    definition,
    evidence,
    typeName,
    check: "valid",
    violations: [],
    attempts,
    ...(payloadAt === 0 ? {} : { payloadAt }),
  };
}

/** What a registry's framing leaves, then the body as it is. */
function payloads(body: Uint8Array): Uint8Array[] {
  if (body[0] !== 0) return [body];
  const framings = [confluentFraming(body, false), apicurioFraming(body)];
  return [...framings.flatMap((framing) => framing?.payload ?? []), body];
}
