/**
 * The only part that speaks the Language Server Protocol; `main.ts` starts it.
 *
 * Takes in: a connection to an editor, contracts as they are edited, and what a running trace saw of them. Hands out:
 * diagnostics, hovers, fixes, code lenses, and the names and types of what it says beyond the protocol. Whoever runs it
 * inside of another process (`contrail lsp`, tests) gives `startServer` a connection.
 */
export * from "./protocol.ts";
export { startServer, type ServerOptions } from "./server.ts";
