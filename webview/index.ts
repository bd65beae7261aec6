/**
 * The live page. Takes in the daemon's protocol and, inside VS Code, what the extension host says over the bridge.
 * Hands out what the user sees; to other folders only the types of that bridge. The page itself begins in main.ts.
 */
export type { ConnectionState, FoundBroker, FromHost, HostAction, ToHost } from "./bridge.ts";
