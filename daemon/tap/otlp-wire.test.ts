import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { spansOf } from "./otlp-spans.ts";
import { OtlpError, readJsonRequest, readProtobufRequest } from "./otlp-wire.ts";
import { jsonRequest, protobufRequest, type SpanDraft } from "./testing/otlp-requests.ts";

const now = Date.UTC(2026, 10, 21, 12);
const span: SpanDraft = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "00f067aa0ba902b7",
  parentSpanId: "b7ad6b7169203331",
  name: "POST /orders",
  kind: 2,
  startedAt: now + 0.125,
  tookMs: 12.5,
  attributes: {
    "http.request.method": "POST",
    "http.response.status_code": 500,
    "app.sampled": true,
    "app.ratio": 0.25,
    "app.big": 9_007_199_254_740_993n,
    "app.negative": -7,
    "app.list": ["a", 1, ["b"]],
    "app.table": { inner: { deep: "c" } },
    "app.bytes": new Uint8Array([1, 2, 255]),
  },
  events: [
    { name: "exception", at: now + 4, attributes: { "exception.message": "no stock", "exception.escaped": true } },
  ],
  links: [{ traceId: "1af7651916cd43dd8448eb211c80319d", spanId: "10f067aa0ba902b8" }],
  status: { code: 2, message: "stock-svc answered 503" },
};

const read = (request: ReturnType<typeof readJsonRequest>, limit = 100) => spansOf(request, "otlp:x", now + 100, limit);

describe("a span is the same in both encodings", () => {
  test.each([
    ["JSON", () => readJsonRequest(Buffer.from(jsonRequest("orders", [span])))],
    ["Protobuf", () => readProtobufRequest(protobufRequest("orders", [span]))],
  ])("%s", (_encoding, request) => {
    const { envelopes, invalid, tooMany } = read(request());
    expect({ invalid, tooMany }).toEqual({ invalid: 0, tooMany: 0 });
    const [envelope, ...others] = envelopes;
    expect(others).toEqual([]);
    expect(envelope?.timestamp).toBeCloseTo(now + 0.125, 3);
    expect(envelope?.origin).toEqual({
      broker: "otlp",
      service: "orders",
      instance: "orders-7f9c",
      scope: "test.http",
      name: "POST /orders",
      spanKind: "server",
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      links: span.links,
      status: "error",
      statusMessage: "stock-svc answered 503",
      endedAt: expect.closeTo(now + 12.625, 3) as number,
    });
    expect(Object.fromEntries(envelope?.headers.map(({ name, value }) => [name, value]) ?? [])).toEqual({
      ...span.attributes,
    });
    expect(JSON.parse(Buffer.from(envelope?.body ?? []).toString())).toEqual({
      events: [
        {
          name: "exception",
          at: new Date(now + 4).toISOString(),
          attributes: { "exception.message": "no stock", "exception.escaped": true },
        },
      ],
    });
  });
});

describe("what exporters get wrong does no harm", () => {
  const jsonSpan = (members: object) =>
    read({
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: span.traceId, spanId: span.spanId, ...members }] }] }],
    });

  test("a span without valid ids is rejected, and only that", () => {
    const request = {
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: ["", "0".repeat(32), "xyz", 7, span.traceId].map((traceId) => ({ traceId, spanId: span.spanId })),
            },
          ],
        },
      ],
    };
    const { envelopes, invalid } = read(request);
    expect({ taken: envelopes.length, invalid }).toEqual({ taken: 1, invalid: 4 });
  });

  test("members of another type are as if they were not there", () => {
    const odd = {
      name: 7,
      kind: {},
      attributes: "x",
      events: [null, 3],
      links: [[]],
      status: "ERROR",
      startTimeUnixNano: "soon",
      endTimeUnixNano: -1,
      parentSpanId: 5,
    };
    expect(jsonSpan(odd).envelopes[0]?.origin).toMatchObject({
      service: "unknown_service",
      name: "span",
      spanKind: "internal",
      status: "unset",
    });
    for (const request of [
      {},
      { resourceSpans: 7 },
      { resourceSpans: [null] },
      { resourceSpans: [{ scopeSpans: {} }] },
    ]) {
      expect(read(request).envelopes).toEqual([]);
    }
  });

  test("enums may come by name, as Protobuf's own JSON has them", () => {
    const { origin } =
      jsonSpan({ kind: "SPAN_KIND_CONSUMER", status: { code: "STATUS_CODE_ERROR" } }).envelopes[0] ?? {};
    expect(origin).toMatchObject({ spanKind: "consumer", status: "error" });
  });

  test("a clock that is not set is not believed: the span stands when it came", () => {
    for (const startTimeUnixNano of ["0", "1000", String(BigInt(now + 3 * 86_400_000) * 1_000_000n)]) {
      expect(jsonSpan({ startTimeUnixNano }).envelopes[0]).not.toHaveProperty("timestamp");
    }
  });

  test("a span is kept within bounds, and says how much was left out", () => {
    const attributes = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`a${i}`, "x"]));
    const events = Array.from({ length: 40 }, () => ({ name: "e", at: now }));
    const big = { ...span, attributes: { huge: "h".repeat(1_000_000), ...attributes }, events };
    const { envelopes } = read(readProtobufRequest(protobufRequest("orders", [big])));
    const [envelope] = envelopes;
    expect(envelope?.headers).toHaveLength(128);
    expect(envelope?.headers[0]?.value).toHaveLength(8_192);
    expect(envelope?.origin.dropped).toBe(1 + (501 - 128) + (40 - 32));
  });

  test("what signs an address is no part of what is kept of it", () => {
    const url = "https://files.example.com/a?sv=1&sig=abc%2F123&X-Amz-Signature=00ff&part=2#top";
    const attributes = { "url.full": url, "app.list": [`${url}&Signature=zz`] };
    const [envelope] = read(readProtobufRequest(protobufRequest("orders", [{ ...span, attributes }]))).envelopes;
    const kept = "https://files.example.com/a?sv=1&sig=*&X-Amz-Signature=*&part=2#top";
    expect(envelope?.headers.map(({ value }) => value)).toEqual([kept, [`${kept}&Signature=*`]]);
  });

  test("spans beyond what may be taken in are counted, not read", () => {
    const spans = Array.from({ length: 10 }, (_, i) => ({ ...span, spanId: (i + 1).toString(16).padStart(16, "0") }));
    const { envelopes, tooMany } = read(readProtobufRequest(protobufRequest("orders", spans)), 4);
    expect({ taken: envelopes.length, tooMany }).toEqual({ taken: 4, tooMany: 6 });
  });
});

describe("bytes that are no request", () => {
  const refused = (bytes: Uint8Array) =>
    expect(() => readProtobufRequest(bytes), Buffer.from(bytes).toString("hex").slice(0, 60));

  test("a declared length of 1 GB takes no memory", () => {
    const gigabyte = protobuf.Writer.create()
      .uint32(10)
      .uint32(1 << 30)
      .finish();
    refused(gigabyte).toThrow(OtlpError);
    // The same further in: in an attribute's text, within parts that are as long as they say.
    const text = protobuf.Writer.create();
    text
      .uint32(10)
      .fork()
      .uint32(18)
      .fork()
      .uint32(18)
      .fork()
      .uint32(42)
      .uint32(1 << 30);
    refused(text.ldelim().ldelim().ldelim().finish()).toThrow(/1073741824 bytes/);
  });

  test("millions of empty parts are stopped while they are counted", () => {
    const inner = Buffer.alloc(2 * 1_000_000, Buffer.from([0x4a, 0x00]));
    const request = protobuf.Writer.create();
    request.uint32(10).fork().uint32(18).fork().uint32(18).bytes(inner).ldelim().ldelim();
    const before = process.memoryUsage().heapUsed;
    refused(request.finish()).toThrow(/more than 400000 parts/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(256 * 1024 * 1024);
  });

  test("values within values within values end at a depth", () => {
    let value = Buffer.from([0x0a, 0x01, 0x78]);
    for (let i = 0; i < 5_000; i++) {
      const list = protobuf.Writer.create().uint32(10).bytes(value).finish();
      value = Buffer.from(protobuf.Writer.create().uint32(42).bytes(list).finish());
    }
    const attribute = protobuf.Writer.create().uint32(18).bytes(value).finish();
    const request = protobuf.Writer.create();
    request
      .uint32(10)
      .fork()
      .uint32(18)
      .fork()
      .uint32(18)
      .fork()
      .uint32(74)
      .bytes(attribute)
      .ldelim()
      .ldelim()
      .ldelim();
    refused(request.finish()).toThrow(/nested too deeply/);
  });

  test("a field of another type, and a text that ends early, are refused; unknown fields are passed over", () => {
    refused(Buffer.from([0x08, 0x01])).toThrow(OtlpError);
    refused(protobufRequest("orders", [span]).subarray(0, -5)).toThrow(OtlpError);
    refused(Buffer.from("not protobuf at all, but a text")).toThrow(OtlpError);
    const later = Buffer.concat([protobufRequest("orders", [span]), Buffer.from([0xfa, 0x01, 0x02, 0x68, 0x69])]);
    expect(read(readProtobufRequest(later)).envelopes).toHaveLength(1);
  });

  test("JSON that is none is refused, and deep JSON read as far as it goes", () => {
    for (const text of ["", "{", "[]", "null", "7", "\u0000"]) {
      expect(() => readJsonRequest(Buffer.from(text)), text).toThrow(OtlpError);
    }
    let deep = '{"stringValue":"x"}';
    for (let i = 0; i < 1_000; i++) deep = `{"arrayValue":{"values":[${deep}]}}`;
    const text = jsonRequest("orders", [span]).replace('{"stringValue":"POST"}', deep);
    expect(read(readJsonRequest(Buffer.from(text))).envelopes[0]?.headers[0]?.value).toEqual([[[[null]]]]);
  });
});
