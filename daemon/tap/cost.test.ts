import { expect, it } from "vitest";
import { bytesInWords, RequestCounts } from "./cost.ts";

it("tells requests by kind, the most frequent first", () => {
  const counts = new RequestCounts();
  expect(counts.sentence()).toBe("0 requests");
  counts.count("Metadata");
  expect(counts.sentence()).toBe("1 request: 1 Metadata");
  for (let i = 0; i < 1_500; i++) counts.count("Fetch");
  expect(counts.sentence()).toBe("1,501 requests: 1,500 Fetch, 1 Metadata");
});

it("tells bytes in words", () => {
  expect([0, 999, 1_000, 12_345, 1_250_000, 3_400_000_000].map(bytesInWords)).toEqual([
    "0 bytes",
    "999 bytes",
    "1.0 kB",
    "12 kB",
    "1.3 MB",
    "3.4 GB",
  ]);
});
