import type { JsonValue } from "../../codec/decoded.ts";
import { type Schema, type Side, type Tolerance, evaluate } from "../../json-schema/index.ts";
import type { ReaderProfile } from "../settings.ts";

/** The names of those profiles under which a reader of `schema` fails on `value`. */
export function profilesThatBreak(
  schema: Schema,
  value: JsonValue,
  side: Side | undefined,
  profiles: readonly ReaderProfile[],
): string[] {
  return profiles.flatMap((profile) => {
    const { outcome, violations } = evaluate(schema, value, { side, tolerance: toleranceOf(profile) });
    const felt = violations.some(({ path, missing }) => {
      const whole = missing === undefined ? path : path === "" ? missing : `${path}.${missing}`;
      return isRead(profile.reads, whole);
    });
    return outcome === "invalid" && felt ? [profile.name] : [];
  });
}

function toleranceOf(profile: ReaderProfile): Tolerance {
  return {
    unknownFields: profile.unknownFields === "ignore",
    unknownEnumValues: profile.unknownEnumValues === "accept",
    constraints: profile.constraints === "ignore",
    defaults: profile.missingFields === "default",
    coercion: profile.coercion,
  };
}

/** Whether a reader that reads `fields` notices what is wrong at `path`: it, something in it, or around it is read. */
function isRead(fields: readonly string[] | undefined, path: string): boolean {
  if (fields === undefined || path === "") return true;
  const plain = path.replace(/\[\d+\]/g, "");
  return fields.some((field) => {
    const wanted = field.replace(/\[\d*\]/g, "");
    return plain === wanted || plain.startsWith(`${wanted}.`) || wanted.startsWith(`${plain}.`);
  });
}
