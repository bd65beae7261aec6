import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { checkSides, fileOfDependency, loadSides, SidesCache } from "./index.ts";
import { TestRepository } from "./testing/repository.ts";

const commit = "0123456789abcdef0123456789abcdef";
// The digest that buf computes of the files below.
const digest =
  "b5:c1e6325e49b346864ebe0e67b286825180023f5fe0a888b7f1b72f7db687320684e6e06bde60453d72e473f0364de70c37157721df68ec436dc683bdace68465";
const money = `syntax = "proto3";\npackage acme.money.v1;\nmessage Money { string currency = 1; int64 units = 2; }\n`;
const lock = `version: v2\ndeps:\n  - name: buf.build/acme/money\n    commit: ${commit}\n    digest: ${digest}\n`;
const settings = "version: v2\ndeps:\n  - buf.build/acme/money\n";
const order = (field: string) =>
  `syntax = "proto3";\npackage shop.v1;\nimport "acme/money/v1/money.proto";\nmessage Order { ${field} }\n`;

const cache = mkdtempSync(join(tmpdir(), "contrail-buf-cache-"));

function writeCached(path: string, text: string): void {
  const file = join(cache, "v3/modules/b5/buf.build/acme/money", commit, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

beforeAll(() => {
  writeCached("files/acme/money/v1/money.proto", money);
  writeCached("files/acme/money/v1/never_imported.proto", "not even a contract");
  writeCached("module.yaml", "version: v1\nfiles_dir: files\n");
});
beforeEach(() => vi.stubEnv("BUF_CACHE_DIR", cache));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

async function check(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>> = {}) {
  const repository = new TestRepository(before);
  try {
    repository.commit("before");
    for (const [path, text] of Object.entries(after)) repository.write(path, text);
    const sides = await loadSides({ root: repository.root });
    const { findings, problems } = await checkSides(sides);
    return {
      sides,
      rules: findings.map(({ ruleId, place }) => `${place.path} ${ruleId}`),
      problems: [...problems, ...sides.problems].map(({ path, severity, message }) => `${path} ${severity} ${message}`),
    };
  } finally {
    repository.dispose();
  }
}

describe("dependencies of buf.yaml", () => {
  it("are read from buf's cache, only what is imported, and are never judged", async () => {
    const { sides, rules, problems } = await check(
      { "buf.yaml": settings, "buf.lock": lock, "shop.proto": order("acme.money.v1.Money total = 1;") },
      { "shop.proto": order("acme.money.v1.Money total = 1; acme.money.v1.Mony tip = 2;") },
    );
    expect(rules).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/^shop\.proto error .*acme\.money\.v1\.Mony/)]);
    expect([...sides.after.files.keys()].sort()).toEqual([
      ".buf/buf.build/acme/money/acme/money/v1/money.proto",
      "shop.proto",
    ]);
    expect([...sides.formats.keys()]).toEqual(["shop.proto"]);
    const file = fileOfDependency(".buf/buf.build/acme/money/acme/money/v1/money.proto", sides.cached) ?? "";
    expect(file.startsWith(cache)).toBe(true);
  });

  it("are there as soon as buf.lock is, in an editor that keeps what it read", async () => {
    const repository = new TestRepository({ "buf.yaml": settings, "shop.proto": order("acme.money.v1.Money m = 1;") });
    try {
      repository.commit("before");
      const cache = new SidesCache();
      const request = { root: repository.root, cache };
      expect((await loadSides(request)).dependencies).toEqual(["buf.build/acme/money"]);
      repository.write("buf.lock", lock);
      cache.filesChanged(["buf.lock"]);
      const sides = await loadSides(request);
      expect([sides.dependencies, sides.cached.length, sides.after.files.size]).toEqual([[], 1, 2]);
      const edited = order("acme.money.v1.Money m = 1; int32 x = 2;");
      const after = (await loadSides({ ...request, overlay: new Map([["shop.proto", edited]]) })).after;
      expect([after.files.size, after.files.get("shop.proto")]).toEqual([2, edited]);
      expect(
        (await loadSides({ ...request, overlay: new Map([["shop.proto", "message X {}"]]) })).after.files.size,
      ).toBe(1);
    } finally {
      repository.dispose();
    }
  });

  it("prove a break with their types", async () => {
    const { rules, problems } = await check(
      { "buf.yaml": settings, "buf.lock": lock, "shop.proto": order("acme.money.v1.Money total = 1;") },
      { "shop.proto": order("string total = 1; acme.money.v1.Money sum = 2;") },
    );
    expect([rules, problems]).toEqual([["shop.proto FIELD_SAME_TYPE", "shop.proto FIELD_SAME_CARDINALITY"], []]);
  });

  it("that are not on this machine are one hint each, whatever imports them, and nothing follows from it", async () => {
    const other = lock.replace(commit, "f".repeat(32));
    const files = {
      "buf.yaml": settings,
      "a.proto": order("acme.money.v1.Money a = 1;"),
      "b.proto": order("acme.money.v1.Money b = 1;").replace("shop.v1", "b.v1"),
    };
    const hint = expect.stringMatching(
      /^buf\.yaml hint "buf\.build\/acme\/money" is not in buf's cache on this machine/,
    ) as string;
    expect((await check(files)).problems).toEqual([hint]);
    expect((await check({ ...files, "buf.lock": other })).problems).toEqual([hint]);
  });

  it("do not excuse an import that is mistyped here", async () => {
    const { problems } = await check({
      "buf.yaml": settings,
      "shop/v1/money.proto": 'syntax = "proto3";\npackage shop.v1;\n',
      "shop/v1/order.proto": 'syntax = "proto3";\npackage shop.v1;\nimport "shop/v1/monye.proto";\n',
    });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^shop\/v1\/order\.proto hint "shop\/v1\/monye\.proto" was not found\./);
  });

  it("name places as the user knows them when something is missing in them", async () => {
    const { problems } = await check({
      "buf.yaml": settings,
      "buf.lock": lock,
      "shop.proto": 'syntax = "proto3";\nimport "acme/money/v1/gone.proto";\n',
    });
    expect(problems).toEqual([expect.stringContaining('and "buf.build/acme/money/acme/money/v1/gone.proto"')]);
  });

  it("never lead out of the cache", async () => {
    for (const [name, id] of [
      ["buf.build/../money", commit],
      ["/etc/acme/money", commit],
      ["buf.build/acme/money", "../../../../x"],
    ]) {
      const hostile = `version: v2\ndeps:\n  - name: ${name}\n    commit: ${id}\n`;
      const { sides } = await check({ "buf.yaml": settings, "buf.lock": hostile, "shop.proto": order("") });
      expect([...sides.after.files.keys()]).toEqual(["shop.proto"]);
    }
    writeFileSync(join(cache, "outside.proto"), money);
    const up = `${"../".repeat(7)}outside.proto`;
    const { sides } = await check({
      "buf.yaml": settings,
      "buf.lock": lock,
      "shop.proto": `syntax = "proto3";\nimport "${up}";\nimport "x/${up}";\n`,
    });
    expect([...sides.after.files.keys()]).toEqual(["shop.proto"]);
  });

  it("lie where buf itself looks for them", () => {
    const repository = new TestRepository({
      "buf.yaml": settings,
      "buf.lock": lock,
      "shop.proto": order("acme.money.v1.Money total = 1;"),
    });
    try {
      const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
      expect(() =>
        execFileSync(buf, ["build"], {
          cwd: repository.root,
          env: { ...process.env, BUF_CACHE_DIR: cache },
          stdio: "pipe",
          timeout: 20_000,
        }),
      ).not.toThrow();
    } finally {
      repository.dispose();
    }
  });
});
