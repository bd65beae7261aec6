/** protobufjs as the independent judge of witnesses on .proto contracts: it reads each with both versions. */
import { readAsJson, readAsWire, type NumberedReading } from "../../codec/index.ts";
import type { ProtoSchema } from "../../proto/index.ts";
import type { Observation, Witness } from "../finding.ts";
import { schemaOf } from "../proto-check.ts";
import type { CheckRequest, WireJudge } from "../request.ts";

export function createProtobufjsJudge(): WireJudge {
  return { name: "protobufjs", confirms };
}

/** `true`: the reader gets something else than the writer meant, or nothing. `undefined`: protobufjs cannot tell. */
function confirms(request: CheckRequest, witness: Witness): boolean | undefined {
  const writer = schemaOf(request[witness.writer]);
  const reader = schemaOf(request[witness.reader]);
  const read = (schema: ProtoSchema): NumberedReading =>
    witness.surface === "wire"
      ? readAsWire(schema, witness.messageName, witness.bytes ?? new Uint8Array())
      : readAsJson(schema, witness.messageName, witness.written);
  const meant = read(writer);
  if ("failure" in meant) return undefined;
  const taken = read(reader);
  if ("failure" in taken) return true;
  if (taken.unknownFields > meant.unknownFields) return true;
  if (JSON.stringify(taken.value) !== JSON.stringify(meant.value)) return true;
  return witness.observations.some((seen) => isMissing(seen, reader, witness.messageName, taken.value));
}

/** Whether the reader declares a field that the writer did not send, so that it sees a default. */
function isMissing(
  seen: Observation,
  reader: ProtoSchema,
  messageName: string,
  value: Readonly<Record<string, unknown>>,
): boolean {
  if (seen.outcome !== "defaulted" || seen.wrote !== undefined) return false;
  const field = reader.message(messageName)?.fieldByName(seen.path);
  return field !== undefined && !Object.hasOwn(value, String(field.number));
}
