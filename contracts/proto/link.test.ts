import { describe, expect, it } from "vitest";
import { linkProto, parseProto, type ModuleRoot, type ProtoSchema } from "./index.ts";

function link(files: Readonly<Record<string, string>>, modules: readonly ModuleRoot[] = []): ProtoSchema {
  return linkProto(
    Object.entries(files).map(([path, text]) => parseProto(path, text)),
    modules,
  );
}

function told(schema: ProtoSchema): string[] {
  return schema.problems
    .filter(({ severity }) => severity === "error")
    .map(({ path, span, code }) => `${path}:${span.start} ${code}`);
}

describe("linkProto", () => {
  it("resolves names from the innermost scope outwards, across files and packages", () => {
    const schema = link({
      "a.proto": `syntax = "proto3"; package a.b; message M { message N {} N inner = 1; c.Far far = 2; .a.b.M self = 3; } import "c.proto";`,
      "c.proto": `syntax = "proto3"; package a.c; message Far {}`,
    });
    expect(told(schema)).toEqual([]);
    expect(schema.message("a.b.M")?.fields.map((field) => field.typeRef?.fullName)).toEqual([
      "a.b.M.N",
      "a.c.Far",
      "a.b.M",
    ]);
  });

  it("gives each declaration the place of its name", () => {
    const text = `syntax = "proto3";\npackage shop.v1;\nmessage OrderPlaced { string id = 1; }\n`;
    const schema = link({ "proto/shop.proto": text }, [{ directory: "proto", excludes: [] }]);
    const message = schema.message(".shop.v1.OrderPlaced");
    expect(message?.file.importPath).toBe("shop.proto");
    expect(message?.namePlace).toEqual({
      path: "proto/shop.proto",
      span: { start: text.indexOf("OrderPlaced"), end: text.indexOf(" {") },
    });
    expect(text.slice(message?.fields[0]?.numberPlace.span.start, message?.fields[0]?.numberPlace.span.end)).toBe("1");
    expect([...schema.messages()].map((each) => each.fullName)).toEqual(["shop.v1.OrderPlaced"]);
  });

  it("tells a missing import once, with every place looked in, and keeps silent on what it may have brought", () => {
    const text = `syntax = "proto3"; import "other/x.proto"; message A { other.X x = 1; Y y = 2; }`;
    const schema = link({ "one/a.proto": text, "two/b.proto": `syntax = "proto3";` }, [
      { directory: "one", excludes: [] },
      { directory: "two", excludes: [] },
    ]);
    expect(told(schema)).toEqual([`one/a.proto:${text.indexOf('"other')} proto-missing-import`]);
    expect(schema.problems[0]?.message).toContain(`"one/other/x.proto" and "two/other/x.proto"`);
    expect(schema.message("A")?.fields[0]?.type).toBe("unknown");
  });

  it("sees through public imports only, and says which import is missing", () => {
    const schema = link({
      "a.proto": `syntax = "proto3"; import "b.proto"; message A { P p = 1; H h = 2; }`,
      "b.proto": `syntax = "proto3"; import public "p.proto"; import "h.proto"; message B { H h = 1; }`,
      "p.proto": `syntax = "proto3"; message P {}`,
      "h.proto": `syntax = "proto3"; message H {}`,
    });
    expect(told(schema)).toEqual(["a.proto:58 proto-unresolved"]);
    expect(schema.problems[0]?.message).toContain(`import "h.proto";`);
  });

  it("shows a circle of imports once", () => {
    const schema = link({
      "a.proto": `syntax = "proto3"; import "b.proto"; message A { B b = 1; }`,
      "b.proto": `syntax = "proto3"; import "c.proto"; message B { C c = 1; }`,
      "c.proto": `syntax = "proto3"; import "a.proto"; message C { A a = 1; }`,
    });
    expect(told(schema)).toEqual(["c.proto:26 proto-import-cycle"]);
    expect(schema.problems[0]?.message).toContain(`"a.proto" imports "b.proto" imports "c.proto" imports "a.proto"`);
  });

  it("has the well-known types without their files, and prefers a file of the user", () => {
    const file = `syntax = "proto3"; import "google/protobuf/timestamp.proto"; message A { google.protobuf.Timestamp at = 1; }`;
    expect(told(link({ "a.proto": file }))).toEqual([]);
    const own = link({
      "a.proto": file,
      "google/protobuf/timestamp.proto": `syntax = "proto3"; package google.protobuf; message Timestamp { bytes own = 1; }`,
    });
    expect(own.message("A")?.fields[0]?.typeRef?.file.isBuiltIn).toBe(false);
  });

  it("takes files of a module by their own module first", () => {
    const common = `syntax = "proto3"; package p; message`;
    const schema = link(
      {
        "one/x.proto": `${common} X { string one = 1; }`,
        "one/a.proto": `syntax = "proto3"; import "x.proto"; message A { p.X x = 1; }`,
        "two/x.proto": `${common} X { string two = 1; }`,
        "two/b.proto": `syntax = "proto3"; import "x.proto"; message B { p.X x = 1; }`,
      },
      [
        { directory: "one", excludes: [] },
        { directory: "two", excludes: [] },
      ],
    );
    expect(told(schema)).toEqual([]);
    const fieldOf = (name: string) => {
      const type = schema.message(name)?.fields[0]?.typeRef;
      return type?.kind === "message" ? type.fields[0]?.name : undefined;
    };
    expect([fieldOf("A"), fieldOf("B")]).toEqual(["one", "two"]);
  });

  it("resolves the features of editions from the file inwards", () => {
    const schema = link({
      "a.proto": `edition = "2023"; option features.field_presence = IMPLICIT; message A { int32 a = 1; int32 b = 2 [features.field_presence = EXPLICIT]; repeated int32 c = 3; string d = 4 [features = { utf8_validation: NONE }]; }`,
    });
    expect(told(schema)).toEqual([]);
    const fields = schema.message("A")?.fields ?? [];
    expect(fields.map((field) => [field.name, field.hasPresence, field.isPacked])).toEqual([
      ["a", false, false],
      ["b", true, false],
      ["c", false, true],
      ["d", false, false],
    ]);
    expect(fields[3]?.features.utf8Validation).toBe("NONE");
  });
});

describe("semantic problems", () => {
  const cases: ReadonlyArray<readonly [code: string, at: string, text: string]> = [
    ["proto-duplicate-number", "1;}", "message A { string a = 1; string b = 1;}"],
    ["proto-duplicate-name", "A {}", "message B {} enum E { Z = 0; } message A {string x = 1;} message A {}"],
    ["proto-reserved-use", "4;", "message A { reserved 3 to 5; string a = 4; }"],
    ["proto-enum-zero", "1;", "enum E { A = 1; }"],
    ["proto-default", "default", "message A { string a = 1 [default = 'x']; }"],
    ["proto-option", "true]", "message A { string a = 1 [json_name = true]; }"],
    ["proto-json-name", "foo_bar", "message A { string fooBar = 1; string foo_bar = 2; }"],
    ["proto-map-key", "float", "message A { map<float, string> m = 1; }"],
    ["proto-number-range", "19500", "message A { string a = 19500; }"],
    ["proto-label", "required", "message A { required string a = 1; }"],
    ["proto-wrong-kind", "E)", "enum E { Z = 0; } message A {} service S { rpc X(A) returns (E); }"],
  ];
  for (const [code, at, body] of cases) {
    it(`places ${code}`, () => {
      const text = `syntax = "proto3"; ${body}`;
      const { problems } = link({ "a.proto": text });
      const wanted = code === "proto-option" ? "proto-json-name" : code;
      expect(problems.map((problem) => problem.code)).toEqual([wanted]);
      const start = problems[0]?.span.start ?? -1;
      expect(start).toBe(code === "proto-option" ? text.indexOf("json_name") : text.lastIndexOf(at));
    });
  }

  it("warns of an import that nothing uses, but not of a public one or one that options use", () => {
    const files = {
      "a.proto": `syntax = "proto3"; import "b.proto"; import public "c.proto"; import "o.proto"; message A { option (mark) = true; }`,
      "b.proto": `syntax = "proto3"; message B {}`,
      "c.proto": `syntax = "proto3"; message C {}`,
      "o.proto": `syntax = "proto2"; import "google/protobuf/descriptor.proto"; extend google.protobuf.MessageOptions { optional bool mark = 50001; }`,
    };
    const { problems } = link(files);
    expect(problems.map(({ path, severity, code }) => [path, severity, code])).toEqual([
      ["a.proto", "warning", "proto-unused-import"],
    ]);
  });
});
