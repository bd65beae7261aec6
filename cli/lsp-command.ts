import type { Command } from "./usage.ts";

export const lspCommand: Command = {
  name: "lsp",
  summary: "Run the language server for an editor.",
  usage: "contrail lsp [--stdio]",
  about: `Speaks the Language Server Protocol on standard input and output, for any editor that does:
findings and problems in .proto, OpenAPI and AsyncAPI files, hovers with the proof, quick fixes,
outlines, definitions. VS Code does not need it, the extension starts its own.`,
  flags: {
    stdio: { type: "boolean", help: "The default; accepted because editors pass it." },
  },
  examples: [["contrail lsp", "what to write as the command in an editor's settings"]],
  async run() {
    // The server picks its transport from the arguments of the process.
    if (!process.argv.includes("--stdio")) process.argv.push("--stdio");
    await import("../language-server/main.ts");
    return new Promise<number>(() => undefined);
  },
};
