/**
 * The only part that speaks the Language Server Protocol; `main.ts` starts it.
 *
 * Others import its protocol's types and names from here. Whoever runs it inside of another process (`contrail lsp`,
 * tests) gives `startServer` a connection.
 */
export * from "./protocol.ts";
export { startServer, type ServerOptions } from "./server.ts";
