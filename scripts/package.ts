/**
 * `npm run package`: builds everything and leaves `contrail-<version>.vsix` at the root. Older ones are removed, and a
 * package of 5 MB or more is refused: an editor downloads it on every machine.
 */
import { createVSIX } from "@vscode/vsce";
import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const limit = 5_000_000;
const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { name: string; version: string };

const build = spawnSync(process.execPath, [join(root, "scripts", "build.ts")], { stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
for (const name of await readdir(root)) {
  if (name.endsWith(".vsix")) await rm(join(root, name));
}
const path = join(root, `${manifest.name}-${manifest.version}.vsix`);
// Everything that runs is bundled, so there are no dependencies to pack; dist/ was built above, so no script runs again.
await createVSIX({
  cwd: root,
  packagePath: path,
  dependencies: false,
  allowStarActivation: false,
  skipLicense: false,
});
const { size } = await stat(path);
if (size >= limit) {
  console.error(`${path} has ${size} bytes; it must stay under ${limit}.`);
  process.exit(1);
}
console.log(`${manifest.name}-${manifest.version}.vsix: ${(size / 1e6).toFixed(2)} MB`);
