/** What others may take from the live page: the types of its bridge to the extension host. The page itself is main.ts. */
export type { ConnectionState, FoundBroker, FromHost, HostAction, ToHost } from "./bridge.ts";
