/** protobufjs as the independent judge of witnesses on .proto contracts: it reads each with both versions. */
import { readAsJson, readAsWire, readDefault, type NumberedReading } from "../../codec/index.ts";
import type { ProtoSchema } from "../../proto/index.ts";
import type { Observation, Witness } from "../finding.ts";
import { schemaOf } from "../proto-schemas.ts";
import type { CheckRequest, WireJudge } from "../request.ts";

export function createProtobufjsJudge(): WireJudge {
  return { name: "protobufjs", confirms };
}

/** `true`: the reader gets something else than the writer meant, or nothing. `undefined`: protobufjs cannot tell. */
function confirms(request: CheckRequest, witness: Witness): boolean | undefined {
  const writer = schemaOf(request[witness.writer]);
  const reader = schemaOf(request[witness.reader]);
  const readAs = witness.readAs ?? witness.messageName;
  const read = (schema: ProtoSchema, name: string): NumberedReading =>
    witness.surface === "wire"
      ? readAsWire(schema, name, witness.bytes ?? new Uint8Array())
      : readAsJson(schema, name, witness.written);
  const meant = read(writer, witness.messageName);
  if ("failure" in meant) return undefined;
  const taken = read(reader, readAs);
  if ("failure" in taken) return true;
  if (taken.unknownFields > meant.unknownFields) return true;
  if (JSON.stringify(taken.value) !== JSON.stringify(meant.value)) return true;
  return witness.observations.some((seen) => {
    if (seen.outcome !== "defaulted") return false;
    if (seen.wrote === undefined) return isMissing(seen, reader, readAs, taken.value);
    const meantDefault = readDefault(writer, witness.messageName, seen.path);
    return meantDefault !== undefined && meantDefault !== readDefault(reader, readAs, seen.path);
  });
}

/** Whether the reader declares a field that the writer did not send, so that it sees a default. */
function isMissing(
  seen: Observation,
  reader: ProtoSchema,
  messageName: string,
  value: Readonly<Record<string, unknown>>,
): boolean {
  const field = reader.message(messageName)?.fieldByName(seen.path);
  return field !== undefined && !Object.hasOwn(value, String(field.number));
}
