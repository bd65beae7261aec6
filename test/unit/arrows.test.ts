/**
 * Holds the one-way arrows between the folders (ARCHITECTURE.md, "The house") against every import in the code:
 * static, dynamic and `require`. Tests may look wherever they need to; they are not part of the house.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** What each folder may import, and whether only its types. Nothing imports extension, webview or cli. */
const arrows: Record<string, Record<string, "values" | "types">> = {
  contracts: {},
  workspace: { contracts: "values" },
  daemon: { contracts: "values", workspace: "values" },
  "language-server": {
    contracts: "values",
    workspace: "values",
    "daemon/client": "values",
    "daemon/serve/protocol.ts": "types",
  },
  extension: {
    "language-server": "types",
    "daemon/client": "values",
    "daemon/serve/protocol.ts": "types",
    "webview/bridge.ts": "types",
  },
  webview: { "daemon/serve/protocol.ts": "types" },
  cli: {
    contracts: "values",
    workspace: "values",
    "daemon/client": "values",
    "daemon/serve/protocol.ts": "types",
    // Only for the subcommand that runs them, and only when it is asked for.
    daemon: "values",
    "language-server": "values",
  },
};

/** For these the import must be dynamic, so that other subcommands do not pay for it. */
const onlyWhenAskedFor = [
  { from: "cli", to: "daemon" },
  { from: "cli", to: "language-server" },
];

interface Import {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly dynamic: boolean;
}

describe("the arrows between the folders", () => {
  for (const folder of Object.keys(arrows)) {
    it(`${folder} imports only what it may`, () => {
      expect(checkArrows(importsOf(folder), folder)).toEqual([]);
    });
  }

  it("finds an import that goes against an arrow, in each form", () => {
    const text = [
      `import { a } from "../../daemon/index.ts";`,
      `export * from "../../cli/main.ts";`,
      `const b = await import("../../daemon/index.ts");`,
      `const c = require("../../extension/extension.ts");`,
      `import type { D } from "../../webview/bridge.ts";`,
    ].join("\n");
    expect(checkArrows(importsIn("contracts/proto/x.ts", text), "contracts")).toHaveLength(5);
  });
});

describe("contracts/ is pure", () => {
  const files = sources("contracts");

  it("imports no runtime and no editor", () => {
    const wrong = importsOf("contracts").filter(
      (one) =>
        /^(node:|vscode$|ws$|kafkajs|amqplib)/.test(one.specifier) ||
        nodeModules.has(one.specifier.split("/")[0] ?? ""),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  it("has no timer, clock, chance or process", () => {
    const forbidden =
      /\b(setTimeout|setInterval|setImmediate|queueMicrotask|Date|performance|Math\.random|process|globalThis|fetch|console)\b/;
    const wrong: string[] = [];
    for (const file of files) {
      const lines = withoutCommentsAndStrings(readFileSync(join(root, file), "utf8")).split("\n");
      lines.forEach((line, index) => {
        const found = forbidden.exec(line);
        if (found !== null) wrong.push(`${file}:${index + 1}: ${found[0]}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  it("has no ambient types in its project", () => {
    const project = JSON.parse(readFileSync(join(root, "contracts", "tsconfig.json"), "utf8")) as {
      compilerOptions: { types: unknown[] };
    };
    expect(project.compilerOptions.types).toEqual([]);
  });
});

describe("only one folder each", () => {
  it("extension/ alone imports vscode", () => {
    const others = ["contracts", "workspace", "language-server", "daemon", "webview", "cli"];
    expect(
      others
        .flatMap(importsOf)
        .filter((one) => one.specifier === "vscode")
        .map(told),
    ).toEqual([]);
  });

  it("one file alone, which says why, imports what kafkajs has inside", () => {
    const inside = Object.keys(arrows)
      .flatMap(importsOf)
      .filter((one) => one.specifier.startsWith("kafkajs/") && !one.file.endsWith(".test.ts"));
    expect(inside.length).toBeGreaterThan(0);
    expect(new Set(inside.map(({ file }) => file))).toEqual(new Set(["daemon/tap/kafkajs-inside.ts"]));
  });

  it("every folder of the house opens with what it takes in and hands out", () => {
    const silent = Object.keys(arrows)
      .map(
        (folder) =>
          ["index.ts", "main.ts", "extension.ts"]
            .map((name) => join(folder, name))
            .find((path) => sources(folder).includes(path)) ?? folder,
      )
      .filter(
        (path) =>
          !path.endsWith(".ts") ||
          !/^(#!.*\n)?\/\*\*[\s\S]*?Takes in[\s\S]*?Hands out/i.test(readFileSync(join(root, path), "utf8")),
      );
    expect(silent).toEqual([]);
  });
});

function checkArrows(imports: readonly Import[], folder: string): string[] {
  const allowed = arrows[folder] ?? {};
  return imports.flatMap((one) => {
    if (!one.specifier.startsWith(".")) return [];
    const target = normalize(join(dirname(one.file), one.specifier))
      .split(sep)
      .join("/");
    const top = target.split("/")[0] ?? "";
    if (top === folder || !(top in arrows))
      return top === "test" || top === "scripts" || top === "fixtures"
        ? [`${told(one)} (not part of the product)`]
        : [];
    const rule = Object.entries(allowed)
      .filter(([place]) => target === place || target.startsWith(`${place}/`))
      .sort((a, b) => b[0].length - a[0].length)[0];
    if (rule === undefined) return [`${told(one)} (${folder} may not import ${top})`];
    if (rule[1] === "types" && !one.typesOnly) return [`${told(one)} (${folder} may import only types of ${rule[0]})`];
    const lazy = onlyWhenAskedFor.some((pair) => pair.from === folder && pair.to === rule[0]);
    if (lazy && !one.typesOnly && !one.dynamic)
      return [`${told(one)} (${folder} loads ${rule[0]} only when it is asked for)`];
    return [];
  });
}

function importsOf(folder: string): Import[] {
  return sources(folder).flatMap((file) => importsIn(file, readFileSync(join(root, file), "utf8")));
}

function importsIn(file: string, text: string): Import[] {
  const found: Import[] = [];
  const patterns: ReadonlyArray<{ readonly pattern: RegExp; readonly dynamic: boolean }> = [
    { pattern: /^[ \t]*(import|export)\s+(type\s+)?(?:[^;'"`]*?\s+from\s+)?["']([^"']+)["']/gm, dynamic: false },
    { pattern: /\b(import|require)\s*(\()\s*["'`]([^"'`]+)["'`]/g, dynamic: true },
  ];
  for (const { pattern, dynamic } of patterns) {
    for (const match of text.matchAll(pattern)) {
      const before = text.slice(0, match.index);
      const lineStart = before.slice(before.lastIndexOf("\n") + 1).trimStart();
      if (lineStart.startsWith("*") || lineStart.startsWith("//")) continue;
      const inTypePosition = dynamic && /\btypeof\s*$/.test(before);
      found.push({
        file,
        line: before.split("\n").length,
        specifier: match[3] ?? "",
        typesOnly: (!dynamic && match[2] !== undefined) || inTypePosition,
        dynamic,
      });
    }
  }
  return found;
}

function sources(folder: string): string[] {
  return globSync(`${folder}/**/*.{ts,mts}`, { cwd: root })
    .filter((file) => !file.endsWith(".test.ts") && !file.endsWith(".d.ts") && !file.split(sep).includes("testing"))
    .sort();
}

function told(one: Import): string {
  return `${one.file}:${one.line}: ${one.specifier}`;
}

/** Good enough to look for words: comments and the insides of strings become blanks, lines stay. */
function withoutCommentsAndStrings(text: string): string {
  const blank = (piece: string) => piece.replace(/[^\n]/g, " ");
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*(?=[\s,;).\]])/g,
    blank,
  );
}

const nodeModules = new Set([
  "fs",
  "path",
  "os",
  "crypto",
  "child_process",
  "http",
  "https",
  "net",
  "tls",
  "stream",
  "util",
  "url",
  "worker_threads",
  "zlib",
  "process",
  "timers",
]);
