/** How the page reaches the daemon: through the editor's extension host, or over a WebSocket of its own. */
import type { ClientMessage, ServerMessage } from "../../daemon/serve/protocol.ts";
import type { ConnectionState, FoundBroker, HostAction } from "../bridge.ts";

export interface Link {
  readonly client: "webview" | "page";
  /** Begins to connect; everything that happens is told to `events`. Called once. */
  start(events: LinkEvents): void;
  /** Hands a message on when the connection is open; else it is dropped, because every watch is said again at `open`. */
  send(message: ClientMessage): void;
  /** Asks the editor for something only it can do; does nothing in a plain browser. */
  act(action: HostAction): void;
  /** Tries again now instead of after the pause. */
  reconnect(): void;
}

export interface LinkEvents {
  message(message: ServerMessage): void;
  connection(change: ConnectionChange): void;
  found(brokers: readonly FoundBroker[]): void;
  reveal(target: { readonly seq?: number; readonly conversation?: string; readonly search?: string }): void;
}

export interface ConnectionChange {
  readonly state: ConnectionState;
  readonly detail?: string | undefined;
  readonly nextTryAt?: number | undefined;
}

/** What the page understands; the protocol also has messages for the editor and the command line. */
const knownKinds: { readonly [Kind in ServerMessage["kind"]]?: true } = {
  welcome: true,
  status: true,
  conversations: true,
  conversation: true,
  conversationGone: true,
  message: true,
  report: true,
  refused: true,
};

/** A message of the daemon, or `undefined` for one this page does not know, which is logged and ignored. */
export function asServerMessage(value: unknown): ServerMessage | undefined {
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  if (typeof kind === "string" && Object.hasOwn(knownKinds, kind)) return value as ServerMessage;
  console.info("Contrail: ignored a message of unknown kind", kind);
  return undefined;
}

export interface Connection extends ConnectionChange {
  /** When it came to this state, milliseconds since the epoch. */
  readonly since: number;
}

/** Whether no trace was started. A host that never was connected and gives no reason, with `silent`, means the same. */
export function isIdle({ state, detail, nextTryAt }: Connection, silent: boolean): boolean {
  if (state === "none") return true;
  return silent && state === "closed" && detail === undefined && nextTryAt === undefined;
}
