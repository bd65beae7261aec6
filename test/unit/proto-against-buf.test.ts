/**
 * buf, the program, as the judge of our breaking rules: the cases of all rules as one workspace with a module each, and
 * random pairs of files. Rule ids, paths, lines and columns must be the same.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  builtInProfiles,
  checkProto,
  defaultBreaking,
  adviceCategory,
  ownCategory,
  protoRules,
  type BreakingSettings,
  type ContractSet,
  type ProtoModule,
} from "../../contracts/compat/index.ts";
import { caseNames, caseRequest, ruleIdOf } from "../../contracts/compat/testing/proto-cases.ts";
import { modelPairs } from "../../contracts/compat/testing/proto-models.ts";
import { lineAndColumn } from "../../scripts/conformance/columns.ts";

const buf = join(import.meta.dirname, "../../node_modules/.bin/buf");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-buf-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** buf has no rules of our own categories. */
const own = new Set(
  protoRules.filter((row) => row.v2 === ownCategory || row.v2 === adviceCategory).map((row) => row.rule.id),
);
const bufCases = caseNames().filter((name) => !own.has(ruleIdOf(name)));

interface Workspace {
  readonly before: Map<string, string>;
  readonly after: Map<string, string>;
  readonly modules: ReadonlyArray<{
    readonly path: string;
    readonly use: readonly string[];
    readonly except?: readonly string[];
    readonly ignore?: readonly string[];
  }>;
}

function bufYaml({ modules }: Workspace): string {
  const lines = ["version: v2", "modules:"];
  for (const { path, use, except = [], ignore = [] } of modules) {
    lines.push(`  - path: ${path}`, "    breaking:", `      use: [${use.join(", ")}]`);
    if (except.length > 0) lines.push(`      except: [${except.join(", ")}]`);
    if (ignore.length > 0) lines.push(`      ignore: [${ignore.join(", ")}]`);
  }
  return `${lines.join("\n")}\n`;
}

function judgedByBuf(name: string, workspace: Workspace): string[] {
  for (const version of ["before", "after"] as const) {
    for (const [path, text] of workspace[version]) {
      const full = join(folder, name, version, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
    }
    writeFileSync(join(folder, name, version, "buf.yaml"), bufYaml(workspace));
  }
  const run = spawnSync(buf, ["breaking", "--against", "../before", "--error-format", "json"], {
    cwd: join(folder, name, "after"),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, BUF_CACHE_DIR: join(folder, "cache") },
  });
  expect([0, 100], run.stderr).toContain(run.status);
  const lines = run.stdout.split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line) as { path?: string; start_line?: number; start_column?: number; type: string })
    .map((found) => `${found.path ?? ""}:${found.start_line ?? 0}:${found.start_column ?? 0} ${found.type}`)
    .sort();
}

function judgedByUs({ before, after, modules }: Workspace): string[] {
  const protoModules: ProtoModule[] = modules.map(({ path, use, except = [], ignore = [] }) => {
    const breaking: BreakingSettings = { ...defaultBreaking, use, except, ignore };
    return { directory: path, excludes: [], breaking };
  });
  const side = (files: Map<string, string>): ContractSet => ({ files, protoModules });
  const { findings, problems } = checkProto({
    before: side(before),
    after: side(after),
    level: "full",
    profiles: builtInProfiles,
  });
  expect(problems.filter((problem) => problem.severity === "error")).toEqual([]);
  return findings
    .map((finding) => {
      // What is gone has no place for buf.
      if (finding.placeVersion === "before") return `:0:0 ${finding.ruleId}`;
      const { line, column } = lineAndColumn(after.get(finding.place.path) ?? "", finding.place.span.start);
      return `${finding.place.path}:${line}:${column} ${finding.ruleId}`;
    })
    .sort();
}

/** buf names a file that is gone, or a package, without a place; in a workspace it may give 1:1 without a path. */
function withoutPlace(found: readonly string[]): string[] {
  return found.map((line) => line.replace(/^:\d+:\d+ /, ":0:0 ")).sort();
}

describe("against buf", () => {
  it("finds the same in the cases of all rules, each a module of one workspace", { timeout: 120_000 }, () => {
    const before = new Map<string, string>();
    const after = new Map<string, string>();
    for (const name of bufCases) {
      const request = caseRequest(name);
      for (const [path, text] of request.before.files) before.set(`${name}/${path}`, text);
      for (const [path, text] of request.after.files) after.set(`${name}/${path}`, text);
    }
    const modules = bufCases.map((name) => ({ path: name, use: [ruleIdOf(name)] }));
    const workspace = { before, after, modules };
    expect(bufCases).toHaveLength(64);
    expect(judgedByUs(workspace)).toEqual(withoutPlace(judgedByBuf("cases", workspace)));
  });

  it("finds the same in random pairs of files, in modules with settings of their own", { timeout: 120_000 }, () => {
    const before = new Map<string, string>();
    const after = new Map<string, string>();
    const pairs =
      fc.sample(fc.tuple(...Array.from({ length: 60 }, (_, index) => modelPairs(`p${index}`))), {
        numRuns: 1,
        seed: 42,
      })[0] ?? [];
    const folders = ["all", "wire", "ignored"];
    for (const [index, pair] of pairs.entries()) {
      // Required features of editions are told where buf is silent; see docs of MESSAGE_SAME_REQUIRED_FIELDS.
      if (pair.after.includes("LEGACY_REQUIRED") || pair.before.includes("LEGACY_REQUIRED")) continue;
      const path = `${folders[index % 3] ?? ""}/f${index}.proto`;
      before.set(path, pair.before);
      after.set(path, pair.after);
    }
    const ignore = [...after.keys()].filter((path) => path.startsWith("ignored/")).slice(0, 5);
    const workspace = {
      before,
      after,
      modules: [
        { path: "all", use: ["FILE", "PACKAGE", "WIRE_JSON", "WIRE", "CSR"] },
        { path: "wire", use: ["WIRE_JSON"], except: ["FIELD_SAME_NAME"] },
        { path: "ignored", use: ["FILE"], ignore },
      ],
    };
    const ours = judgedByUs(workspace);
    expect(ours.length).toBeGreaterThan(300);
    expect(ours).toEqual(judgedByBuf("random", workspace));
  });
});
