import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, encodeProtobuf, readAsWire, type JsonValue } from "../codec/index.ts";
import type { FieldDescriptor, MessageDescriptor, ProtoSchema } from "../proto/index.ts";
import { builtInProfiles, checkProto, defaultBreaking, type CheckRequest } from "./index.ts";
import { createProtobufjsJudge } from "./judges/protobufjs.ts";
import { schemaOf } from "./proto-schemas.ts";
import { modelPairs, type ModelPair } from "./testing/proto-models.ts";

const judges = { wire: createProtobufjsJudge() };

function requestOf({ before, after }: ModelPair, use: readonly string[]): CheckRequest {
  const protoModules = [{ directory: "", excludes: [], breaking: { ...defaultBreaking, use } }];
  const side = (text: string) => ({ files: new Map([["a.proto", text]]), protoModules });
  return { before: side(before), after: side(after), level: "full", profiles: builtInProfiles };
}

const everything = ["FILE", "PACKAGE", "WIRE_JSON", "WIRE", "CSR"];

/** A random value of a message in protobuf's JSON, all of its fields likely to be there. */
function valueOf(message: MessageDescriptor, depth: number): fc.Arbitrary<JsonValue> {
  const fields = message.fields.filter((field) => depth < 2 || field.typeRef?.kind !== "message");
  const chosen = fields.map((field) => fieldValue(field, depth).map((value) => [field, value] as const));
  return fc
    .tuple(...chosen, fc.array(fc.nat(9), { minLength: fields.length, maxLength: fields.length }))
    .map((drawn) => {
      const picks = drawn.at(-1) as number[];
      const result: Record<string, JsonValue> = {};
      const oneofs = new Set<unknown>();
      for (const [index, entry] of (drawn.slice(0, -1) as Array<readonly [FieldDescriptor, JsonValue]>).entries()) {
        const [field, value] = entry;
        if ((picks[index] ?? 0) < 3 && !field.isRequired) continue;
        if (field.oneof !== undefined && oneofs.has(field.oneof)) continue;
        oneofs.add(field.oneof ?? field);
        result[field.jsonName] = value;
      }
      return result;
    });
}

function fieldValue(field: FieldDescriptor, depth: number): fc.Arbitrary<JsonValue> {
  if (field.isMap) {
    const [key, item] = field.typeRef?.kind === "message" ? field.typeRef.fields : [];
    if (key === undefined || item === undefined) return fc.constant({});
    const keys =
      key.type === "string"
        ? fc.constantFrom("a", "b")
        : key.type === "bool"
          ? fc.constantFrom("true", "false")
          : fc.constantFrom("1", "-5");
    return fc.dictionary(keys, singleValue(item, depth), { maxKeys: 2 });
  }
  const single = singleValue(field, depth);
  return field.isRepeated ? fc.array(single, { minLength: 1, maxLength: 3 }) : single;
}

function singleValue(field: FieldDescriptor, depth: number): fc.Arbitrary<JsonValue> {
  if (field.typeRef?.kind === "message") return valueOf(field.typeRef, depth + 1);
  if (field.typeRef?.kind === "enum") return fc.constantFrom(...field.typeRef.values.map((value) => value.name));
  switch (field.type) {
    case "bool":
      return fc.boolean();
    case "string":
      return fc.constantFrom("", "text", "café");
    case "bytes":
      return fc.constantFrom("", "AQID", "//4=");
    case "double":
    case "float":
      return fc.constantFrom(0, 1.5, -2);
    case "int64":
    case "sint64":
    case "sfixed64":
      return fc.constantFrom("0", "1", "-1", "9007199254740993");
    case "uint64":
    case "fixed64":
      return fc.constantFrom("0", "1", "18446744073709551615");
    case "uint32":
    case "fixed32":
      return fc.constantFrom(0, 1, 4_294_967_295);
    default:
      return fc.constantFrom(0, 1, -1, 2_147_483_647);
  }
}

/** Messages that no finding of wire data names, at any depth. */
function untouched(schema: ProtoSchema, touched: ReadonlySet<string>): string[] {
  const clean = (message: MessageDescriptor, seen: Set<MessageDescriptor>): boolean => {
    if (seen.has(message)) return true;
    seen.add(message);
    if (touched.has(message.fullName)) return false;
    return message.fields.every((field) => field.typeRef?.kind !== "message" || clean(field.typeRef, seen));
  };
  return [...schema.messages()].filter((message) => clean(message, new Set())).map((message) => message.fullName);
}

describe("findings on random pairs of .proto files", () => {
  it("carries, for every break of data, a witness that protobufjs confirms", () => {
    let witnesses = 0;
    fc.assert(
      fc.property(modelPairs("p"), (pair) => {
        for (const finding of checkProto(requestOf(pair, everything), judges).findings) {
          const onData = finding.surfaces.some((surface) => surface !== "source");
          expect(finding.witness !== undefined, finding.message).toBe(onData);
          if (finding.witness === undefined) continue;
          witnesses++;
          expect(finding.witness.observations.length).toBeGreaterThan(0);
          expect(finding.witness.judges, finding.message).toEqual([
            { judge: "contrail", external: false, confirms: true },
            { judge: "protobufjs", external: true, confirms: true },
          ]);
        }
      }),
      { numRuns: 40, seed: 7 },
    );
    expect(witnesses).toBeGreaterThan(200);
  });

  it("never withdraws a witness: our own reading and protobufjs' agree on each", () => {
    fc.assert(
      fc.property(modelPairs("p"), (pair) => {
        const request = requestOf(pair, everything);
        const alone = checkProto(request).findings;
        const judged = checkProto(request, judges).findings;
        expect(judged.map((finding) => [finding.message, finding.surfaces])).toEqual(
          alone.map((finding) => [finding.message, finding.surfaces]),
        );
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  it("leaves messages alike on the wire that no finding on the wire names: protobufjs reads them alike", () => {
    let compared = 0;
    fc.assert(
      fc.property(modelPairs("p"), fc.infiniteStream(fc.nat()), (pair, seeds) => {
        const request = requestOf(pair, everything);
        const before = schemaOf(request.before);
        const after = schemaOf(request.after);
        const touched = new Set<string>();
        for (const { surfaces, witness } of checkProto(request).findings) {
          if (surfaces.includes("wire") && witness !== undefined) touched.add(witness.messageName);
        }
        for (const name of untouched(before, touched)) {
          const [old, now] = [before.message(name), after.message(name)];
          if (old === undefined || now === undefined) continue;
          for (const [writer, reader, message] of [
            [before, after, old],
            [after, before, now],
          ] as const) {
            for (const value of fc.sample(valueOf(message, 0), { numRuns: 60, seed: seeds.next().value })) {
              const written = encodeProtobuf(writer, name, value);
              if (!written.ok) continue;
              const meant = readAsWire(writer, name, written.bytes);
              const taken = readAsWire(reader, name, written.bytes);
              // A field that only the writer knows is told as its deletion; a new one goes into the unknown fields.
              if ("value" in taken && taken.unknownFields > 0) continue;
              expect(withoutEmpty(taken), `${name} ${JSON.stringify(value)}\n${pair.before}\n${pair.after}`).toEqual(
                withoutEmpty(meant),
              );
              compared++;
            }
          }
        }
      }),
      { numRuns: 150, seed: 3 },
    );
    expect(compared).toBeGreaterThan(5000);
  });
});

/** Presence left aside: a value that equals the default is what a reader sees without one. */
function withoutEmpty(reading: ReturnType<typeof readAsWire>): unknown {
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, strip(item)] as const)
        .filter(
          ([, item]) =>
            item !== "0" && item !== "" && !(Array.isArray(item) && item.length === 0) && !isEmptyObject(item),
        ),
    );
  };
  return "failure" in reading ? reading : strip(reading.value);
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

describe("the codec on random messages", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(modelPairs("p"), fc.nat(), (pair, seed) => {
        const schema = schemaOf(requestOf(pair, []).before);
        for (const message of schema.messages()) {
          for (const value of fc.sample(valueOf(message, 0), { numRuns: 2, seed })) {
            const written = encodeProtobuf(schema, message.fullName, value);
            if (!written.ok) continue;
            const read = decodeProtobuf(schema, message.fullName, written.bytes);
            expect(read.ok, JSON.stringify(value)).toBe(true);
            const again = read.ok ? encodeProtobuf(schema, message.fullName, read.value) : undefined;
            expect(again?.ok === true && [...again.bytes]).toEqual([...written.bytes]);
          }
        }
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it("never throws on random bytes", () => {
    fc.assert(
      fc.property(modelPairs("p"), fc.uint8Array({ maxLength: 60 }), (pair, bytes) => {
        const schema = schemaOf(requestOf(pair, []).before);
        expect(typeof decodeProtobuf(schema, "p.A", bytes).ok).toBe("boolean");
      }),
      { numRuns: 150, seed: 9 },
    );
  });
});
