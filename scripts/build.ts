/**
 * Bundles Contrail into dist/. `node scripts/build.ts [target...]`; without a target, everything.
 *
 *   node       dist/node/*.js        the command, the daemon, its guardian and workers, the language server: ES modules
 *                                    that share chunks, so that a command loads only what it needs
 *   extension  dist/extension.cjs    what runs inside VS Code's extension host
 *   webview    dist/webview/*        the live page
 */
import { build, type BuildOptions, type Plugin } from "esbuild";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: process.env["CONTRAIL_DEBUG_BUILD"] === undefined,
  sourcemap: false,
  legalComments: "none",
  logLevel: "warning",
  target: "es2023",
};

/** Bundled CommonJS packages (kafkajs, amqplib, ...) ask for Node's modules by `require`. */
const requireInModules = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/**
 * Imported as a module, `node:http` has Node read everything that it exports, and one of these loads all of its fetch: 40
 * ms of every start. Asked for by `require` it is loaded alone.
 */
const httpAlone: Plugin = {
  name: "http-alone",
  setup(builder) {
    builder.onResolve({ filter: /^node:http$/ }, ({ kind }) =>
      kind === "import-statement" ? { path: "node:http", namespace: "required" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const targets: Record<string, () => Promise<unknown>> = {
  node: () =>
    build({
      ...common,
      entryPoints: {
        contrail: "cli/main.ts",
        daemon: "daemon/main.ts",
        guardian: "daemon/guardian-main.ts",
        "language-server": "language-server/main.ts",
        ...optionalEntries({
          "asyncapi-worker": "language-server/asyncapi-worker.ts",
          "check-worker": "language-server/check-worker.ts",
          "index-worker": "daemon/store/index-worker.ts",
          "write-worker": "daemon/store/write-worker.ts",
        }),
      },
      outdir: "dist/node",
      platform: "node",
      format: "esm",
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
      mainFields: ["module", "main"],
      banner: { js: requireInModules },
      plugins: [httpAlone],
    }),
  extension: () =>
    build({
      ...common,
      entryPoints: { extension: "extension/extension.ts" },
      outdir: "dist",
      outExtension: { ".js": ".cjs" },
      platform: "node",
      format: "cjs",
      external: ["vscode"],
      mainFields: ["module", "main"],
    }),
  webview: async () => {
    await build({
      ...common,
      entryPoints: { live: "webview/main.ts" },
      outdir: "dist/webview",
      platform: "browser",
      format: "esm",
      loader: { ".css": "css", ".ttf": "file", ".svg": "text" },
      assetNames: "[name]",
    });
    const assets = join(root, "webview", "assets");
    if (existsSync(assets)) await cp(assets, join(dist, "webview"), { recursive: true });
  },
};

function optionalEntries(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(root, path))));
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in targets));
if (unknown.length > 0) {
  console.error(`build: no target named ${unknown.join(", ")}; there are ${Object.keys(targets).join(", ")}`);
  process.exit(2);
}
const names = asked.length > 0 ? asked : Object.keys(targets);
if (names.length === Object.keys(targets).length) await emptyFolder(dist);
await mkdir(dist, { recursive: true });
await Promise.all(names.map(async (name) => targets[name]?.()));

async function emptyFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}
