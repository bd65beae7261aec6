/** Edits in an open .proto file, each timed until the language server answers with the diagnostic that it causes. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentDiagnosticRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { repositoryRoot } from "../setup/paths.ts";

/** The text after an edit, and the field whose type it changed. */
export interface Edit {
  readonly text: string;
  readonly field: string;
}

/** The first ones load the judges and read both versions. */
const warmUp = 5;
const patienceMs = 120_000;

/** Milliseconds from an edit to its diagnostic, `count` times; `path` is relative to `folder`. */
export async function measureEdits(
  folder: string,
  path: string,
  text: string,
  count: number,
  editOf: (edit: number) => Edit,
): Promise<number[]> {
  const child = spawn(process.execPath, [join(repositoryRoot, "dist", "node", "language-server.js"), "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  const root = pathToFileURL(folder).toString();
  const uri = `${root}/${path}`;
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: root,
    workspaceFolders: [{ uri: root, name: "bench" }],
    capabilities: {
      textDocument: { diagnostic: { dynamicRegistration: false, relatedDocumentSupport: true } },
      workspace: {},
    },
  });
  await connection.sendNotification(InitializedNotification.type, {});
  await connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "proto", version: 1, text },
  });
  const samples: number[] = [];
  try {
    for (let edit = 0; edit < count + warmUp; edit++) {
      const { text: edited, field } = editOf(edit);
      const started = performance.now();
      await connection.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri, version: edit + 2 },
        contentChanges: [{ text: edited }],
      });
      for (;;) {
        const report = await connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri } });
        const items = report.kind === "full" ? report.items : [];
        if (items.some((one) => one.code === "FIELD_SAME_TYPE" && JSON.stringify(one.message).includes(field))) break;
        if (performance.now() - started > patienceMs) throw new Error(`No diagnostic for ${field}.`);
      }
      if (edit >= warmUp) samples.push(performance.now() - started);
    }
    await connection.sendRequest(ShutdownRequest.type);
    await connection.sendNotification(ExitNotification.type);
  } finally {
    connection.dispose();
    child.kill();
  }
  return samples;
}
