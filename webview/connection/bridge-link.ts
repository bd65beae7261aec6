/** The page inside VS Code: everything goes through the extension host (see ../bridge.ts). */
import type { ClientMessage } from "../../daemon/serve/protocol.ts";
import type { FromHost, HostAction, ToHost } from "../bridge.ts";
import { asServerMessage, type Link, type LinkEvents } from "./link.ts";

/** The part of VS Code's webview interface that posting needs; it is acquired once and kept private (see main.ts). */
export interface HostPort {
  postMessage(message: unknown): void;
}

export class BridgeLink implements Link {
  readonly client = "webview";
  readonly #port: HostPort;
  #open = false;

  constructor(port: HostPort) {
    this.#port = port;
  }

  start(events: LinkEvents): void {
    addEventListener("message", (event: MessageEvent<unknown>) => this.#receive(event.data, events));
    events.connection({ state: "connecting" });
    this.#post({ type: "ready" });
  }

  send(message: ClientMessage): void {
    if (this.#open) this.#post({ type: "contrail", payload: message });
  }

  act(action: HostAction): void {
    this.#post(action);
  }

  reconnect(): void {
    this.#post({ type: "action", action: "reconnect" });
  }

  #post(message: ToHost): void {
    this.#port.postMessage(message);
  }

  #receive(data: unknown, events: LinkEvents): void {
    const message = asHostMessage(data);
    switch (message?.type) {
      case "contrail": {
        const payload = asServerMessage(message.payload);
        if (payload) events.message(payload);
        break;
      }
      case "connection":
        this.#open = message.state === "open";
        events.connection({ state: message.state, detail: message.detail, nextTryAt: message.nextTryAt });
        break;
      case "found":
        events.found(message.brokers);
        break;
      case "reveal":
        events.reveal(message);
        break;
      case undefined:
        break;
    }
  }
}

const hostTypes: Readonly<Record<FromHost["type"], true>> = {
  contrail: true,
  connection: true,
  found: true,
  reveal: true,
};

function asHostMessage(value: unknown): FromHost | undefined {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  return typeof type === "string" && Object.hasOwn(hostTypes, type) ? (value as FromHost) : undefined;
}
