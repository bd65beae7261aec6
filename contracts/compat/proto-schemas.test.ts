import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProtoSchema } from "../proto/index.ts";
import { SchemaCache } from "./proto-schemas.ts";
import type { ContractSet } from "./request.ts";
import { modelPairs } from "./testing/proto-models.ts";

const setOf = (files: ReadonlyMap<string, string>): ContractSet => ({ files, protoModules: [] });

/** All that linking finds out, without the objects. */
function described(schema: ProtoSchema): unknown {
  return {
    problems: schema.problems,
    files: schema.files.map((file) => [file.path, file.hasMissingImport, [...file.visible].map(({ path }) => path)]),
    used: schema.files.map((file) => [...file.used].map(({ path }) => path)),
    messages: [...schema.messages()].map((message) => [
      message.fullName,
      message.place,
      message.fields.map((field) => [field.name, field.number, field.type, field.typeRef?.fullName, field.place]),
    ]),
    enums: [...schema.enums()].map((one) => [one.fullName, one.values.map(({ name, number }) => [name, number])]),
    methods: [...schema.services()].flatMap((service) =>
      service.methods.map(({ fullName, request, response }) => [fullName, request?.fullName, response?.fullName]),
    ),
    extensions: [...schema.extensions()].map(({ fullName, extendee }) => [fullName, extendee?.fullName]),
  };
}

const paths = ["a.proto", "b.proto", "c.proto", "d/e.proto"];

/** A file of its own package that may import the others and name their messages. */
const fileText = fc
  .tuple(modelPairs("p"), fc.constantFrom("p", "p.q", "r"), fc.subarray([...paths, "gone.proto"]), fc.nat(3))
  .map(([{ before }, name, imports, broken]) => {
    const text = before.replace("package p;", `package ${name};`);
    const head = text.indexOf(";", text.indexOf("package")) + 1;
    const lines = imports.map((path) => `\nimport "${path}";`).join("");
    const own = "\nmessage Uses { p.A a = 1; q.B b = 2; r.C c = 3; }\n";
    return `${text.slice(0, head)}${lines}${text.slice(head)}${own}${broken === 0 ? "message {" : ""}`;
  });

type Edit =
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "cut"; readonly path: string; readonly at: number; readonly length: number }
  | { readonly kind: "delete" | "undo"; readonly path: string };

const path = fc.constantFrom(...paths);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("write" as const), path, text: fileText }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("cut" as const), path, at: fc.nat(2000), length: fc.nat(12) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("delete" as const, "undo" as const), path }) },
);

describe("what is kept between checks", () => {
  it("gives after any sequence of edits what linking everything anew gives", () => {
    let steps = 0;
    fc.assert(
      fc.property(
        fc.array(fileText, { minLength: 4, maxLength: 4 }),
        fc.array(edit, { maxLength: 10 }),
        (texts, edits) => {
          const cache = new SchemaCache();
          let files = new Map(paths.map((name, index) => [name, texts[index] ?? ""]));
          const history = [files];
          for (const next of edits) {
            const old = files.get(next.path);
            files = new Map(files);
            if (next.kind === "write") files.set(next.path, next.text);
            else if (next.kind === "delete") files.delete(next.path);
            else if (next.kind === "undo") files = new Map(history.at(-2) ?? files);
            else if (next.kind === "cut" && old !== undefined) {
              const at = next.at % (old.length + 1);
              files.set(next.path, old.slice(0, at) + old.slice(at + next.length));
            }
            history.push(files);
            const set = setOf(files);
            expect(described(cache.of(set))).toEqual(described(new SchemaCache().of(setOf(new Map(files)))));
            steps++;
          }
        },
      ),
      { numRuns: 60, seed: 13 },
    );
    expect(steps).toBeGreaterThan(200);
  });

  it("parses and links nothing anew where nothing changed, and only the changed text where one did", () => {
    const cache = new SchemaCache();
    const files = new Map([
      ["a.proto", `syntax = "proto3"; import "b.proto"; message A { B b = 1; }`],
      ["b.proto", `syntax = "proto3"; message B {}`],
    ]);
    const first = cache.of(setOf(files));
    expect(cache.of(setOf(new Map(files)))).toBe(first);
    const second = cache.of(setOf(new Map(files).set("a.proto", `syntax = "proto3"; message A {}`)));
    expect(second.file("b.proto")?.node).toBe(first.file("b.proto")?.node);
    expect(second.file("a.proto")?.node).not.toBe(first.file("a.proto")?.node);
    expect(cache.of({ ...setOf(new Map(files)), protoModules: [] })).toBe(first);
  });

  it("tells sets apart by their modules", () => {
    const cache = new SchemaCache();
    const files = new Map([["m/a.proto", `syntax = "proto3";`]]);
    const module = { directory: "m", excludes: [], breaking: {} as never };
    expect(cache.of(setOf(files)).files[0]?.importPath).toBe("m/a.proto");
    expect(cache.of({ files, protoModules: [module] }).files[0]?.importPath).toBe("a.proto");
  });
});
