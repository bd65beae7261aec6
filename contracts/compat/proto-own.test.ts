import { describe, expect, it } from "vitest";
import { applyEdits } from "../source/index.ts";
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

  it("tells of options that validate, and of others only where the rule is named", () => {
    const options = (rules: string) => `syntax = "proto3";
package p;
import "google/protobuf/descriptor.proto";
message Rules { int32 min = 1; }
extend google.protobuf.FieldOptions { Rules note = 50001; }
message A { int32 n = 1 [${rules}]; }
`;
    const validation = (min: number) => options(`(buf.validate.field).int32.gte = ${min}`);
    const note = (min: number) => options(`(note).min = ${min}`);
    const changed = (text: (min: number) => string) => ({ before: text(1), after: text(2) });
    expect(found({ data: "warn" }, {}, changed(validation))).toEqual([["FIELD_SAME_CUSTOM_OPTIONS", "warning"]]);
    expect(found({ data: "warn" }, {}, changed(note))).toEqual([]);
    expect(found({}, { use: ["DATA"] }, changed(note))).toEqual([["FIELD_SAME_CUSTOM_OPTIONS", undefined]]);
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

describe("advice", () => {
  const old = `syntax = "proto3";
package p;
message Order {
  string id = 1;
  int64 amount_cents = 2;
}
enum Status {
  NEW = 0;
  PAID = 1;
}
`;
  const now = old.replace("  int64 amount_cents = 2;\n", "").replace("  PAID = 1;\n", "");
  const texts = { before: old, after: now };
  const wire = { use: ["WIRE"], except: ["FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"] };
  const advise = (pair: typeof texts, breaking: Partial<BreakingSettings>) =>
    checkProto(requestOf(pair, { advice: true }, breaking)).findings;

  it("is to reserve what was deleted, where no rule that is asked for calls that a break", () => {
    const found = advise(texts, wire);
    expect(found.map(({ ruleId, verdict, severity }) => [ruleId, verdict, severity])).toEqual([
      ["FIELD_RESERVE_DELETED", "compatible", "hint"],
      ["ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "breaking", undefined],
    ]);
    const [fix] = found[0]?.fixes ?? [];
    expect(fix?.title).toBe('Reserve number 2 and name "amount_cents" in "Order"');
    const fixed = applyEdits(now, fix?.edits ?? []);
    expect(fixed).toContain('message Order {\n  reserved 2;\n  reserved "amount_cents";\n  string id = 1;\n}');
    const kept = advise({ before: old, after: fixed }, wire);
    expect(kept.map(({ ruleId }) => ruleId)).toEqual(["ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED"]);
  });

  it("is not given beside a break of the same element, and not at all unless it is asked for", () => {
    expect(advise(texts, {}).map(({ ruleId }) => ruleId)).toEqual(["FIELD_NO_DELETE", "ENUM_VALUE_NO_DELETE"]);
    expect(checkProto(requestOf(texts, { data: "error" }, wire)).findings).toHaveLength(1);
  });

  it("is not to reserve a name that another field has now", () => {
    const moved = { before: old, after: old.replace("amount_cents = 2", "amount_cents = 3") };
    const [deleted] = advise(moved, {});
    expect(deleted?.fixes?.map(({ title }) => title)).toEqual(['Reserve number 2 in "Order"']);
    expect(
      checkProto(requestOf({ before: old, after: applyEdits(moved.after, deleted?.fixes?.[0]?.edits ?? []) }, {}))
        .problems,
    ).toEqual([]);
  });

  it("is nothing while the file cannot be read whole and still holds the name", () => {
    const broken = old.replace("int64 amount_cents = 2;", "int64 amount_cents = ;");
    expect(advise({ before: old, after: broken }, wire)).toEqual([]);
  });

  it("is to mark a replaced type deprecated, with a fix that does so", () => {
    const types = `syntax = "proto3";\nmessage Price {}\nmessage Money {}\nmessage A { map<string, Price> p = 1; }\n`;
    const replaced = types.replace("string, Price", "string, Money");
    const [hint, ...others] = advise(
      { before: types, after: replaced },
      { use: ["WIRE"], except: ["FIELD_WIRE_COMPATIBLE_TYPE"] },
    );
    expect([hint?.ruleId, others]).toEqual(["TYPE_DEPRECATE_REPLACED", []]);
    const fixed = applyEdits(replaced, hint?.fixes?.[0]?.edits ?? []);
    expect(fixed).toContain("message Price {\n  option deprecated = true;\n}");
    expect(advise({ before: types, after: fixed }, { use: ["WIRE"], except: ["FIELD_WIRE_COMPATIBLE_TYPE"] })).toEqual(
      [],
    );
  });
});
