/**
 * What the live page and the extension host say to each other inside VS Code. Types only, imported by both sides.
 * The page cannot reach the daemon from a webview, so the host passes the daemon's protocol through unchanged and adds
 * what only a host can know or do. Unknown messages are ignored on both sides.
 *
 * Life of a page: it posts `ready`; the host answers with `connection`, and with `found` and `host` where it has them;
 * at `state: "open"` the page says `hello` to the daemon through `contrail` messages. After every lost connection the
 * host sends `state: "closed"`, tries again by itself, and sends `open` once more: the page then says `hello` with the
 * last revision it saw.
 */
import type { ClientMessage, ServerMessage } from "../daemon/serve/protocol.ts";

/** From the page to the extension host. */
export type ToHost =
  | { readonly type: "ready" }
  /** For the daemon, as it is. */
  | { readonly type: "contrail"; readonly payload: ClientMessage }
  | HostAction;

/** From the extension host to the page. */
export type FromHost =
  /** From the daemon, as it is. */
  | { readonly type: "contrail"; readonly payload: ServerMessage }
  | {
      readonly type: "connection";
      readonly state: ConnectionState;
      /** One sentence for people: what happened, and what happens next. */
      readonly detail?: string;
      /** When the next attempt is made, milliseconds since the epoch. */
      readonly nextTryAt?: number;
    }
  /** Brokers that the workspace mentions; nothing is connected until the user asks for it. */
  | { readonly type: "found"; readonly brokers: readonly FoundBroker[] }
  /** Select and show this message, or this conversation, or filter by these words: the user came from the editor. */
  | { readonly type: "reveal"; readonly seq?: number; readonly conversation?: string; readonly search?: string };

/** `none`: no trace was started, or it was stopped by the user; nothing is wrong, and nothing is tried again. */
export type ConnectionState = "none" | "connecting" | "open" | "closed";

/** Something only the editor can do. */
export type HostAction =
  /** `line` and `character` count from 0, as in the protocol's `ContractLink`. */
  | {
      readonly type: "action";
      readonly action: "openContract";
      readonly file: string;
      readonly line: number;
      readonly character: number;
    }
  /** `broker` is one of the addresses of `found`; absent: ask. */
  | { readonly type: "action"; readonly action: "startTrace"; readonly broker?: FoundBroker }
  | {
      readonly type: "action";
      readonly action: "stopTrace" | "openCapture" | "openSettings" | "trySample" | "reconnect";
    };

export interface FoundBroker {
  readonly broker: "kafka" | "rabbitmq";
  readonly address: string;
  /** `docker-compose.yml:12`, where it was found. */
  readonly where: string;
  readonly file?: string;
  readonly line?: number;
}
