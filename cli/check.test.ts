import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asyncapi, openapi, proto } from "../language-server/testing/contracts.ts";
import { bundleCli, checkCli, removeBundle, type CliCase } from "./testing/check-cli.ts";

const int = proto("string id = 1;\nint32 total = 2;");
const text = proto("string id = 1;\nstring total = 2;");
const broken: Pick<CliCase, "before" | "after"> = { before: { "shop.proto": int }, after: { "shop.proto": text } };

beforeAll(bundleCli, 60_000);
afterAll(removeBundle);

describe.concurrent("contrail check", { timeout: 30_000 }, () => {
  it("shows line, proof and way out, and ends with 1", async () => {
    const { code, stdout, stderr } = await checkCli({ ...broken, args: ["check"] });
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("shop.proto:6:3  breaking on");
    expect(stdout).toContain("  6 │   string total = 2;\n    │   ^^^^^^\n");
    expect(stdout).toContain("was, in HEAD (COMMIT), line 6: int32 total = 2;");
    expect(stdout).toMatch(/proof {8}shop\.v1\.Order, written by the (old|new) version:/);
    expect(stdout).toContain("confirmed by contrail and protobufjs");
    expect(stdout).toMatch(/\n✖ 1 breaking change in 1 contract, compared with HEAD \(COMMIT\)\. \(TIME\)\n$/);
  });

  it("ends with 0 when nothing breaks", async () => {
    const { code, stdout } = await checkCli({ before: { "shop.proto": int }, args: ["check"] });
    expect([code, stdout]).toEqual([0, "✔ Nothing breaks in 1 contract, compared with HEAD (COMMIT). (TIME)\n"]);
  });

  it("takes import paths from --import-path", async () => {
    const before = {
      "a/money.proto": 'syntax = "proto3";\npackage a;\nmessage Money {}\n',
      "b/money.proto": 'syntax = "proto3";\npackage b;\nmessage Money {}\n',
      "shop.proto": 'syntax = "proto3";\nimport "money.proto";\nmessage Order { b.Money price = 1; }\n',
    };
    const inferred = await checkCli({ before, args: ["check"] });
    expect([inferred.code, inferred.stdout]).toEqual([1, expect.stringContaining("b.Money")]);
    const told = await checkCli({ before, args: ["check", "--import-path", "b", "--import-path", "."] });
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining("Nothing breaks in 3 contracts")]);
    const outside = await checkCli({ before, args: ["check", "--import-path", ".."] });
    expect([outside.code, outside.stderr]).toEqual([2, expect.stringContaining("does not lie in")]);
    const missing = await checkCli({ before, args: ["check", "--import-path", "c"] });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('there is no folder "c"')]);
  });

  it("judges all three formats at once", async () => {
    const { code, stdout } = await checkCli({
      before: {
        "a.proto": int,
        "o.yaml": openapi("id, total"),
        "s.json": "{}",
        "s.yaml": asyncapi("send", "id, total"),
      },
      after: { "a.proto": text, "o.yaml": openapi("id"), "s.yaml": asyncapi("send", "id") },
      args: ["check", "--format", "json"],
    });
    const report = JSON.parse(stdout) as { formatVersion: number; findings: Array<Record<string, unknown>> };
    expect([code, report.formatVersion]).toEqual([1, 1]);
    expect(report.findings.map(({ rule }) => rule)).toEqual([
      "FIELD_SAME_TYPE",
      "response-property-became-optional",
      "message-property-became-optional",
    ]);
    expect(report.findings[0]).toMatchObject({
      format: "proto",
      verdict: "breaking",
      counts: true,
      place: { path: "a.proto", line: 6, column: 3, endLine: 6, endColumn: 9, version: "after" },
      previous: { path: "a.proto", line: 6, column: 3 },
      witness: { confirmedBy: ["contrail", "protobufjs"] },
    });
  });

  it("warns of what hurts readers beyond buf's rules, and lets contrail.yaml and --fail-on make it count", async () => {
    const closed = (values: string) =>
      `syntax = "proto2";\npackage p;\nenum E { ${values} }\nmessage M { required E e = 1; }\n`;
    const before = { "a.proto": closed("A = 0;") };
    const after = { "a.proto": closed("A = 0; B = 1;") };
    const warned = await checkCli({ before, after, args: ["check"] });
    expect(warned.code).toBe(0);
    expect(warned.stdout).toContain("warning on wire, json  ENUM_VALUE_NO_ADD");
    expect(warned.stdout).toContain("1 warning in 1 contract");
    const codes = await Promise.all([
      checkCli({ before, after, args: ["check", "--fail-on", "wire"] }),
      checkCli({ before, after, args: ["check", "--fail-on", "hint"] }),
      checkCli({ before, after: { ...after, "contrail.yaml": "data: error\n" }, args: ["check"] }),
      checkCli({ before, after: { ...after, "contrail.yaml": "data: off\n" }, args: ["check", "--fail-on", "hint"] }),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([0, 1, 1, 0]);
  });

  it("prints no JSON field that docs/check-json.md does not describe", async () => {
    const { stdout } = await checkCli({
      before: { "a.proto": int, "b.proto": int.replace("shop.v1", "b.v1") },
      after: {
        "a.proto": text,
        "b.proto": text.replace("shop.v1", "b.v1"),
        "c.proto": "message {",
        "zero.proto": "\0",
        "contrail.yaml": "accept:\n  - {rule: FIELD_SAME_TYPE, path: b.proto, reason: r, expires: 2999-01-01}\n",
      },
      args: ["check", "--format", "json", "--against", "git:HEAD"],
    });
    const fields = new Set<string>();
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(visit);
      else if (typeof value === "object" && value !== null) {
        for (const [name, inner] of Object.entries(value)) {
          fields.add(name);
          visit(inner);
        }
      }
    };
    visit(JSON.parse(stdout));
    expect([...fields]).toEqual(expect.arrayContaining(["witness", "accepted", "problems", "unreadable", "expires"]));
    const documented = readFileSync(join(import.meta.dirname, "../docs/check-json.md"), "utf8");
    expect([...fields].filter((name) => !new RegExp(`\\b${name}\\b`).test(documented))).toEqual([]);
  });

  it("honours buf.yaml", async () => {
    const { code } = await checkCli({
      ...broken,
      before: { ...broken.before, "buf.yaml": "version: v2\nbreaking:\n  except: [FIELD_SAME_TYPE]\n" },
      args: ["check"],
    });
    expect(code).toBe(0);
  });

  it("takes types of a dependency for unknown, not for a mistake", async () => {
    const { code, stdout } = await checkCli({
      before: {
        "buf.yaml": "version: v2\ndeps: [buf.build/googleapis/googleapis]\n",
        "a.proto": 'syntax = "proto3";\nimport "google/type/money.proto";\nmessage A { google.type.Money m = 1; }\n',
      },
      args: ["check"],
    });
    expect(code).toBe(0);
    expect(stdout).toContain("buf.yaml:2:8  hint  buf-settings");
  });

  it("takes accepted breaks out, with their reason, and reports stale ones at their line", async () => {
    const accepted = await checkCli({
      ...broken,
      after: { ...broken.after, "contrail.yaml": "accept:\n  - rule: FIELD_SAME_TYPE\n    reason: nobody reads it\n" },
      args: ["check"],
    });
    expect(accepted.code).toBe(0);
    expect(accepted.stdout).toContain("Accepted: nobody reads it");
    const stale = await checkCli({
      before: { "shop.proto": int, "contrail.yaml": "accept:\n  - rule: FIELD_SAME_TYPE\n    reason: x\n" },
      args: ["check"],
    });
    expect(stale.stdout).toContain("contrail.yaml:2:11  warning  stale-acceptance");
    expect(stale.code).toBe(0);
    const misnamed = await checkCli({
      before: { "shop.proto": int, "contrail.yaml": "accept:\n  - rule: FIELD_SAME_TYP\n    reason: x\n" },
      args: ["check"],
    });
    expect(misnamed.stdout).toContain('There is no rule "FIELD_SAME_TYP". Did you mean FIELD_SAME_TYPE?');
    expect([misnamed.code, misnamed.stdout.includes("stale-acceptance")]).toEqual([1, false]);
  });

  it("reports syntax errors beside findings", async () => {
    const { code, stdout } = await checkCli({
      before: { "shop.proto": int },
      after: { "shop.proto": proto("string id = ;\nstring total = 2;") },
      args: ["check"],
    });
    expect(code).toBe(1);
    expect(stdout).toContain("shop.proto:5:15  error  proto-syntax");
    expect(stdout).toContain("FIELD_SAME_TYPE");
  });

  it("compares with a ref, a folder, and a file", async () => {
    const tagged = (repository: { git: (...args: string[]) => string; commit: (message: string) => void }) => {
      repository.git("tag", "v1.0");
      repository.git("add", "-A");
      repository.commit("after");
    };
    expect((await checkCli({ ...broken, prepare: tagged, args: ["check", "--against", "git:v1.0"] })).code).toBe(1);
    expect((await checkCli({ ...broken, prepare: tagged, args: ["check"] })).code).toBe(0);
    const files = { "old/shop.proto": int, "new/shop.proto": text };
    expect((await checkCli({ before: files, args: ["check", "new", "--against", "old"] })).code).toBe(1);
    const one = await checkCli({ before: files, args: ["check", "new/shop.proto", "--against", "old/shop.proto"] });
    expect([one.code, one.stdout.includes("FIELD_SAME_TYPE")]).toEqual([1, true]);
  });

  it("compares with an archive", async () => {
    for (const name of ["old.tar", "old.tar.gz", "old.zip"]) {
      const { code, stdout } = await checkCli({
        ...broken,
        prepare: (repository) => repository.git("archive", "--prefix=shop-1.2/", "-o", name, "HEAD"),
        args: ["check", "--against", name],
      });
      expect([code, stdout.includes("FIELD_SAME_TYPE"), stdout.includes(name)]).toEqual([1, true, true]);
    }
  });

  it("compares transitive levels with every matching tag", async () => {
    const { code, stdout } = await checkCli({
      before: { "shop.proto": int },
      prepare: (repository) => {
        repository.git("tag", "v1.0");
        repository.write("shop.proto", text);
        repository.commit("second");
        repository.git("tag", "v2.0");
      },
      args: ["check", "--level", "full-transitive"],
    });
    expect(code).toBe(1);
    expect(stdout).toContain("compared with HEAD (COMMIT), v1.0 (COMMIT).");
  });

  it("checks only the paths asked for, and names them from where it was called", async () => {
    const files = { "a/shop.proto": int, "b/other.proto": int.replace("shop.v1", "b.v1") };
    const after = { "a/shop.proto": text, "b/other.proto": text.replace("shop.v1", "b.v1") };
    const only = await checkCli({ before: files, after, args: ["check", "a"] });
    expect([only.stdout.includes("a/shop.proto:6:3"), only.stdout.includes("b/other")]).toEqual([true, false]);
    const below = await checkCli({
      before: { ...files, "contrail.yaml": "" },
      after,
      folder: "a",
      args: ["check", ".", "../b"],
    });
    expect(below.stdout).toContain("\n../b/other.proto:6:3");
    const annotated = await checkCli({ before: files, after, folder: "a", args: ["check", "--format", "github"] });
    expect(annotated.stdout).toContain("::error file=a/shop.proto,line=6,");
  });

  it("counts what --fail-on and --profile say", async () => {
    const renamed = { before: { "shop.proto": int }, after: { "shop.proto": int.replace("total", "sum") } };
    expect((await checkCli({ ...renamed, args: ["check"] })).code).toBe(1);
    const wire = await checkCli({ ...renamed, args: ["check", "--fail-on", "wire"] });
    expect([wire.code, wire.stdout.includes("(does not count here)")]).toEqual([0, true]);
    // A deleted field hurts only who refuses unknown fields: nobody, where the tolerant reader decides about data.
    const deleted = {
      before: { "shop.proto": int },
      after: { "shop.proto": proto('string id = 1;\nreserved 2;\nreserved "total";') },
    };
    const all = ["--fail-on", "wire", "--level", "backward"];
    expect((await checkCli({ ...deleted, args: ["check", ...all] })).code).toBe(1);
    expect((await checkCli({ ...deleted, args: ["check", ...all, "--profile", "strict"] })).code).toBe(1);
    expect((await checkCli({ ...deleted, args: ["check", ...all, "--profile", "tolerant"] })).code).toBe(0);
    const unknown = await checkCli({ ...broken, args: ["check", "--profile", "nobody"] });
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      'There is no reader profile "nobody". There are tolerant, strict.\n',
    ]);
  });

  it("prints every other form", async () => {
    const print = async (format: string) => (await checkCli({ ...broken, args: ["check", "--format", format] })).stdout;
    const sarif = JSON.parse(await print("sarif")) as { version: string; runs: Array<{ results: unknown[] }> };
    expect([sarif.version, sarif.runs[0]?.results.length]).toEqual(["2.1.0", 1]);
    expect(await print("junit")).toMatch(/<testsuite name="shop.proto" tests="1" failures="1">[^]*<failure message="/);
    expect(await print("markdown")).toMatch(/^## Contrail\n[^]*\*\*breaking\*\*/);
    expect(await print("github")).toContain(
      "::error file=shop.proto,line=6,endLine=6,col=3,endColumn=9,title=FIELD_SAME_TYPE::",
    );
    expect(await print("html")).toMatch(/^<!doctype html>[^]*<article class="breaking">/);
  });

  it("colours only where it is asked to", async () => {
    const escape = "\u001b[";
    expect((await checkCli({ ...broken, args: ["check"] })).stdout).not.toContain(escape);
    const forced = await checkCli({ ...broken, env: { NO_COLOR: "", FORCE_COLOR: "1" }, args: ["check"] });
    expect(forced.stdout).toContain(escape);
  });

  it("lets no text of a contract act on the terminal", async () => {
    const { stdout } = await checkCli({
      before: { "shop.proto": int },
      after: { "shop.proto": text.replace("string total", "\u001b[2Jstring total") },
      args: ["check"],
    });
    expect(stdout).not.toContain("\u001b");
  });
});

describe.concurrent("what cannot be done", { timeout: 30_000 }, () => {
  const fails = async (test: CliCase, message: string | RegExp) => {
    const { code, stderr, stdout } = await checkCli(test);
    expect([code, stdout + stderr]).toEqual([2, expect.stringMatching(message)]);
  };

  it("is one sentence and exit code 2", async () => {
    const before = { "shop.proto": int };
    await fails({ before, args: ["check", "--against", "git:nope"] }, /git knows no commit "nope" here\./);
    await fails(
      { before, args: ["check", "--against", "nowhere"] },
      /There is no file or folder "(ROOT\/)?nowhere" to compare with\./,
    );
    await fails({ before, args: ["check", "gone.proto"] }, /^There is no file or folder "gone\.proto"\.\n$/);
    await fails(
      { before, args: ["check", "--fromat", "json"] },
      /^contrail check has no flag --fromat\. Did you mean --format\?\n$/,
    );
    await fails(
      { before, args: ["check", "--format", "jsno"] },
      /^--format can be text, .*, not "jsno"\. Did you mean json\?\n$/,
    );
    await fails(
      { before, args: ["check", "--against"] },
      /^--against needs a value: --against git:REF\|FOLDER\|ARCHIVE\|FILE\.\n$/,
    );
    await fails({ before, args: ["chekc"] }, /^contrail has no command "chekc"\. Did you mean `contrail check`\?\n$/);
    await fails({ before, args: ["explain", "NO_SUCH_RULE_AT_ALL"] }, /^There is no rule "NO_SUCH_RULE_AT_ALL"\./);
    await fails(
      { before, args: ["tap"] },
      /^contrail tap needs a broker: --kafka HOST:PORT, --rabbitmq URL, or both\.\n$/,
    );
    await fails(
      { before, args: ["tap", "--kafka", "127.0.0.1:9092", "--for", "soon"] },
      /^--for takes a time such as 30s, 5m or 1h, not "soon"\.\n$/,
    );
  });

  it("says so when there is nothing to compare with, instead of that nothing breaks", async () => {
    const { code, stdout } = await checkCli({ ...broken, args: ["check", "--against", "git:--help"] });
    expect(code).toBe(2);
    expect(stdout).toContain("fetch it with `git fetch origin REF`.");
    expect(stdout).toMatch(/\n✖ 1 contract not compared with anything\. \(TIME\)\n$/);
    const archive = await checkCli({
      ...broken,
      prepare: (repository) => repository.write("old.zip", "no archive"),
      args: ["check", "--against", "old.zip"],
    });
    expect([archive.code, archive.stdout]).toEqual([
      2,
      expect.stringContaining('old.zip" cannot be read as an archive'),
    ]);
  });

  it("is no failure to name what is no contract, but it is told", async () => {
    const { code, stdout } = await checkCli({ before: { "a.txt": "x" }, args: ["check", "a.txt"] });
    expect([code, stdout]).toEqual([0, expect.stringContaining('! "a.txt" was not checked: it is no .proto')]);
    const empty = await checkCli({ before: { "a.txt": "x" }, args: ["check"] });
    expect([empty.code, empty.stdout]).toEqual([
      0,
      expect.stringContaining("There is no .proto, OpenAPI or AsyncAPI file here"),
    ]);
  });

  it("leaves the rest checked when one file is not text", async () => {
    await fails(
      { ...broken, after: { ...broken.after, "zero.proto": "\0\0\0" }, args: ["check"] },
      /FIELD_SAME_TYPE[^]*"zero\.proto" is not a text file/,
    );
  });

  it("is no failure in a repository without commits", async () => {
    const { code, stdout } = await checkCli({ after: { "shop.proto": int }, args: ["check"] });
    expect(code).toBe(0);
    expect(stdout).toContain("! This repository has no commits yet, so every contract counts as new.");
  });
});

describe.concurrent("help", { timeout: 30_000 }, () => {
  it("teaches each command", async () => {
    for (const command of ["check", "explain", "tap", "replay", "export", "captures", "doctor", "lsp"]) {
      const { code, stdout } = await checkCli({ args: [command, "--help"] });
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(`^Usage: contrail ${command}[^]*--help +Show this help[^]*Examples:`),
      ]);
    }
    const overview = await checkCli({ args: ["--help"] });
    expect([overview.code, overview.stdout]).toEqual([0, expect.stringContaining("contrail check")]);
    expect((await checkCli({ args: ["--version"] })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
