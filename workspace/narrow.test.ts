import { describe, expect, it } from "vitest";
import { defaultConfig } from "./contrail-config.ts";
import { changedPaths, narrowSides } from "./narrow.ts";
import type { Sides } from "./sides.ts";

const set = (files: Record<string, string>) => ({
  files: new Map(Object.entries(files)),
  protoModules: [{ directory: "proto", excludes: [], breaking: {} as never }],
});
const sidesOf = (before: Record<string, string>, after: Record<string, string>): Sides => ({
  before: set(before),
  after: set(after),
  baseline: { kind: "none", label: "" },
  config: defaultConfig,
  dependencies: [],
  cached: [],
  formats: new Map([["o.yaml", "openapi"]]),
  problems: [],
  settings: new Map(),
  notes: [],
  unreadable: [],
});

describe("narrowSides", () => {
  const before = {
    "proto/a.proto": 'import "b.proto";\nimport "gone.proto";',
    "proto/b.proto": 'import "c.proto";',
    "proto/c.proto": "",
    "proto/gone.proto": "",
    "proto/other.proto": 'import "a.proto";',
    "o.yaml": "$ref: parts.yaml#/x",
    "parts.yaml": "",
    "p.yaml": "",
  };
  const after = { ...before, "proto/a.proto": 'import "b.proto";' };

  it("keeps what the files import in either version, in both", () => {
    const narrowed = narrowSides(sidesOf(before, after), new Set(["proto/a.proto"]));
    const expected = ["proto/a.proto", "proto/b.proto", "proto/c.proto", "proto/gone.proto"];
    expect([...narrowed.before.files.keys()]).toEqual(expected);
    expect([...narrowed.after.files.keys()]).toEqual(expected);
  });

  it("keeps all documents when a part of one changed", () => {
    const keys = (path: string) => [...narrowSides(sidesOf(before, after), new Set([path])).after.files.keys()];
    expect(keys("o.yaml")).toEqual(["o.yaml", "parts.yaml"]);
    expect(keys("parts.yaml")).toEqual(["o.yaml", "p.yaml", "parts.yaml"]);
  });

  it("knows what changed", () => {
    const { "proto/c.proto": _, ...without } = after;
    expect([...changedPaths(set(before), set(without))]).toEqual(["proto/a.proto", "proto/c.proto"]);
  });
});
