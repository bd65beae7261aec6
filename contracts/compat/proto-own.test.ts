import { describe, expect, it } from "vitest";
import { builtInProfiles, checkProto, defaultBreaking, type BreakingSettings, type CheckRequest } from "./index.ts";

const before = `syntax = "proto2"; package p;
enum Status { NEW = 0; }
message Order {
  required Status status = 1;
}
message Payment {
  oneof how { string card = 2; }
}
`;
const after = before
  .replace("NEW = 0;", "NEW = 0; PAID = 1;")
  .replace("string card = 2;", "string card = 2; string iban = 3;");

const requestOf = (
  texts: { readonly before: string; readonly after: string },
  more: Partial<CheckRequest>,
  breaking: Partial<BreakingSettings> = {},
): CheckRequest => {
  const protoModules = [{ directory: "", excludes: [], breaking: { ...defaultBreaking, ...breaking } }];
  const side = (text: string) => ({ files: new Map([["a.proto", text]]), protoModules });
  return {
    before: side(texts.before),
    after: side(texts.after),
    level: "full",
    profiles: builtInProfiles,
    ...more,
  };
};

const found = (more: Partial<CheckRequest>, breaking: Partial<BreakingSettings> = {}, texts = { before, after }) =>
  checkProto(requestOf(texts, more, breaking)).findings.map(({ ruleId, severity }) => [ruleId, severity]);

describe("what is found beyond buf's rules", () => {
  it("is nothing where nobody asks for it, so that buf's findings stay buf's", () => {
    expect(found({})).toEqual([]);
    expect(found({ data: "off" })).toEqual([]);
  });

  it("is a warning by default, and a break as any other where that is asked for", () => {
    expect(found({ data: "warn" })).toEqual([
      ["ENUM_VALUE_NO_ADD", "warning"],
      ["ONEOF_NO_GROW", "warning"],
    ]);
    expect(found({ data: "error" })).toEqual([
      ["ENUM_VALUE_NO_ADD", undefined],
      ["ONEOF_NO_GROW", undefined],
    ]);
  });

  it("counts where buf.yaml names it, and is silent where buf.yaml excepts or ignores it", () => {
    expect(found({ data: "warn" }, { use: ["FILE", "ONEOF_NO_GROW"] })).toEqual([
      ["ENUM_VALUE_NO_ADD", "warning"],
      ["ONEOF_NO_GROW", undefined],
    ]);
    expect(found({ data: "warn" }, { except: ["ONEOF_NO_GROW"] })).toEqual([["ENUM_VALUE_NO_ADD", "warning"]]);
    expect(found({ data: "warn" }, { ignore: ["a.proto"] })).toEqual([]);
  });

  it("names who suffers, with a message that proves it", () => {
    const [added, grown] = checkProto(requestOf({ before, after }, { data: "warn" })).findings;
    expect(added?.affected).toEqual(["old-readers"]);
    expect(added?.profiles).toEqual(["tolerant", "strict"]);
    expect(added?.witness?.observations[0]?.outcome).toBe("unreadable");
    expect(grown?.profiles).toEqual(["strict"]);
    expect(grown?.witness?.observations[0]).toMatchObject({ path: "iban", outcome: "moved-into-unknown" });
  });

  it("says nothing of an open enum, whose readers keep the number, or where only the other direction is asked for", () => {
    const open = (text: string) => text.replace("proto2", "proto3").replace("required ", "");
    const texts = { before: open(before), after: open(before.replace("NEW = 0;", "NEW = 0; PAID = 1;")) };
    expect(found({ data: "warn" }, {}, texts)).toEqual([]);
    expect(found({ data: "warn", level: "backward" })).toEqual([]);
  });
});
