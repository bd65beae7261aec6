import { describe, expect, it } from "vitest";
import type { Header, KafkaOrigin } from "../tap/envelope.ts";
import { headersFromText, headersToText, originFromText, originToText } from "./values.ts";

const bytes = (text: string | number[]) => new Uint8Array(Buffer.from(text as string));

describe("headers in a capture", () => {
  it.each<readonly [string, string | number[]]>([
    ["plain", "OrderPlaced"],
    ["", ""],
    ["quotes and backslashes", 'say "no" \\ or'],
    ["control characters", "tab\tline\nnul\0"],
    ["letters beyond ASCII", "Größe 尺寸 🚚"],
    ["long", "x".repeat(5_000)],
    ["no text", [0xff, 0xfe, 0x41]],
    ['quoted na"me\\', "value"],
  ])("come back as they were: %s", (name, value) => {
    const headers: readonly Header[] = [
      { name, value: bytes(value) },
      { name: "n", value: null },
      { name, value: 7n },
    ];
    const text = headersToText(headers);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(headersFromText(text)).toEqual(headers);
    expect(headersFromText(text), "the second time they are known").toEqual(headers);
  });
});

describe("places of records in a capture", () => {
  const place: KafkaOrigin = {
    broker: "kafka",
    topic: "orders",
    partition: 1,
    offset: 7n,
    timestampType: "create",
    transactional: false,
  };

  it.each<readonly [string, KafkaOrigin]>([
    ["of one partition, one after another", place],
    ["beyond what numbers can say", { ...place, offset: 9_007_199_254_740_993n }],
    ["of a producer that has a number", { ...place, offset: 8n, producerId: 12n }],
    ["of another partition", { ...place, partition: 2 }],
    ["of a topic that looks like a place", { ...place, topic: '","offset":"9"}' }],
    ["before the first", { ...place, offset: -1n }],
  ])("come back as they were: %s", (_what, origin) => {
    for (const offset of [origin.offset, origin.offset + 1n]) {
      expect(originFromText(originToText({ ...origin, offset }))).toEqual({ ...origin, offset });
    }
  });
});
