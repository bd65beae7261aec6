import { describe, expect, it } from "vitest";
import { applyEdits } from "../source/index.ts";
import {
  checkProto,
  defaultBreaking,
  builtInProfiles,
  type BreakingSettings,
  type CheckRequest,
  type Finding,
} from "./index.ts";
import { createProtobufjsJudge } from "./judges/protobufjs.ts";

const judges = { wire: createProtobufjsJudge() };

function requestOf(before: string, after: string, breaking: Partial<BreakingSettings> = {}): CheckRequest {
  const protoModules = [{ directory: "", excludes: [], breaking: { ...defaultBreaking, ...breaking } }];
  return {
    before: { files: new Map([["a.proto", before]]), protoModules },
    after: { files: new Map([["a.proto", after]]), protoModules },
    level: "full",
    profiles: builtInProfiles,
  };
}

function check(before: string, after: string, breaking: Partial<BreakingSettings> = {}): Finding[] {
  return checkProto(requestOf(before, after, breaking), judges).findings;
}

function message(body: string): string {
  return `syntax = "proto3";\npackage shop.v1;\nmessage Order {\n${body}\n}\nmessage Money { int64 units = 1; }\nmessage Price { int64 units = 1; }\n`;
}

describe("FIELD_SAME_TYPE", () => {
  const use = ["FIELD_SAME_TYPE"];

  it("shows bytes that the other version garbles, confirmed by protobufjs", () => {
    const after = message("  sint32 count = 1;");
    const [finding] = check(message("  int32 count = 1;"), after, { use });
    expect(finding).toMatchObject({
      ruleId: "FIELD_SAME_TYPE",
      verdict: "breaking",
      surfaces: ["wire", "source"],
      affected: ["new-readers", "old-readers", "generated-code"],
      profiles: ["tolerant", "strict"],
      message: `Field 1, "count", of message "Order" changed its type from "int32" to "sint32".`,
      placeVersion: "after",
    });
    expect(after.slice(finding?.place.span.start, finding?.place.span.end)).toBe("sint32");
    expect(finding?.witness).toMatchObject({
      surface: "wire",
      writer: "before",
      reader: "after",
      messageName: "shop.v1.Order",
      written: `{\n  "count": 150\n}`,
      bytes: Uint8Array.of(8, 150, 1),
      observations: [{ path: "count", outcome: "garbled", wrote: "150", read: "75" }],
      judges: [
        { judge: "contrail", external: false, confirms: true },
        { judge: "protobufjs", external: true, confirms: true },
      ],
    });
  });

  it("shows values that move into the unknown fields", () => {
    const [finding] = check(message("  int32 count = 1;"), message("  string count = 1;"), { use });
    expect(finding?.surfaces).toEqual(["wire", "json", "source"]);
    expect(finding?.witness?.observations).toEqual([
      { path: "count", outcome: "moved-into-unknown", wrote: "150", read: `""` },
    ]);
    expect(finding?.witness?.judges).toHaveLength(2);
  });

  it("says source where a structurally equal type takes its place", () => {
    const [finding] = check(message("  Money total = 1;"), message("  Price total = 1;"), { use });
    expect(finding?.surfaces).toEqual(["source"]);
    expect(finding?.witness).toBeUndefined();
    expect(finding?.profiles).toEqual([]);
  });

  it("finds the field inside that differs where messages are exchanged", () => {
    const other = (type: string) =>
      `syntax = "proto3";\nmessage A { ${type} m = 1; }\nmessage X { int64 a = 1; string b = 2; }\nmessage Y { int64 a = 1; fixed32 b = 2; }\n`;
    const [finding] = check(other("X"), other("Y"), { use });
    expect(finding?.witness?.observations[0]?.path).toBe("m.b");
  });

  it("asks one direction only where the level does", () => {
    const request = {
      ...requestOf(message("  int32 n = 1;"), message("  int64 n = 1;"), { use }),
      level: "backward" as const,
    };
    const [finding] = checkProto(request, judges).findings;
    expect(finding?.surfaces).toEqual(["source"]);
    const [forward] = checkProto({ ...request, level: "forward" }, judges).findings;
    expect(forward?.affected).toEqual(["old-readers", "generated-code"]);
    expect(forward?.witness).toMatchObject({ writer: "after", reader: "before" });
  });
});

describe("FIELD_NO_DELETE", () => {
  const use = ["FIELD_NO_DELETE"];
  const before = message("  string id = 1;\n  string note = 2;");

  it("shows where the value goes, and offers to reserve number and name", () => {
    const after = message("  string id = 1;");
    const [finding, ...others] = check(before, after, { use });
    expect(others).toEqual([]);
    expect(finding?.message).toContain(`Field 2, "note", was deleted from message "Order"`);
    expect(finding?.message).toContain("number and name are not reserved");
    expect(after.slice(finding?.place.span.start, finding?.place.span.end)).toBe("message Order");
    expect(finding?.profiles).toEqual(["strict"]);
    expect(finding?.witness).toMatchObject({
      writer: "before",
      reader: "after",
      observations: [{ path: "note", outcome: "moved-into-unknown" }],
    });
    expect(finding?.witness?.judges).toHaveLength(2);
    const fix = finding?.fixes?.[0];
    expect(fix?.title).toBe(`Reserve number 2 and name "note" in "Order"`);
    expect(applyEdits(after, fix?.edits ?? [])).toBe(message(`  reserved 2;\n  reserved "note";\n  string id = 1;`));
  });

  it("says when number and name are reserved, and offers nothing then", () => {
    const [finding] = check(before, message(`  reserved 2;\n  reserved "note";\n  string id = 1;`), { use });
    expect(finding?.message).toContain("are reserved");
    expect(finding?.fixes).toBeUndefined();
  });

  it("shows that a deleted required field makes new messages unreadable for everyone", () => {
    const proto2 = (body: string) => `syntax = "proto2";\nmessage A { optional int32 x = 1; ${body} }`;
    const [finding] = check(proto2("required string key = 2;"), proto2(""), { use });
    expect(finding?.profiles).toEqual(["tolerant", "strict"]);
    expect(finding?.witness?.observations[0]?.outcome).toBe("unreadable");
    expect(finding?.witness?.judges.map((judge) => judge.confirms)).toEqual([true, true]);
  });
});

describe("settings", () => {
  const before = message("  string id = 1;\n  string note = 2;");
  const after = message("  int32 id = 1;");

  it("uses FILE where nothing is named, and honours except, ignore and ignore_only", () => {
    const ids = (breaking: Partial<BreakingSettings>) =>
      check(before, after, breaking).map((finding) => finding.ruleId);
    expect(ids({})).toEqual(["FIELD_NO_DELETE", "FIELD_SAME_TYPE"]);
    expect(ids({ except: ["FIELD_NO_DELETE"] })).toEqual(["FIELD_SAME_TYPE"]);
    expect(ids({ ignore: ["a.proto"] })).toEqual([]);
    expect(ids({ ignoreOnly: { FIELD_SAME_TYPE: ["a.proto"] } })).toEqual(["FIELD_NO_DELETE"]);
    expect(ids({ use: ["WIRE"] })).not.toContain("FIELD_NO_DELETE");
  });
});

describe("what cannot be decided", () => {
  it("concludes nothing from a type whose import is missing", () => {
    const withImport = `syntax = "proto3"; import "b.proto"; message A { b.B b = 1; } service S { rpc R(b.B) returns (A); }`;
    const other = `syntax = "proto3"; package b; message B {}`;
    const request = requestOf(withImport, withImport);
    const before = {
      ...request.before,
      files: new Map([
        ["a.proto", withImport],
        ["b.proto", other],
      ]),
    };
    expect(checkProto({ ...request, before }).findings.map((finding) => finding.ruleId)).toEqual(["FILE_NO_DELETE"]);
    const renamed = { ...request.after, files: new Map([["a.proto", withImport.replaceAll("b.B", "b.C")]]) };
    const findings = checkProto({ ...request, before, after: renamed }).findings.filter(
      (finding) => finding.placeVersion === "after",
    );
    expect(findings.map((finding) => [finding.ruleId, finding.verdict])).toEqual([
      ["FIELD_SAME_TYPE", "unknown"],
      ["RPC_SAME_REQUEST_TYPE", "unknown"],
    ]);
    expect(findings[0]?.reason).toContain("b.C");
  });

  it("does not take what a mistake made unreadable for deleted, but goes on to see what is", () => {
    const findings = check(
      message("  string id = 1;\n  string note = 2;\n  string mail = 3;"),
      message("  string id = 1;\n  string note 5 2;"),
    );
    expect(findings.map((finding) => [finding.ruleId, finding.verdict])).toContainEqual([
      "FIELD_NO_DELETE",
      "breaking",
    ]);
    const gone = check(message("  string id = 1;\n  string note = 2;"), message("  string id = 1;\n  = note;"));
    expect(gone.map((finding) => [finding.ruleId, finding.verdict])).toEqual([["FIELD_NO_DELETE", "unknown"]]);
  });
});
