/**
 * What was seen live of each message definition: follows the daemon of a running trace, if there is one, and turns what
 * it says into code lenses and diagnostics on the contract's lines.
 */
import { DiagnosticSeverity, type CodeLens, type Diagnostic } from "vscode-languageserver";
import type { ClientMessage, DefinitionSeen, ServerMessage } from "../daemon/serve/protocol.ts";
import { count, seenText, timeOfDay } from "./live-text.ts";
import { showSeenCommand, type ShowSeenArguments } from "./protocol.ts";
import { messageNames } from "./symbols.ts";
import { indexOf, liveSource } from "./to-lsp.ts";

/** What is needed of a connection to the daemon; it reconnects, and says its watches again, by itself. */
export interface LiveConnection {
  send(message: ClientMessage): void;
  onMessage(listener: (message: ServerMessage) => void): unknown;
  close(): unknown;
}

export class LiveDefinitions {
  private readonly connect: (file: string) => Promise<LiveConnection>;
  private readonly onChange: () => void;
  private readonly log: (message: string) => void;
  private connection: LiveConnection | undefined;
  private file: string | null = null;
  private byFile = new Map<string, readonly DefinitionSeen[]>();
  private byName = new Map<string, DefinitionSeen>();

  constructor(
    connect: (file: string) => Promise<LiveConnection>,
    onChange: () => void,
    log: (message: string) => void,
  ) {
    this.connect = connect;
    this.onChange = onChange;
    this.log = log;
  }

  /** The trace's connection file, or `null` when it has ended; then nothing of it is shown any more. */
  async follow(file: string | null): Promise<void> {
    if (file === this.file) return;
    this.file = file;
    this.connection?.close();
    this.connection = undefined;
    this.keep([]);
    if (file === null) return;
    try {
      const connection = await this.connect(file);
      if (this.file !== file) {
        connection.close();
        return;
      }
      this.connection = connection;
      connection.onMessage((message) => {
        if (this.connection !== connection) return;
        if (message.kind === "definitions") this.keep(message.definitions);
      });
      connection.send({ kind: "watchDefinitions", on: true });
    } catch (error) {
      this.log(`The trace cannot be followed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  dispose(): void {
    this.file = null;
    this.connection?.close();
    this.connection = undefined;
  }

  named(definition: string): DefinitionSeen | undefined {
    return this.byName.get(definition);
  }

  get files(): Iterable<string> {
    return this.byFile.keys();
  }

  /** One lens for each message definition of `file` that was seen. */
  lenses(file: string, text: string, now: number): CodeLens[] {
    const seen = this.byFile.get(file) ?? [];
    if (seen.length === 0) return [];
    const lineOf = currentLines(file, text, seen);
    return seen.map((definition) => {
      const line = lineOf(definition);
      const argument: ShowSeenArguments = { definition: definition.definition };
      return {
        range: { start: { line, character: 0 }, end: { line, character: 0 } },
        command: { title: seenText(definition, now), command: showSeenCommand, arguments: [argument] },
      };
    });
  }

  /** The messages that broke their contract, at the contract's lines. */
  diagnostics(file: string, text: string | undefined): Diagnostic[] {
    const seen = this.byFile.get(file) ?? [];
    if (seen.every((definition) => definition.violations.length === 0)) return [];
    const lineOf =
      text === undefined ? (definition: DefinitionSeen) => definition.line : currentLines(file, text, seen);
    return seen.flatMap((definition) => {
      const moved = lineOf(definition) - definition.line;
      return definition.violations.map((violation): Diagnostic => {
        const where = violation.path === "" ? "" : ` at "${violation.path}"`;
        const by = violation.writer === undefined ? "" : `, written by ${violation.writer}`;
        return {
          range: wholeLine(text, violation.line + moved),
          severity: DiagnosticSeverity.Warning,
          source: liveSource,
          message:
            `A live "${shortName(definition.definition)}" broke this contract${where}: ${violation.message} ` +
            `(message ${violation.seq}${by}, ${timeOfDay(violation.at)}; ` +
            `${count(definition.broken)} of ${count(definition.count)} seen broke it).`,
        };
      });
    });
  }

  private keep(definitions: readonly DefinitionSeen[]): void {
    const byFile = new Map<string, DefinitionSeen[]>();
    const byName = new Map<string, DefinitionSeen>();
    for (const definition of definitions) {
      byName.set(definition.definition, definition);
      const known = byFile.get(definition.file);
      if (known === undefined) byFile.set(definition.file, [definition]);
      else known.push(definition);
    }
    const changed = JSON.stringify([...this.byName.values()]) !== JSON.stringify([...byName.values()]);
    this.byFile = byFile;
    this.byName = byName;
    if (changed) this.onChange();
  }
}

/** The daemon counts lines in the saved file; while it is edited, a definition has moved with its name. */
function currentLines(
  file: string,
  text: string,
  seen: readonly DefinitionSeen[],
): (definition: DefinitionSeen) => number {
  if (!file.endsWith(".proto") || seen.length === 0) return (definition) => definition.line;
  const names = messageNames(file, text);
  const index = indexOf(text);
  return (definition) => {
    const name = names.get(definition.definition);
    return name === undefined ? definition.line : index.positionAt(name.start).line;
  };
}

function wholeLine(text: string | undefined, line: number) {
  const content = text?.split(/\r\n|\n|\r/)[line] ?? "";
  const start = content.length - content.trimStart().length;
  const end = Math.max(content.trimEnd().length, start);
  return { start: { line, character: start }, end: { line, character: content === "" ? 200 : end } };
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
