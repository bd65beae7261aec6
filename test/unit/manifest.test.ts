/** Holds documents and manifest against the code: what package.json promises is there, and what is there is promised. */
import { globSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands, contextKeys, settings } from "../../extension/names.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Manifest {
  readonly version: string;
  readonly scripts: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly contributes: {
    readonly commands: ReadonlyArray<{ readonly command: string; readonly title: string }>;
    readonly configuration: { readonly properties: Record<string, { readonly markdownDescription: string }> };
    readonly menus: { readonly commandPalette: ReadonlyArray<{ readonly command: string; readonly when: string }> };
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
}
const manifest = JSON.parse(read("package.json")) as Manifest;

describe("the manifest", () => {
  it("declares exactly the commands that the extension registers", () => {
    expect(manifest.contributes.commands.map((one) => one.command).sort()).toEqual(Object.values(commands).sort());
  });

  it("declares exactly the settings that the extension reads", () => {
    const declared = Object.keys(manifest.contributes.configuration.properties);
    expect(declared.sort()).toEqual(
      Object.values(settings)
        .map((name) => `contrail.${name}`)
        .sort(),
    );
  });

  it("restricts every setting that names a broker or what to run", () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    const connecting = Object.values(settings).filter((name) => /^(kafka|rabbitmq|otlp|registry)\./.test(name));
    for (const name of connecting) expect(restrictedConfigurations).toContain(`contrail.${name}`);
  });

  it("uses only context keys that the extension sets", () => {
    const used = manifest.contributes.menus.commandPalette.flatMap(({ when }) => when.match(/contrail\.\w+/g) ?? []);
    for (const key of used) expect(Object.values(contextKeys)).toContain(key);
  });

  it("has every text that it refers to, and no other", () => {
    const texts = Object.keys(JSON.parse(read("package.nls.json")) as Record<string, string>);
    const used = [...read("package.json").matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? "");
    expect([...new Set<string>(used)].toSorted()).toEqual(texts.toSorted());
  });

  it("runs only scripts that are there", () => {
    for (const command of Object.values(manifest.scripts)) {
      const file = /(?:^|\s)(scripts\/[\w./-]+\.ts)/.exec(command)?.[1];
      if (file !== undefined) expect(existsSync(join(root, file)), file).toBe(true);
    }
  });
});

describe("the documents", () => {
  it("name only npm scripts that are there", () => {
    const builtIn = new Set(["ci", "install", "i", "start", "test", "pack", "run"]);
    for (const path of ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]) {
      for (const [, name = ""] of read(path).matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)) {
        expect(builtIn.has(name) || name in manifest.scripts, `${path}: npm run ${name}`).toBe(true);
      }
    }
  });

  it("give a reason for every dependency", () => {
    const reasons = read("docs/dependencies.md");
    const silent = Object.keys(manifest.devDependencies).filter(
      (name) => !name.startsWith("@types/") && !reasons.includes(`\`${name}\``),
    );
    expect(silent).toEqual([]);
  });

  it("show only pictures and files that are there", () => {
    for (const path of globSync("*.md", { cwd: root })) {
      for (const [, target = ""] of read(path).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        expect(existsSync(join(root, target)), `${path}: ${target}`).toBe(true);
      }
    }
  });

  it("have an entry in the changelog for this version", () => {
    expect(read("CHANGELOG.md")).toContain(`## ${manifest.version}`);
  });
});
