/** What a body comes to where no definition read it. */
import type { Content } from "./content.ts";
import type { BodyFormat, DecodeAttempt, DecodedBody, JsonValue } from "./decoded.ts";
import type { Target } from "./definitions.ts";
import { lastName, shortName, typeInValue } from "./type-names.ts";

/** A body that no definition is known for. */
export function undefinedBody(
  format: BodyFormat,
  value: JsonValue | undefined,
  hints: readonly string[],
  attempts: readonly DecodeAttempt[],
): DecodedBody {
  const own = value === undefined ? undefined : typeInValue(value);
  const [hint] = hints;
  const name = hint ?? own;
  const typeName = name === undefined ? undefined : shortName(name);
  return {
    format,
    ...(value === undefined ? {} : { value }),
    ...(typeName === undefined ? {} : { typeName }),
    check: "unchecked",
    violations: [],
    attempts,
  };
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
