import { describe, expect, it } from "vitest";
import type { Finding } from "../contracts/compat/index.ts";
import { decide } from "./accept.ts";
import { defaultConfig, type AcceptedBreak } from "./contrail-config.ts";

const finding = (over: Partial<Finding>): Finding => ({
  ruleId: "FIELD_NO_DELETE",
  format: "proto",
  verdict: "breaking",
  surfaces: ["wire"],
  affected: ["old-readers"],
  profiles: ["strict"],
  message: 'Field "note" of "Order" was deleted.',
  consequence: "",
  advice: "",
  place: { path: "shop/order.proto", span: { start: 0, end: 1 } },
  placeVersion: "after",
  ...over,
});
const accept = (over: Partial<AcceptedBreak>): AcceptedBreak => ({
  rule: "FIELD_NO_DELETE",
  reason: "nobody reads it",
  place: { path: "contrail.yaml", span: { start: 0, end: 1 } },
  ...over,
});
const check = (findings: Finding[], accepted: AcceptedBreak[], profiles?: string[]) => {
  const decided = decide(findings, { ...defaultConfig, accepted }, "2026-11-21", profiles);
  return [decided.findings.length, decided.accepted.length, decided.stale.map((problem) => problem.message)];
};

describe("accepted breaks", () => {
  it("take away the findings that fit in everything they name", () => {
    expect(check([finding({})], [accept({})])).toEqual([0, 1, []]);
    expect(check([finding({})], [accept({ path: "shop", element: '"note"', expires: "2026-11-21" })])).toEqual([
      0,
      1,
      [],
    ]);
  });

  it("are reported when they fit nothing or have expired", () => {
    const gone = ["No finding fits this accepted break of FIELD_NO_DELETE any more. Delete it."];
    expect(check([finding({})], [accept({ path: "sho" })])).toEqual([1, 0, gone]);
    expect(check([finding({})], [accept({ element: "total" })])).toEqual([1, 0, gone]);
    expect(check([finding({})], [accept({ expires: "2026-11-20" })])).toEqual([
      1,
      0,
      ["This accepted break of FIELD_NO_DELETE expired after 2026-11-20, so its findings count again."],
    ]);
  });
});

describe("deciding profiles", () => {
  it("let breaks of data count only where one of them breaks, and breaks of source always", () => {
    expect(check([finding({})], [], ["tolerant"])).toEqual([0, 0, []]);
    expect(check([finding({})], [], ["tolerant", "strict"])).toEqual([1, 0, []]);
    expect(check([finding({ surfaces: ["source"], profiles: [] })], [], ["tolerant"])).toEqual([1, 0, []]);
  });
});
