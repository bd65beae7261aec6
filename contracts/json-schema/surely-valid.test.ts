import { describe, expect, it } from "vitest";
import type { JsonValue } from "../codec/decoded.ts";
import { DocumentSet } from "../source/index.ts";
import { SchemaCompiler } from "./compile.ts";
import { evaluateFully } from "./evaluate.ts";
import { surelyValid } from "./surely-valid.ts";

function compile(schema: unknown) {
  const documents = new DocumentSet(new Map([["s.json", JSON.stringify(schema)]]));
  const node = documents.document("s.json")?.root;
  if (node === undefined) throw new Error("no schema");
  return new SchemaCompiler(documents).compile("s.json", node, "2020-12");
}

const values: readonly JsonValue[] = [
  ...[null, true, 0, 1, -1.5, 7, "", "a", "ab", "evt-1", "😀", [], [1], ["a", "b"], {}, { a: 1 }, { a: "x", b: 2 }],
  ...[{ a: { a: { a: null } } }, { b: [1, 2, 3], c: "y" }, { a: 1, z: 1 }],
];

describe("the quick way to know that a value is valid", () => {
  it.each<[unknown]>([
    [
      {
        type: "object",
        required: ["a"],
        properties: { a: { type: ["integer", "null"] }, b: {} },
        additionalProperties: false,
      },
    ],
    [{ type: ["string", "number"], minLength: 1, maxLength: 2, pattern: "^[a😀]", minimum: 0, multipleOf: 0.5 }],
    [{ enum: ["a", 1, null, true] }],
    [{ const: "ab" }],
    [
      {
        allOf: [{ type: "object" }, { $ref: "#/$defs/node" }],
        $defs: { node: { properties: { a: { $ref: "#/$defs/node" } }, minProperties: 0 } },
      },
    ],
    [{ type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2 }],
    [{ exclusiveMinimum: 0, exclusiveMaximum: 7 }],
    [{ properties: { b: { items: { maximum: 2 } } }, additionalProperties: { type: "number" } }],
    [{ properties: { a: false, c: true } }],
    [{ not: { type: "string" }, enum: [{ a: 1 }] }],
  ])("agrees with all rules, or says nothing: %j", (schema) => {
    const compiled = compile(schema);
    for (const value of values) {
      if (surelyValid(compiled, value)) expect(evaluateFully(compiled, value)).toMatchObject({ outcome: "valid" });
    }
  });

  it("tells of what messages are described by", () => {
    const compiled = compile({ type: "object", required: ["a"], properties: { a: { type: "string", pattern: "^x" } } });
    expect(surelyValid(compiled, { a: "x1", other: [] })).toBe(true);
    expect(surelyValid(compiled, { a: "y1" })).toBe(false);
  });

  it("says nothing where schemas have no end, double at each level, or lead nowhere", () => {
    expect(surelyValid(compile({ $ref: "#" }), 1)).toBe(false);
    expect(surelyValid(compile({ $ref: "other.json" }), 1)).toBe(false);
    const doubling = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `s${i}`,
        { allOf: [{ $ref: `#/$defs/s${i + 1}` }, { $ref: `#/$defs/s${i + 1}` }] },
      ]),
    );
    const began = performance.now();
    expect(surelyValid(compile({ $ref: "#/$defs/s0", $defs: { ...doubling, s60: {} } }), 1)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
