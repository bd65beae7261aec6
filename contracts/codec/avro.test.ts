import { deflateRawSync } from "node:zlib";
import avsc from "avsc";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DocumentSet, type Place } from "../source/index.ts";
import { canonicalForm, fingerprintOf, readAvroContainer } from "./avro-files.ts";
import { readAvroWhole } from "./avro-read.ts";
import { type AvroSchema, AvroSchemas } from "./avro-schema.ts";
import { createCatalog, type JsonValue, type MessageInput } from "./index.ts";

const orderAvsc = `{
  "type": "record", "name": "OrderPlaced", "namespace": "shop.events", "aliases": ["OrderCreated"],
  "fields": [
    {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "lines", "type": {"type": "array", "items": "Line"}},
    {"name": "note", "type": ["null", "string"], "default": null}
  ]
}`;
const lineAvsc = `{"type": "record", "name": "Line", "namespace": "shop.events",
  "fields": [{"name": "sku", "type": "string"}, {"name": "quantity", "type": "int"}]}`;
const asyncapi = `asyncapi: 3.0.0
info: {title: shop, version: 1.0.0}
servers: {kafka: {host: "127.0.0.1:9092", protocol: kafka}}
channels:
  orders:
    address: shop.orders
    messages:
      Placed:
        payload:
          schemaFormat: application/vnd.apache.avro;version=1.9.0
          schema: {$ref: "../avro/order.avsc"}
  stock:
    address: shop.stock
    messages:
      StockChanged:
        payload:
          schemaFormat: application/vnd.apache.avro+yaml;version=1.9.0
          schema:
            type: record
            name: Changed
            fields: [{name: sku, type: string}, {name: left, type: long}]
`;
const files = new Map([
  ["avro/order.avsc", orderAvsc],
  ["avro/line.avsc", lineAvsc],
  ["api/shop.asyncapi.yaml", asyncapi],
]);
const catalog = createCatalog({ files, protoModules: [] });
const decode = (input: Partial<MessageInput> & { body: Uint8Array }) =>
  catalog.decode({ broker: "kafka", channel: "elsewhere", headers: [], ...input });

const orderType = avsc.Type.forSchema({
  ...(JSON.parse(orderAvsc) as object),
  fields: (JSON.parse(orderAvsc) as { fields: Array<{ name: string }> }).fields.map((field) =>
    field.name === "lines" ? { name: "lines", type: { type: "array", items: JSON.parse(lineAvsc) as object } } : field,
  ),
} as avsc.Schema);
const order = {
  id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  total: Buffer.from([0x04, 0xd2]),
  at: 1_700_000_000_123,
  lines: [{ sku: "tea", quantity: 2 }],
  note: { string: "fast, please" },
};
const orderBytes = new Uint8Array(orderType.toBuffer({ ...order, note: order.note.string }));
const orderValue = {
  id: order.id,
  total: "12.34",
  at: "2023-11-14T22:13:20.123Z",
  lines: [{ sku: "tea", quantity: 2 }],
  note: "fast, please",
};

function textAt(place: Place | undefined): string | undefined {
  return place && files.get(place.path)?.slice(place.span.start, place.span.end);
}

describe("Avro bodies", () => {
  it("are read by what a channel declares, with types of several files, and point into the .avsc", () => {
    const body = decode({ channel: "shop.orders", body: orderBytes });
    expect(body).toMatchObject({ format: "avro", value: orderValue, evidence: "declared", check: "valid" });
    expect(body.typeName).toBe("OrderPlaced");
    expect(body.definition).toMatchObject({ format: "avro", name: "shop.events.OrderPlaced" });
    expect(textAt(body.definition?.place)).toBe('"OrderPlaced"');
  });

  it("are read by a schema inside of the AsyncAPI document", () => {
    const type = avsc.Type.forSchema({
      type: "record",
      name: "Changed",
      fields: [
        { name: "sku", type: "string" },
        { name: "left", type: "long" },
      ],
    });
    const body = decode({ channel: "shop.stock", body: new Uint8Array(type.toBuffer({ sku: "tea", left: 9 })) });
    expect(body).toMatchObject({ format: "avro", value: { sku: "tea", left: 9 }, typeName: "Changed" });
    expect(textAt(body.definition?.place)).toBe("Changed");
  });

  it("are found behind a registry's framing, by headers, aliases, topic names, and by being the only fit", () => {
    const framed = new Uint8Array([0, 0, 0, 0, 9, ...orderBytes]);
    const old = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 9, ...orderBytes]);
    expect(decode({ channel: "shop.orders", body: framed }).value).toEqual(orderValue);
    expect(decode({ channel: "shop.orders", body: old }).value).toEqual(orderValue);
    const evidence = (input: Partial<MessageInput>) => decode({ ...input, body: orderBytes }).evidence;
    expect(evidence({ typeHint: "shop.events.OrderPlaced" })).toBe("header");
    expect(evidence({ typeHint: "OrderCreated" })).toBe("header");
    expect(evidence({ channel: "dev.order-placed" })).toBe("topic-name");
    expect(evidence({})).toBe("guessed");
    expect(decode({ body: framed }).evidence).toBe("guessed");
  });

  it("that declare their writer's fingerprint are read by it, else say that it is not known", () => {
    const form = canonicalForm(new AvroSchemas(new DocumentSet(files), files.keys()).recordsOf("avro/order.avsc")[0]!);
    const mark = Buffer.from(fingerprintOf(form ?? ""), "hex").reverse();
    const single = new Uint8Array([0xc3, 1, ...mark, ...orderBytes]);
    expect(decode({ body: single })).toMatchObject({ format: "avro", value: orderValue, evidence: "header" });
    const unknown = decode({ body: new Uint8Array([0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0xff]) });
    expect(unknown.format).toBe("binary");
    expect(unknown.attempts[0]?.failure).toContain("0807060504030201");
  });

  it("that do not fit say where, and break what their channel declares", () => {
    const cut = decode({ channel: "shop.orders", body: orderBytes.subarray(0, 52) });
    expect(cut).toMatchObject({ check: "invalid", definition: { format: "avro" } });
    expect(cut.attempts[0]?.failure).toMatch(/^The bytes do not fit at lines/);
    const json = decode({ channel: "shop.orders", body: new TextEncoder().encode('{"id": "x"}') });
    expect(json).toMatchObject({ format: "json", check: "invalid" });
    expect(json.violations[0]?.message).toBe("is declared as Avro, but is json");
  });

  it("are none where another schema fits as well, or nothing but numbers would speak for it", () => {
    expect(decode({ body: new Uint8Array([0x80, 0x80, 0x02]) }).format).toBe("binary");
  });
});

/** The schema of a document that holds nothing else. */
function schemaOf(json: unknown): AvroSchema {
  const documents = new DocumentSet(new Map([["s.avsc", JSON.stringify(json)]]));
  const root = documents.document("s.avsc")?.root;
  if (root === undefined) throw new Error("no schema");
  return new AvroSchemas(documents, ["s.avsc"]).schema("s.avsc", root);
}

describe("fingerprints", () => {
  it.each([
    ["null", 7195948357588979594n],
    ["boolean", -6970731678124411036n],
    ["int", 8247732601305521295n],
    ["long", -3434872931120570953n],
    ["bytes", 5746618253357095269n],
    ["string", -8142146995180207161n],
  ])("of %s is the one that Avro's own tests have", (name, wanted) => {
    expect(BigInt.asIntN(64, BigInt(`0x${fingerprintOf(`"${name}"`)}`))).toBe(wanted);
  });
});

/** A schema with values of it, and what they are in JSON by the conventions of decoded bodies. */
interface Sample {
  readonly schema: unknown;
  readonly value: unknown;
  readonly json: JsonValue;
}

let names = 0;
const scalar = fc.oneof(
  fc.constant<Sample>({ schema: "null", value: null, json: null }),
  fc.boolean().map((value): Sample => ({ schema: "boolean", value, json: value })),
  fc.integer().map((value): Sample => ({ schema: "int", value, json: value })),
  fc.maxSafeInteger().map((value): Sample => ({
    schema: "long",
    // avsc keeps one off the edge.
    value: Math.trunc(value / 2),
    json: Math.trunc(value / 2),
  })),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value): Sample => ({ schema: "float", value, json: value })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value): Sample => ({
    schema: "double",
    value,
    json: value,
  })),
  fc.string({ unit: "grapheme" }).map((value): Sample => ({ schema: "string", value, json: value })),
  fc.uint8Array({ maxLength: 40 }).map((value): Sample => ({
    schema: "bytes",
    value: Buffer.from(value),
    json: Buffer.from(value).toString("base64"),
  })),
  fc.uint8Array({ minLength: 1, maxLength: 9 }).map((value): Sample => ({
    schema: { type: "fixed", name: `F${names++}`, size: value.length },
    value: Buffer.from(value),
    json: Buffer.from(value).toString("base64"),
  })),
  fc.nat({ max: 4 }).map((value): Sample => ({
    schema: { type: "enum", name: `E${names++}`, symbols: ["A", "B", "C", "D", "E"] },
    value: "ABCDE"[value],
    json: "ABCDE"[value] ?? "",
  })),
);

const sample = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.tuple(tie("any"), fc.nat({ max: 300 })).map(([item, count]): Sample => ({
      schema: { type: "array", items: item.schema },
      value: Array.from({ length: count % 7 }, () => item.value),
      json: Array.from({ length: count % 7 }, () => item.json),
    })),
    fc
      .tuple(tie("any"), fc.uniqueArray(fc.string({ unit: "grapheme-ascii" }), { maxLength: 4 }))
      .map(([item, keys]): Sample => {
        const own = keys.filter((key) => key !== "__proto__");
        return {
          schema: { type: "map", values: item.schema },
          value: Object.fromEntries(own.map((key) => [key, item.value])),
          json: Object.fromEntries(own.map((key) => [key, item.json])),
        };
      }),
    fc.array(tie("any"), { maxLength: 5 }).map((items): Sample => ({
      schema: {
        type: "record",
        name: `R${names++}`,
        namespace: names % 2 === 0 ? "a.b" : "",
        fields: items.map((item, i) => ({ name: `f${i}`, type: item.schema })),
      },
      value: Object.fromEntries(items.map((item, i) => [`f${i}`, item.value])),
      json: Object.fromEntries(items.map((item, i) => [`f${i}`, item.json])),
    })),
    tie("any").map((item): Sample => {
      const isUnion = Array.isArray(item.schema) || item.schema === "null" || item.value === null;
      return isUnion ? item : { schema: ["null", item.schema], value: item.value, json: item.json };
    }),
  ),
}));

describe("against avsc", () => {
  it("random values of random schemas are read as avsc wrote them", () => {
    fc.assert(
      fc.property(sample.any, ({ schema, value, json }) => {
        const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false });
        const reading = readAvroWhole(schemaOf(schema), new Uint8Array(type.toBuffer(value)));
        expect(reading.ok ? { value: reading.value } : reading).toEqual({ value: json });
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  it("every cut of a value and every value with a byte more is refused, and a changed byte harms nothing", () => {
    fc.assert(
      fc.property(sample.any, fc.nat(), fc.nat(), ({ schema, value }, at, byte) => {
        const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false });
        const bytes = new Uint8Array(type.toBuffer(value));
        const own = schemaOf(schema);
        expect(readAvroWhole(own, new Uint8Array([...bytes, 0])).ok).toBe(false);
        if (bytes.length === 0) return;
        expect(readAvroWhole(own, bytes.subarray(0, at % bytes.length)).ok).toBe(false);
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length] = byte & 255;
        // avsc is not asked here: a changed count makes it fill the memory.
        expect(() => readAvroWhole(own, changed)).not.toThrow();
      }),
      { numRuns: 1000, seed: 12 },
    );
  });
});

describe("hostile Avro", () => {
  const list = schemaOf({ type: "array", items: "null" });
  const chain = schemaOf({ type: "record", name: "C", fields: [{ name: "next", type: ["null", "C"] }] });
  const empty = schemaOf({ type: "array", items: { type: "record", name: "E", fields: [] } });

  it.each([
    ["a list of 2^53 nothings", list, [...Array.from({ length: 7 }, () => 0xfe), 0x0f, 0]],
    ["a list of 2^40 empty records", empty, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0]],
    ["a chain without end", chain, Array.from({ length: 100_000 }, () => 2)],
    ["a string of 1 GB", schemaOf("string"), [0x80, 0x80, 0x80, 0x80, 0x08, 65]],
    ["a long of 11 bytes", schemaOf("long"), Array.from({ length: 11 }, () => 0xff)],
    ["a negative length", schemaOf("bytes"), [0x01]],
    ["a string that is not UTF-8", schemaOf("string"), [4, 0xff, 0xfe]],
    ["a type that nobody defines", schemaOf("gone.Away"), [0]],
  ])("%s is refused with a reason, in time", (_name, schema, bytes) => {
    const began = performance.now();
    const reading = readAvroWhole(schema, Uint8Array.from(bytes));
    expect(reading).toMatchObject({ ok: false, failure: expect.stringMatching(/^The bytes do not fit/) as string });
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("schemas that are broken, endless or too deep break nothing", () => {
    for (const text of ["", "{", "[]", "7", `{"type": "record"}`, `{"type": {"type": {"type": "int"}}}`, "null"]) {
      const set = { files: new Map([["a.avsc", text]]), protoModules: [] };
      expect(() => createCatalog(set)).not.toThrow();
    }
    let deep = `"int"`;
    for (let i = 0; i < 5000; i++) deep = `{"type":"array","items":${deep}}`;
    expect(() => createCatalog({ files: new Map([["a.avsc", deep]]), protoModules: [] })).not.toThrow();
  });
});

describe("container files", () => {
  it("bring their schema, and are read whole or refused with a reason", () => {
    const long = (value: number): number[] =>
      value < 64
        ? [value * 2]
        : [((value * 2) & 127) | 128, ...(value < 8192 ? [value >> 6] : [((value >> 6) & 127) | 128, value >> 13])];
    const text = (value: string) => [...long(value.length), ...Buffer.from(value)];
    const sync = Array.from({ length: 16 }, (_, i) => i);
    const values = [...text("tea"), 4, ...text("milk"), 1 * 2];
    const file = (codec: string, block: readonly number[] = values) =>
      Uint8Array.from([
        ...Buffer.from("Obj\u0001"),
        ...long(2),
        ...text("avro.schema"),
        ...text(lineAvsc),
        ...text("avro.codec"),
        ...text(codec),
        0,
        ...sync,
        ...long(2),
        ...long(block.length),
        ...block,
        ...sync,
      ]);
    const good = file("null");
    const lines = [
      { sku: "tea", quantity: 2 },
      { sku: "milk", quantity: 1 },
    ];
    // A snappy block is a length, here one literal, and behind it a checksum.
    const snappy = [values.length, (values.length - 1) << 2, ...values, 0, 0, 0, 0];
    for (const body of [good, file("deflate", [...deflateRawSync(Buffer.from(values))]), file("snappy", snappy)]) {
      expect(decode({ body })).toMatchObject({
        format: "avro",
        definition: { name: "shop.events.Line" },
        value: lines,
      });
    }
    const bomb = file("deflate", [...deflateRawSync(Buffer.alloc(20_000_000))]);
    for (const [body, why] of [
      [file("zstandard"), "zstandard"],
      [file("deflate"), "cannot be read"],
      [file("snappy"), "cannot be read"],
      [bomb, "more than 16777216 bytes come out"],
    ] as const) {
      expect(readAvroContainer(body)).toMatchObject({ ok: false, failure: expect.stringContaining(why) as string });
    }
    for (let end = 0; end < good.length; end += 3) expect(() => readAvroContainer(good.subarray(0, end))).not.toThrow();
  });
});
