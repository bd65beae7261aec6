/** What a body comes to: that of a definition, and where no definition read it. */
import type { Content } from "./content.ts";
import type {
  BodyFormat,
  DecodeAttempt,
  DecodedBody,
  DefinitionEvidence,
  JsonValue,
  MessageDefinition,
  Violation,
} from "./decoded.ts";
import type { Target } from "./definitions.ts";
import { lastName, shortName, typeInValue } from "./type-names.ts";

/** One of each for all messages: what is kept of each message should not hold two empty lists of its own. */
export const noViolations: readonly Violation[] = [];
const noAttempts: readonly DecodeAttempt[] = [];

/** The attempts as they are kept. */
export function keptAttempts(attempts: readonly DecodeAttempt[]): readonly DecodeAttempt[] {
  return attempts.length === 0 ? noAttempts : attempts;
}

/**
 * A body that was read by a definition, written down at once and not put together of parts: this is made for every
 * message, and kept as long as it.
 */
export function definedBody(
  format: BodyFormat,
  value: JsonValue,
  target: { readonly definition: MessageDefinition; readonly typeName: string },
  evidence: DefinitionEvidence,
  check: DecodedBody["check"],
  violations: readonly Violation[],
  attempts: readonly DecodeAttempt[],
): DecodedBody {
  const { definition, typeName } = target;
  return { format, value, definition, evidence, typeName, check, violations, attempts: keptAttempts(attempts) };
}

/** A body that no definition is known for. */
export function undefinedBody(
  format: BodyFormat,
  value: JsonValue | undefined,
  hints: readonly string[],
  attempts: readonly DecodeAttempt[],
): DecodedBody {
  const name = hints[0] ?? (value === undefined ? undefined : typeInValue(value));
  const rest = { check: "unchecked", violations: noViolations, attempts: keptAttempts(attempts) } as const;
  if (value === undefined)
    return name === undefined ? { format, ...rest } : { format, typeName: shortName(name), ...rest };
  return name === undefined ? { format, value, ...rest } : { format, value, typeName: shortName(name), ...rest };
}

/** A body that its declared definition cannot read: it breaks its contract as a whole. */
export function unreadable(
  content: Content,
  targets: readonly Target[],
  hints: readonly string[],
  attempts: readonly DecodeAttempt[],
): DecodedBody {
  const plain = undefinedBody(content.format, content.value, hints, attempts);
  const [target] = targets;
  if (target === undefined) return plain;
  const { definition } = target;
  const own = attempts.find((attempt) => attempt.definition === definition.name)?.failure;
  const expected = target.kind === "json" ? (target.contentType ?? "JSON") : kindNames[target.kind];
  const message = `is declared as ${expected}, but is ${content.format === "binary" ? "other bytes" : content.format}`;
  const failure =
    own === undefined || content.format !== "binary" ? message : `cannot be read as "${definition.name}": ${own}`;
  const violations = [{ path: "", message: failure, place: definition.place }];
  const sure =
    targets.length === 1 ? ({ definition, evidence: "declared", typeName: lastName(definition.name) } as const) : {};
  return { ...plain, ...sure, check: "invalid", violations };
}

const kindNames = { proto: "protobuf", avro: "Avro" } as const;
