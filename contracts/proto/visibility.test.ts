import { describe, expect, it } from "vitest";
import { linkProto, parseProto } from "./index.ts";

/** Links the files; `^^^` under a line marks the place of each problem, told as `path code`. */
function check(annotated: Readonly<Record<string, string>>): void {
  const wanted: string[] = [];
  const files = Object.entries(annotated).map(([path, text]) => {
    const lines: string[] = [];
    for (const line of text.split("\n")) {
      const marks = [...line.matchAll(/\^+/g)];
      if (marks.length === 0) lines.push(line);
      else {
        const code = line.slice(line.lastIndexOf("^") + 1).trim();
        for (const mark of marks)
          wanted.push(`${path}:${lines.length}:${mark.index}-${mark.index + mark[0].length} ${code}`);
      }
    }
    return parseProto(path, lines.join("\n"));
  });
  const texts = new Map(files.map((file) => [file.path, file.text]));
  const found = linkProto(files).problems.map(({ path, span, code }) => {
    const before = (texts.get(path) ?? "").slice(0, span.start).split("\n");
    const column = before.at(-1)?.length ?? 0;
    return `${path}:${before.length}:${column}-${column + span.end - span.start} ${code}`;
  });
  expect(found).toEqual(wanted);
}

const uses = `edition = "2024"; package b; import "a.proto"; message X {
  a.T t = 1;
  a.T.N n = 2;
  a.T.E e = 3;
  a.T.L l = 4;
  a.T2 t2 = 5;
  a.L2 l2 = 6;
  a.X2 x2 = 7;
}`;

describe("symbol visibility", () => {
  const defaults = {
    EXPORT_ALL: ["a.T.L", "a.L2"],
    EXPORT_TOP_LEVEL: ["a.T.N", "a.T.E", "a.T.L", "a.L2"],
    LOCAL_ALL: ["a.T", "a.T.N", "a.T.E", "a.T.L", "a.T2", "a.L2"],
    STRICT: ["a.T", "a.T.N", "a.T.E", "a.T.L", "a.T2", "a.L2"],
  };
  for (const [value, hidden] of Object.entries(defaults)) {
    it(`follows ${value} where no keyword is written`, () => {
      const marked = uses.split("\n").map((line) => {
        const name = line.trim().split(" ")[0] ?? "";
        return hidden.includes(name) ? `${line}\n  ${"^".repeat(name.length)} proto-local` : line;
      });
      check({
        "a.proto": `edition = "2024"; package a; option features.default_symbol_visibility = ${value};
          message T { message N {} enum E { E_ZERO = 0; } local message L {} }
          enum T2 { T2_ZERO = 0; } local message L2 {} export message X2 {}`,
        "b.proto": marked.join("\n"),
      });
    });
  }

  it("refuses every kind of reference once, in files of any edition, and names the way out", () => {
    const files = {
      "a.proto": `edition = "2024"; package a; local message L { extensions 5 to 10; } local enum E { E_ZERO = 0; }`,
      "b.proto": `syntax = "proto2"; package b; import "a.proto";
message X {
  optional a.L l = 1;
           ^^^ proto-local
  map<string, a.L> m = 2;
              ^^^ proto-local
  optional a.E e = 3 [default = E_ZERO];
           ^^^ proto-local
}
extend a.L { optional int32 x = 5; optional int32 y = 6; }
       ^^^ proto-local
service S { rpc R(a.L) returns (stream a.E); }
                  ^^^                  ^^^ proto-local
`,
    };
    check(files);
    const b = files["b.proto"].replace(/^.*\^.*\n/gm, "");
    const { problems } = linkProto([parseProto("a.proto", files["a.proto"]), parseProto("b.proto", b)]);
    expect(problems[0]?.message).toBe(
      `The message "a.L" is local to "a.proto". Mark it "export" there, or define your own.`,
    );
  });

  it("lets the same file and older editions name all, and options be set whose type is local", () => {
    check({
      "a.proto": `edition = "2024"; package a; import "google/protobuf/descriptor.proto";
        local message L { string s = 1; message N {} } message M { L l = 1; L.N n = 2; }
        extend google.protobuf.FileOptions { L opt = 50001; }`,
      "old.proto": `edition = "2023"; package old; message O { message N {} }`,
      "b.proto": `edition = "2024"; package b; import "a.proto"; import "old.proto"; option (a.opt).s = "x"; message X { old.O.N n = 1; }`,
    });
  });

  it("sees local symbols through public imports, in Any literals and as the first part of option names", () => {
    check({
      "a.proto": `edition = "2024"; package a; import "google/protobuf/any.proto"; import "google/protobuf/descriptor.proto";
        extend google.protobuf.FileOptions { google.protobuf.Any any = 50001; }
        local message L { string s = 1; extend google.protobuf.FileOptions { string x = 50002; string y = 50003; } }`,
      "p.proto": `syntax = "proto3"; import public "a.proto";`,
      "b.proto": `edition = "2024"; package a; import "p.proto";
option (a.any) = { [type.googleapis.com/a.L] { s: "x" } };
                   ^^^^^^^^^^^^^^^^^^^^^^^^^ proto-local
option (L.x) = "x";
       ^^^^^ proto-local
option (a.L.y) = "x";
message X { L l = 1; }
            ^ proto-local`,
    });
  });

  it("passes over local symbols on the way to outer scopes", () => {
    const a = `edition = "2024"; package a.b; local message Foo { export message In {} }`;
    const c = `syntax = "proto3"; package a; enum Foo { FOO_ZERO = 0; }`;
    const b = `edition = "2024"; package a.b; import "a.proto"; import "c.proto"; message X { Foo foo = 1; b.Foo.In in = 2; }`;
    check({ "a.proto": a, "b.proto": b, "c.proto": c });
  });

  it("keeps STRICT files from exporting nested symbols, but for the enums of a namespace", () => {
    check({
      "a.proto": `edition = "2024"; package a; option features.default_symbol_visibility = STRICT;
message A { reserved 1 to max; export enum E { E_ZERO = 0; } }
local message B { reserved 1 to 536870911; export enum E { E_ZERO = 0; } message N {} }
export message C { reserved 1 to max; export enum E { E_ZERO = 0; } }
                                      ^^^^^^ proto-visibility
message D { reserved 2 to max; export enum E { E_ZERO = 0; } }
                               ^^^^^^ proto-visibility
message F { export message G {} }
            ^^^^^^ proto-visibility
message H { message I { reserved 1 to max; export enum E { E_ZERO = 0; } } }
                                           ^^^^^^ proto-visibility
`,
      "old.proto": `edition = "2023";
local message A { export enum E { E_ZERO = 0; } }
^^^^^             ^^^^^^ proto-visibility`,
    });
  });
});
