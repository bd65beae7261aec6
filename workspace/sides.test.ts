import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findRoot, loadSides, SidesCache, tagsMatching } from "./index.ts";
import { TestRepository } from "./testing/repository.ts";

const folders: string[] = [];
const repository = (files: Record<string, string> = {}) => {
  const made = new TestRepository(files);
  folders.push(made.root);
  return made;
};
const plainFolder = (files: Record<string, string>) => {
  const root = mkdtempSync(join(tmpdir(), "contrail-workspace-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const proto = (fields: string) => `syntax = "proto3";\npackage shop;\nmessage Order {\n${fields}\n}\n`;
const openapi = "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {}\n";

describe("loadSides", () => {
  it("compares the working tree with the merge-base of the default branch", async () => {
    const repo = repository({ "a.proto": proto("string id = 1;") });
    repo.commit("first");
    repo.git("checkout", "-q", "-b", "feature");
    repo.write("a.proto", proto("string id = 1; string b = 2;"));
    repo.commit("on the branch");
    repo.write("a.proto", proto("string id = 1; string b = 2; string c = 3;"));
    repo.git("checkout", "-q", "-b", "other");
    const sides = await loadSides({ root: repo.root });
    expect(sides.baseline.label).toMatch(/^main \(merge-base [0-9a-f]{7}\)$/);
    expect(sides.before.files.get("a.proto")).toBe(proto("string id = 1;"));
    expect(sides.after.files.get("a.proto")).toContain("c = 3");
    expect(sides.notes).toEqual([]);
  });

  it("takes import paths for both versions, from contrail.yaml or from who asks", async () => {
    const repo = repository({
      "api/proto/shop/a.proto": 'syntax = "proto3";\nimport "shop/b.proto";\n',
      "api/proto/shop/b.proto": proto(""),
      "third_party/c.proto": proto(""),
    });
    repo.commit("first");
    const places = async (request: Omit<Parameters<typeof loadSides>[0], "root">) => {
      const { before, after } = await loadSides({ root: repo.root, ...request });
      expect(before.protoModules).toEqual(after.protoModules);
      return after.protoModules.map(({ directory }) => directory);
    };
    const cache = new SidesCache();
    expect(await places({ cache })).toEqual(["", "api/proto"]);
    expect(await places({ cache, importPaths: ["api", "third_party"] })).toEqual(["api", "third_party"]);
    expect(await places({ cache })).toEqual(["", "api/proto"]);
    repo.write("contrail.yaml", "importPaths: [api/proto, third_party]\n");
    expect(await places({})).toEqual(["api/proto", "third_party"]);
    expect(await places({ importPaths: ["api"], configWins: true })).toEqual(["api/proto", "third_party"]);
    expect(await places({ importPaths: [""] })).toEqual([""]);
  });

  it("finds contracts of all formats, what they refer to, and nothing else", async () => {
    const repo = repository({
      "api/openapi.yaml": `${openapi}components: {schemas: {A: {$ref: './schemas/a.json#/x'}}}\n`,
      "api/schemas/a.json": '{"x": {"$ref": "b.json"}}',
      "api/schemas/b.json": "{}",
      "api/schemas/unrelated.json": "{}",
      "events.json": '{"asyncapi": "3.0.0", "info": {}}',
      "package.json": '{"openapi": "3.0.0"}',
      "notes.yaml": "about: the asyncapi file",
      "node_modules/x/y.proto": proto(""),
      ".gitignore": "/generated\n*.tmp.proto\n",
      "generated/g.proto": proto(""),
      "a.tmp.proto": proto(""),
      "deep/.gitignore": "!keep.tmp.proto\nlocal.proto\n",
      "deep/keep.tmp.proto": proto(""),
      "deep/local.proto": proto(""),
    });
    repo.commit("first");
    const { after, before, formats } = await loadSides({ root: repo.root });
    const expected = [
      "api/openapi.yaml",
      "api/schemas/a.json",
      "api/schemas/b.json",
      "deep/keep.tmp.proto",
      "events.json",
    ];
    expect([...after.files.keys()].sort()).toEqual(expected);
    expect([...before.files.keys()].sort()).toEqual(expected);
    expect(Object.fromEntries(formats)).toEqual({
      "api/openapi.yaml": "openapi",
      "events.json": "asyncapi",
      "deep/keep.tmp.proto": "proto",
    });
  });

  it("takes unsaved texts, reads nothing again, and keeps the baseline the same object", async () => {
    const repo = repository({ "a.proto": proto("string id = 1;"), "b.proto": proto("") });
    repo.commit("first");
    const cache = new SidesCache();
    const first = await loadSides({ root: repo.root, cache });
    rmSync(join(repo.root, ".git"), { recursive: true });
    rmSync(join(repo.root, "b.proto"));
    const overlay = new Map([
      ["a.proto", proto("")],
      ["new.proto", proto("")],
    ]);
    const second = await loadSides({ root: repo.root, cache, overlay });
    expect(second.before).toBe(first.before);
    expect(second.after.files.get("a.proto")).toBe(proto(""));
    expect([...second.after.files.keys()].sort()).toEqual(["a.proto", "b.proto", "new.proto"]);
    repo.write("a.proto", proto("string saved = 1;"));
    cache.filesChanged(["a.proto"]);
    const saved = await loadSides({ root: repo.root, cache });
    expect(saved.after.files.get("a.proto")).toContain("saved");
    expect(saved.after.files.has("b.proto")).toBe(true);
    cache.filesChanged(["b.proto"]);
    const third = await loadSides({ root: repo.root, cache });
    expect([...third.after.files.keys()]).toEqual(["a.proto"]);
  });

  it("does not take a tracked file that .gitignore names for deleted", async () => {
    const repo = repository({ "a.proto": proto("") });
    repo.commit("first");
    repo.write(".gitignore", "a.proto\n");
    const { after } = await loadSides({ root: repo.root });
    expect([...after.files.keys()]).toEqual(["a.proto"]);
  });

  it("compares with a named commit, a folder and a file", async () => {
    const repo = repository({ "a.proto": proto("string id = 1;") });
    repo.commit("first");
    repo.git("tag", "v1.0");
    repo.write("a.proto", proto(""));
    repo.commit("second");
    const folder = plainFolder({ "a.proto": proto("string old = 1;") });
    const at = async (against: string, paths?: string[]) =>
      (await loadSides({ root: repo.root, against, ...(paths === undefined ? {} : { paths }) })).before.files.get(
        "a.proto",
      );
    expect(await at("git:v1.0")).toContain("id = 1");
    expect(await at(folder)).toContain("old = 1");
    expect(await at(join(folder, "a.proto"), ["a.proto"])).toContain("old = 1");
    expect(await tagsMatching(repo.root, "v*")).toEqual(["v1.0"]);
  });

  it("reads a large document only if its beginning says that it is a contract", async () => {
    const filling = `"${"x".repeat(4_100_000)}"`;
    const root = plainFolder({
      "data.json": `{"a": ${filling}, "openapi": "3.1.0"}`,
      "api.json": `{"openapi": "3.1.0", "a": ${filling}}`,
    });
    expect([...(await loadSides({ root })).after.files.keys()]).toEqual(["api.json"]);
  });

  it("sees a subfolder of a repository as its own root", async () => {
    const repo = repository({ "services/a/x.proto": proto(""), "y.proto": proto("") });
    repo.commit("first");
    const { before } = await loadSides({ root: join(repo.root, "services/a") });
    expect([...before.files.keys()]).toEqual(["x.proto"]);
  });
});

describe("what can go wrong", () => {
  const codes = async (request: Parameters<typeof loadSides>[0]) => {
    const sides = await loadSides(request);
    return { codes: sides.notes.map((note) => note.code), files: [...sides.after.files.keys()] };
  };

  it("has one note for a repository without commits, and checks the rest", async () => {
    const repo = repository({ "a.proto": proto("") });
    expect(await codes({ root: repo.root })).toEqual({ codes: ["no-commits"], files: ["a.proto"] });
  });

  it("has one note for a folder outside of any repository", async () => {
    const root = plainFolder({ "a.proto": proto("") });
    expect(await codes({ root })).toEqual({ codes: ["not-a-repository"], files: ["a.proto"] });
  });

  it("has one note where git is missing", async () => {
    const repo = repository({ "a.proto": proto("") });
    const path = process.env["PATH"];
    process.env["PATH"] = repo.root;
    try {
      expect(await codes({ root: repo.root })).toEqual({ codes: ["git-missing"], files: ["a.proto"] });
    } finally {
      process.env["PATH"] = path;
    }
  });

  it("has one note for a ref that does not exist, an option among refs, and a folder that does not exist", async () => {
    const repo = repository({ "a.proto": proto("") });
    repo.commit("first");
    for (const ref of ["git:nope", "git:--output=x", "git:"]) {
      expect((await codes({ root: repo.root, against: ref })).codes).toEqual(["no-such-ref"]);
    }
    expect((await codes({ root: repo.root, against: "nowhere" })).codes).toEqual(["no-such-baseline"]);
  });

  it("has one note for a shallow clone that lacks the common ancestor", async () => {
    const origin = repository({ "a.proto": proto("string id = 1;") });
    origin.commit("first");
    origin.git("checkout", "-q", "-b", "feature");
    origin.write("a.proto", proto(""));
    origin.commit("second");
    origin.git("checkout", "-q", "main");
    origin.write("b.proto", proto(""));
    origin.commit("third");
    const clone = `${plainFolder({})}/clone`;
    execFileSync("git", [
      "clone",
      "-q",
      "--depth",
      "1",
      "--no-single-branch",
      "-b",
      "feature",
      `file://${origin.root}`,
      clone,
    ]);
    const result = await codes({ root: clone });
    expect(result).toEqual({ codes: ["shallow-clone"], files: ["a.proto"] });
  });

  it("says which file is not text or cannot be read, and reads the others", async () => {
    const repo = repository({ "a.proto": proto(""), "zero.proto": "\0\0\0\0" });
    repo.commit("first");
    mkdirSync(join(repo.root, "locked"));
    chmodSync(join(repo.root, "locked"), 0);
    repo.write("was-text.proto", proto(""));
    repo.commit("second");
    repo.write("was-text.proto", "\0");
    const { unreadable, after, before } = await loadSides({ root: repo.root });
    chmodSync(join(repo.root, "locked"), 0o755);
    expect(unreadable.map(({ path }) => path)).toContain("zero.proto");
    if (process.getuid?.() !== 0) expect(unreadable.map(({ path }) => path)).toContain("locked");
    expect([...after.files.keys()]).toEqual(["a.proto"]);
    expect([...before.files.keys()]).toEqual(["a.proto"]);
  });

  it("runs nothing that a hostile repository asks for", async () => {
    const repo = repository({ "a.proto": proto("") });
    repo.commit("first");
    const witness = join(repo.root, "ran");
    const script = join(repo.root, "evil.sh");
    writeFileSync(script, `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 });
    for (const key of ["core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "core.editor"])
      repo.git("config", key, script);
    repo.git("config", "core.hooksPath", repo.root);
    repo.git("config", "filter.x.smudge", script);
    repo.write(".gitattributes", "*.proto filter=x\n");
    await loadSides({ root: repo.root });
    expect(() => execFileSync("test", ["-e", witness])).toThrow();
  });
});

describe("findRoot", () => {
  it("is the outermost folder with settings, inside of the repository only", () => {
    const repo = repository({ "contrail.yaml": "", "a/b/buf.yaml": "", "a/b/c/x.proto": "" });
    expect(findRoot(join(repo.root, "a/b/c"))).toBe(repo.root);
    const other = repository({ "a/b/buf.yaml": "", "a/b/c/x.proto": "" });
    expect(findRoot(join(other.root, "a/b/c"))).toBe(join(other.root, "a/b"));
    expect(findRoot(join(other.root, "a"))).toBe(join(other.root, "a"));
  });
});
