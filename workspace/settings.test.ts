import { describe, expect, it } from "vitest";
import { LineIndex, type Problem } from "../contracts/source/index.ts";
import { readBufSettings } from "./buf-config.ts";
import { modulesFromImports } from "./import-roots.ts";
import { readContrailConfig } from "./read-contrail-config.ts";

/** Problems as `line: message`, the line counted from 1. */
const shown = (text: string, problems: readonly Problem[]) =>
  problems.map(({ span, message }) => `${new LineIndex(text).positionAt(span.start).line + 1}: ${message}`);

describe("buf.yaml", () => {
  const read = (files: Record<string, string>) => readBufSettings(new Map(Object.entries(files)));

  it("v1 is one module, its paths relative to itself", () => {
    const { modules, governed } = read({
      "proto/buf.yaml":
        "version: v1\nbuild: {excludes: [vendor]}\nbreaking:\n  use: [WIRE]\n  except: [FIELD_SAME_NAME]\n  ignore: [a]\n  ignore_only: {FILE: [b/c.proto]}\n  ignore_unstable_packages: true\n",
    });
    expect(governed).toEqual(["proto"]);
    expect(modules).toEqual([
      {
        directory: "proto",
        excludes: ["proto/vendor"],
        breaking: {
          version: "v1",
          use: ["WIRE"],
          except: ["FIELD_SAME_NAME"],
          ignore: ["proto/a"],
          ignoreOnly: { FILE: ["proto/b/c.proto"] },
          ignoreUnstablePackages: true,
        },
      },
    ]);
  });

  it("v1beta1 has roots", () => {
    const { modules } = read({ "buf.yaml": "version: v1beta1\nbuild: {roots: [a, b], excludes: [a/x]}\n" });
    expect(modules.map(({ directory, excludes }) => ({ directory, excludes }))).toEqual([
      { directory: "a", excludes: ["a/x"] },
      { directory: "b", excludes: [] },
    ]);
  });

  it("v2 lists modules; a module's own breaking section replaces the shared one", () => {
    const { modules } = read({
      "buf.yaml":
        "version: v2\nmodules:\n  - path: a\n  - path: b\n    excludes: [b/x]\n    breaking: {use: [WIRE]}\nbreaking: {use: [PACKAGE], ignore: [a/old]}\n",
    });
    expect(modules.map(({ directory, breaking }) => [directory, breaking.use, breaking.ignore])).toEqual([
      ["a", ["PACKAGE"], ["a/old"]],
      ["b", ["WIRE"], []],
    ]);
  });

  it("buf.work.yaml names directories, with or without a buf.yaml", () => {
    const { modules } = read({
      "buf.work.yaml": "version: v1\ndirectories: [a, b]\n",
      "a/buf.yaml": "version: v1\nbreaking: {use: [WIRE]}\n",
    });
    expect(modules.map(({ directory, breaking }) => [directory, breaking.use])).toEqual([
      ["b", []],
      ["a", ["WIRE"]],
    ]);
  });

  it("has one hint for each dependency, at its line", () => {
    const text = "version: v2\ndeps:\n  - buf.build/a/b\n  - buf.build/c/d\n";
    const { problems, dependencies } = read({ "buf.yaml": text });
    expect(dependencies).toEqual(["buf.build/a/b", "buf.build/c/d"]);
    expect(problems.map(({ severity }) => severity)).toEqual(["hint", "hint"]);
    expect(shown(text, problems)[1]).toMatch(/^4: "buf.build\/c\/d" is not in buf/);
  });

  it("reports a mistake at its line and reads the rest", () => {
    const text = "version: v1\nbreaking:\n  use: WIRE\n  except: [FIELD_SAME_NAME]\n";
    const { modules, problems } = read({ "buf.yaml": text });
    expect(shown(text, problems)).toEqual(['3: "breaking.use" has to be a list.']);
    expect(modules[0]?.breaking.except).toEqual(["FIELD_SAME_NAME"]);
  });
});

describe("import roots without buf.yaml", () => {
  it("come from the imports", () => {
    const files = new Map([
      ["api/proto/shop/a.proto", ["shop/b.proto", "google/protobuf/any.proto"]],
      ["api/proto/shop/b.proto", []],
      ["other/c.proto", []],
    ]);
    expect(modulesFromImports(files, undefined).map(({ directory, excludes }) => [directory, excludes])).toEqual([
      ["", ["api/proto"]],
      ["api/proto", []],
    ]);
    expect(modulesFromImports(files, ["api/proto", "other"]).map((module) => module.directory)).toEqual([
      "api/proto",
      "other",
    ]);
  });
});

it("a few imports that lead elsewhere do not make a root", () => {
  const files = new Map<string, string[]>();
  for (let i = 0; i < 30; i++) files.set(`shop/a${i}.proto`, ["shop/a0.proto"]);
  files.set("shop/tests/x.proto", ["y.proto"]).set("shop/tests/y.proto", []);
  expect(modulesFromImports(files, undefined).map(({ directory }) => directory)).toEqual([""]);
});

describe("contrail.yaml", () => {
  it("reads everything it can say", () => {
    const { config, problems } = readContrailConfig(
      "contrail.yaml",
      `level: backward-transitive
against: git:v1
tags: release-*
profiles:
  - name: mobile
    extends: strict
    unknownFields: ignore
    reads: [id, items.quantity]
decide: [mobile, tolerant]
accept:
  - rule: FIELD_NO_DELETE
    path: ./shop/order.proto
    element: note
    reason: nobody reads it
    expires: 2027-01-31
ignore: [legacy/]
importPaths: [proto]
sagas: [{name: order}]
`,
    );
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      level: "backward",
      transitive: true,
      tags: "release-*",
      against: "git:v1",
      decide: ["mobile", "tolerant"],
      accepted: [{ rule: "FIELD_NO_DELETE", path: "shop/order.proto", element: "note", expires: "2027-01-31" }],
      ignore: ["legacy"],
      importPaths: ["proto"],
      sagas: [{ name: "order" }],
    });
    expect(config.profiles.map((profile) => profile.name)).toEqual(["tolerant", "strict", "mobile"]);
    expect(config.profiles[2]).toMatchObject({
      unknownFields: "ignore",
      constraints: "enforce",
      reads: ["id", "items.quantity"],
    });
  });

  it("takes import paths below its folder only", () => {
    const text = "importPaths:\n  - ./proto/\n  - /usr/include\n  - a/../../b\n  - .\n";
    const { problems, config } = readContrailConfig("contrail.yaml", text);
    expect(config.importPaths).toEqual(["proto", ""]);
    const leads = (path: string) =>
      `"importPaths" holds folders below this file's, as relative paths; "${path}" leads out of it.`;
    expect(shown(text, problems)).toEqual([`3: ${leads("/usr/include")}`, `4: ${leads("a/../../b")}`]);
  });

  it("reports each mistake at its line and reads the rest", () => {
    const text = `levle: full
level: sideways
profiles:
  - unknownFields: ignore
  - name: strict
accept:
  - rule: X
  - reason: why
  - rule: Y
    reason: r
    expires: 31.1.2027
decide: [nobody]
`;
    const { problems, config } = readContrailConfig("contrail.yaml", text);
    expect(shown(text, problems)).toEqual([
      '1: This file has no setting "levle". Did you mean "level"?',
      '2: "level" is "sideways"; it can be "backward", "forward", "full", "backward-transitive", "forward-transitive" or "full-transitive".',
      '4: A profile needs a "name", as findings name it.',
      '5: The profile "strict" is built in. Give yours another name, and say `extends: strict`.',
      '12: There is no profile "nobody". There are "tolerant" or "strict".',
      '7: An accepted break needs a "reason", for whoever reads this next year.',
      '8: An accepted break needs the "rule" that found it, such as FIELD_NO_DELETE.',
      '11: "31.1.2027" is not a day; write it as 2027-01-31.',
    ]);
    expect(config.level).toBe("full");
    expect(config.accepted.map(({ rule }) => rule)).toEqual(["Y"]);
  });

  it("names no baseline on another machine or disk", () => {
    for (const path of ["\\\\host\\share", "//host/share", "/etc", "C:\\x"]) {
      const { config, problems } = readContrailConfig("contrail.yaml", `against: ${JSON.stringify(path)}\n`);
      expect([config.against, problems.length]).toEqual([undefined, 1]);
    }
    expect(readContrailConfig("contrail.yaml", "against: ../old").config.against).toBe("../old");
  });

  it("survives what is not YAML, or no map", () => {
    for (const text of ["", "- a", "a: [", "\u0000", "&a [*a, *a]", "level: *nowhere", "text"]) {
      expect(readContrailConfig("contrail.yaml", text).config.level).toBe("full");
    }
  });
});
