/**
 * Starts the language server on whatever its client asks for by argument: `--stdio`, `--node-ipc`, `--socket=PORT`.
 *
 * Takes in: contracts as they are edited, and what a running trace saw of them. Hands out: diagnostics, hovers, fixes,
 * code lenses. What it says beyond the protocol is in protocol.ts.
 */
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { startServer } from "./server.ts";

const connection = createConnection(ProposedFeatures.all);
startServer(connection, {
  connectDaemon: async (file) =>
    (await import("../daemon/client/index.ts")).connectDaemon(file, { client: "extension", wait: true }),
  now: Date.now,
});
