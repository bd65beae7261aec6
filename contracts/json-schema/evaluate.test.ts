import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAjvJudge } from "../compat/judges/ajv.ts";
import { DocumentSet, readDocument } from "../source/index.ts";
import type { JsonValue } from "../codec/decoded.ts";
import { type Dialect, SchemaCompiler, construct, evaluate, exportSchema } from "./index.ts";

const ajv = createAjvJudge();

function compile(schema: unknown, dialect: Dialect) {
  const files = new Map([["schema.json", JSON.stringify(schema)]]);
  const documents = new DocumentSet(files);
  const root = readDocument("schema.json", files.get("schema.json") ?? "").root;
  if (root === undefined) throw new Error("no schema");
  // The compiler resolves references in the set's own document: compile that one's node.
  const node = documents.document("schema.json")?.root ?? root;
  return new SchemaCompiler(documents).compile("schema.json", node, dialect);
}

/** Few names, numbers and words, so that schemas and values meet. */
const names = fc.constantFrom("a", "b", "c", "x1");
const numbers = fc.constantFrom(-1, 0, 1, 2, 3, 5, 0.5, 0.3, 1.5, 100);
const words = fc.constantFrom("", "a", "b", "ab", "x1", "😀", "abc1", "2026-01-31");
const patterns = fc.constantFrom("^a", "b$", "^[a-z]\\d$", "^.$", "", "a|x");
const counts = fc.constantFrom(0, 1, 2, 3);
const types = fc.constantFrom("null", "boolean", "number", "integer", "string", "array", "object");

const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    numbers,
    words,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
})).value;

type Keywords = Record<string, fc.Arbitrary<unknown>>;

/** Keywords that act on each other stand in one group, so that they meet more often than by chance. */
function groups(dialect: Dialect, schema: fc.Arbitrary<unknown>): Keywords[] {
  const old = dialect === "draft-04" || dialect === "openapi-3.0";
  const modern = dialect === "2020-12" || dialect === "2019-09";
  const list = fc.array(schema, { minLength: 1, maxLength: 3 });
  const oneType = old ? fc.constantFrom("boolean", "number", "integer", "string", "array", "object") : types;
  const result: Keywords[] = [
    { type: old ? oneType : fc.oneof(oneType, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })) },
    { enum: fc.uniqueArray(values, { minLength: 1, maxLength: 3, selector: (value) => JSON.stringify(value) }) },
    { minimum: numbers, maximum: numbers, multipleOf: fc.constantFrom(1, 2, 0.1, 0.5) },
    { minLength: counts, maxLength: counts, pattern: patterns },
    {
      properties: fc.dictionary(names, schema, { maxKeys: 3 }),
      additionalProperties: fc.oneof(fc.boolean(), schema),
      required: fc.uniqueArray(names, { minLength: 1, maxLength: 2 }),
      ...(old ? {} : { patternProperties: fc.dictionary(patterns, schema, { maxKeys: 2 }) }),
    },
    { minProperties: counts, maxProperties: counts },
    { minItems: counts, maxItems: counts, uniqueItems: fc.boolean() },
    { allOf: list },
    { anyOf: list },
    { oneOf: list },
    { not: schema },
  ];
  if (old) {
    result.push(
      { minimum: numbers, exclusiveMinimum: fc.boolean() },
      { maximum: numbers, exclusiveMaximum: fc.boolean() },
    );
    result.push({ items: schema });
    if (dialect === "openapi-3.0") result.push({ type: oneType, nullable: fc.boolean() });
    return result;
  }
  // A tuple beside `contains` is where ajv is known to err, so no schema has both.
  const tuple = fc.array(schema, { minLength: 1, maxLength: 2 });
  result.push(
    { const: values },
    { exclusiveMinimum: numbers, exclusiveMaximum: numbers },
    { propertyNames: schema },
    Object.fromEntries(["if", "then", "else"].map((key) => [key, schema])),
    dialect === "2020-12"
      ? { items: schema, prefixItems: tuple }
      : { items: fc.oneof(schema, tuple), additionalItems: schema },
    { $ref: fc.constant("#/definitions/shared") },
  );
  const dependent = fc.dictionary(names, schema, { maxKeys: 2 });
  const together = fc.dictionary(names, fc.uniqueArray(names, { maxLength: 2 }), { maxKeys: 2 });
  if (modern) result.push({ dependentRequired: together, dependentSchemas: dependent });
  else result.push({ dependencies: fc.oneof(dependent, together) });
  return result;
}

function schemas(dialect: Dialect): fc.Arbitrary<unknown> {
  const old = dialect === "draft-04" || dialect === "openapi-3.0";
  return fc.letrec<{ schema: unknown; leaf: unknown }>((tie) => {
    const all = groups(dialect, tie("schema"));
    const of = (keywords: readonly Keywords[], count: number) =>
      fc
        .uniqueArray(fc.constantFrom(...keywords), { minLength: 1, maxLength: count })
        .chain((chosen) => fc.tuple(...chosen.map((group) => fc.record(group, { requiredKeys: [] }))))
        .map((records) => Object.assign({}, ...records) as unknown);
    const leaf = of(all.slice(0, 4), 1);
    const simple = old ? leaf : fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: fc.boolean() });
    return {
      leaf: simple,
      schema: fc.oneof({ maxDepth: 3, depthSize: "small", withCrossShrink: true }, simple, of(all, 3)),
    };
  }).schema;
}

const shared = {
  anyOf: [
    { type: "string", minLength: 1 },
    { type: "object", required: ["a"] },
  ],
};

function rooted(schema: unknown): unknown {
  return typeof schema === "object" && schema !== null ? { ...schema, definitions: { shared } } : schema;
}

describe.each<Dialect>(["draft-04", "openapi-3.0", "draft-07", "2019-09", "2020-12"])("evaluate in %s", (dialect) => {
  it("agrees with ajv on any schema and value", () => {
    const seen = { accepted: 0, refused: 0, undecided: 0 };
    fc.assert(
      fc.property(schemas(dialect), fc.array(values, { minLength: 1, maxLength: 4 }), (plain, instances) => {
        const schema = compile(rooted(plain), dialect);
        const exported = exportSchema(schema);
        for (const value of instances) {
          const theirs = ajv.accepts(exported.schema, exported.dialect, JSON.stringify(value));
          if (theirs === undefined) {
            seen.undecided++;
            continue;
          }
          seen[theirs ? "accepted" : "refused"]++;
          expect(evaluate(schema, value).outcome, JSON.stringify(value)).toBe(theirs ? "valid" : "invalid");
        }
      }),
      { numRuns: 250, seed: 20_260 },
    );
    // A test that only ever sees one answer proves nothing.
    expect(seen.accepted).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
    expect(seen.undecided).toBeLessThan((seen.accepted + seen.refused) / 10);
  });

  it("constructs only what ajv accepts too, and mostly finds something", () => {
    let found = 0;
    let possible = 0;
    fc.assert(
      fc.property(schemas(dialect), fc.array(values, { minLength: 5, maxLength: 5 }), (plain, instances) => {
        const schema = compile(rooted(plain), dialect);
        const construction = construct(schema);
        if ("failure" in construction) {
          if (instances.some((value) => evaluate(schema, value).outcome === "valid")) possible++;
          return;
        }
        found++;
        const exported = exportSchema(schema);
        const theirs = ajv.accepts(exported.schema, exported.dialect, JSON.stringify(construction.value));
        expect(theirs ?? true, JSON.stringify(construction.value)).toBe(true);
      }),
      { numRuns: 150, seed: 4 },
    );
    expect(found).toBeGreaterThan(50);
    expect(possible).toBeLessThan(found / 10);
  });
});

describe("evaluate", () => {
  const cases: ReadonlyArray<readonly [about: string, schema: unknown, accepted: JsonValue[], refused: JsonValue[]]> = [
    [
      "additionalProperties is about those that nothing else names",
      { properties: { a: {} }, patternProperties: { "^x": {} }, additionalProperties: false },
      [{ a: 1 }, { x1: 1 }, []],
      [{ b: 1 }],
    ],
    [
      "unevaluatedProperties sees through allOf, anyOf, if and references",
      {
        $ref: "#/definitions/shared",
        allOf: [{ properties: { a: {} } }],
        anyOf: [{ properties: { b: { type: "string" } }, required: ["b"] }, true],
        if: { properties: { c: { const: 1 } }, required: ["c"] },
        unevaluatedProperties: false,
      },
      [{ a: 1 }, { a: 1, b: "" }, { a: 1, c: 1 }],
      [
        { a: 1, b: 2 },
        { a: 1, c: 2 },
        { a: 1, d: 1 },
      ],
    ],
    [
      "unevaluatedItems counts tuples and what contains marks",
      { prefixItems: [true], contains: { type: "string" }, unevaluatedItems: { type: "null" } },
      [[1, "a"], ["a"], [1, "a", null]],
      [[1, 2, "a"], [1]],
    ],
    ["multiples are exact decimals", { multipleOf: 0.1 }, [0.3, 1, 1e3], [0.35]],
    ["length counts characters, not UTF-16 units", { maxLength: 1 }, ["😀"], ["ab"]],
    ["1.0 is an integer", { type: "integer" }, [1.0], [1.5, "1"]],
    ["equality ignores the order of keys", { const: { a: 1, b: [2] } }, [{ b: [2], a: 1 }], [{ a: 1, b: [2, 2] }]],
    [
      "minContains of 0 asks for nothing",
      { contains: { const: 1 }, minContains: 0, maxContains: 1 },
      [[], [1]],
      [[1, 1]],
    ],
  ];

  it.each(cases)("%s", (_, schema, accepted, refused) => {
    const compiled = compile(rooted(schema), "2020-12");
    for (const value of accepted)
      expect(evaluate(compiled, value), JSON.stringify(value)).toMatchObject({ outcome: "valid" });
    for (const value of refused)
      expect(evaluate(compiled, value), JSON.stringify(value)).toMatchObject({ outcome: "invalid" });
  });

  it("says which path, what is expected, and where the contract says so", () => {
    const schema = { properties: { lines: { items: { required: ["sku"], properties: { sku: { type: "string" } } } } } };
    const { violations } = evaluate(compile(schema, "2020-12"), { lines: [{ sku: 1 }, {}] });
    expect(violations.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      "lines[0].sku: must be a string, but is 1",
      'lines[1]: "sku" is missing, but required',
    ]);
    const text = JSON.stringify(schema);
    expect(violations.map(({ place }) => text.slice(place.span.start, place.span.end))).toEqual(['"type"', '"sku"']);
  });

  it("is undecided where a reference leads nowhere, a schema never ends, or a number cannot be compared", () => {
    const outcome = (schema: unknown) => evaluate(compile(schema, "2020-12"), 1).outcome;
    expect(outcome({ $ref: "#/definitions/none" })).toBe("undecided");
    expect(outcome({ $ref: "#" })).toBe("undecided");
    expect(outcome({ pattern: "(", anyOf: [{ $ref: "other.json" }] })).toBe("undecided");
    const documents = new DocumentSet(new Map([["s.json", `{"maximum": 9007199254740993}`]]));
    const node = documents.document("s.json")?.root;
    const exact = node && new SchemaCompiler(documents).compile("s.json", node, "2020-12");
    expect(exact && evaluate(exact, 1).outcome).toBe("undecided");
  });

  it("is kept from exploding by a bound on its steps", () => {
    const bomb = { oneOf: [{ allOf: [{ items: { $ref: "#" } }] }, { items: { $ref: "#" }, minItems: 9 }] };
    let value: JsonValue = [];
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(evaluate(compile(bomb, "2020-12"), value).outcome).toBe("undecided");
  });
});
