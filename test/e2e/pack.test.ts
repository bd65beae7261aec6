/**
 * The command as it is published: `npm pack`, installed into a scratch project, run in a git repository. It prints the
 * findings that the editor shows for the same edits (see suite/contracts.suite.ts), and its exit codes are CI's.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRepository, type TestRepository } from "../../scripts/drive/repository.ts";
import { repositoryRoot } from "../../scripts/setup/paths.ts";
import { contracts } from "../../scripts/drive/contracts.ts";

const run = promisify(execFile);

describe("contrail, from the packed tarball in a scratch project", () => {
  let scratch: string;
  let repository: TestRepository;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "contrail-pack-"));
    // The bundles are there already: the test runner packaged them just before.
    const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", scratch], {
      cwd: repositoryRoot,
    });
    await run("npm", ["init", "-y"], { cwd: scratch });
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(scratch, stdout.trim())], {
      cwd: scratch,
    });
    repository = await createRepository(contracts);
  });

  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
    await repository?.remove();
  });

  const contrail = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const env = { ...process.env, NO_COLOR: "1" };
    const command = join(scratch, "node_modules", ".bin", "contrail");
    return run(command, args, { cwd: repository.folder, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };

  it("exits with 0 when nothing broke", async () => {
    expect(await contrail("check")).toMatchObject({ code: 0 });
  });

  it("exits with 1 and prints what the editor shows", async () => {
    const edits: ReadonlyArray<readonly [keyof typeof contracts, string, string]> = [
      ["proto/shop/v1/orders.proto", "string order_id = 1;", "int32 order_id = 1;"],
      ["proto/shop/v1/orders.proto", "  int64 amount_cents = 2;\n", ""],
      ["openapi.yaml", "                required: [id, status]\n", "                required: [id]\n"],
      ["openapi.yaml", "                  status: { type: string }\n", ""],
      ["openapi.yaml", "required: [sku]", "required: [sku, note]"],
      ["asyncapi.yaml", "          required: [orderId, total]\n", "          required: [orderId]\n"],
      ["asyncapi.yaml", "            total: { type: number }\n", ""],
      [
        "asyncapi.yaml",
        "          required: [orderId]\n          properties:\n            orderId: { type: string }\n            method",
        "          required: [orderId, method]\n          properties:\n            orderId: { type: string }\n            method",
      ],
    ];
    const texts = new Map<keyof typeof contracts, string>();
    for (const [path, before, after] of edits) {
      const text = texts.get(path) ?? contracts[path];
      expect(text).toContain(before);
      texts.set(path, text.replace(before, after));
    }
    for (const [path, text] of texts) await repository.write(path, text);

    const report = await contrail("check", "--format", "json");
    expect(report.code, report.stderr).toBe(1);
    const findings = (JSON.parse(report.stdout) as { findings: Array<{ rule: string; place: { path: string } }> })
      .findings;
    expect(findings.map((one) => `${one.place.path} ${one.rule}`).sort()).toEqual([
      "asyncapi.yaml message-property-became-required",
      "asyncapi.yaml message-required-property-removed",
      "openapi.yaml request-property-became-required",
      "openapi.yaml response-required-property-removed",
      "proto/shop/v1/orders.proto FIELD_NO_DELETE",
      "proto/shop/v1/orders.proto FIELD_SAME_TYPE",
    ]);
    const text = await contrail("check");
    expect(text.code).toBe(1);
    for (const { rule } of findings) expect(text.stdout).toContain(rule);
  });

  it("exits with 2 on a usage error and on what it cannot read", async () => {
    expect(await contrail("check", "--no-such-flag")).toMatchObject({ code: 2 });
    expect(await contrail("check", "--against", "git:no-such-ref")).toMatchObject({ code: 2 });
    expect(await contrail("check", "no-such-folder")).toMatchObject({ code: 2 });
  });

  it("teaches by --help", async () => {
    const help = await contrail("--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/check[\s\S]*tap/);
  });
});
