/**
 * `npm run test:desktop`: the mocha suite of test/e2e/suite in the desktop editor, with the built .vsix installed, where
 * that editor can be downloaded. `npm test` runs the same suite in the editor's web build, which comes from a package.
 */
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from "@vscode/test-electron";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contracts } from "./drive/contracts.ts";
import { createRepository } from "./drive/repository.ts";
import { bundleSuite } from "./drive/suite.ts";
import { repositoryRoot } from "./setup/paths.ts";

const vsix = (await readdir(repositoryRoot)).find((name) => name.endsWith(".vsix"));
if (vsix === undefined) {
  console.error("There is no .vsix to install. Run: npm run package");
  process.exit(2);
}
const profile = await mkdtemp(join(tmpdir(), "contrail-desktop-"));
const repository = await createRepository(contracts);
try {
  const executable = await downloadAndUnzipVSCode({ cachePath: join(repositoryRoot, ".vscode-test") }).catch(
    (error: unknown) => {
      console.error(`The desktop editor could not be downloaded (${String(error)}). Run: npm run test:e2e`);
      process.exit(2);
    },
  );
  const folders = ["--user-data-dir", join(profile, "user"), "--extensions-dir", join(profile, "extensions")];
  const [cli = executable, ...cliArguments] = resolveCliArgsFromVSCodeExecutablePath(executable);
  const install = spawnSync(cli, [...cliArguments, ...folders, "--install-extension", join(repositoryRoot, vsix)], {
    stdio: "inherit",
  });
  if (install.status !== 0) throw new Error("The .vsix could not be installed.");
  const host = await bundleSuite(join(repositoryRoot, "test", "e2e", "suite", "index.ts"));
  await runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: host,
    extensionTestsPath: join(host, "suite", "index.js"),
    launchArgs: [repository.folder, ...folders, "--disable-workspace-trust"],
  });
} finally {
  await repository.remove();
  await rm(profile, { recursive: true, force: true });
}
