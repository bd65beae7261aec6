/** The page in a plain browser: a WebSocket to the daemon that served it, with the cookie the daemon set. */
import type { ClientMessage } from "../../daemon/serve/protocol.ts";
import { asServerMessage, type Link, type LinkEvents } from "./link.ts";

const firstPauseMs = 300;
const longestPauseMs = 5_000;
/** A connection that lasted this long was a good one: the next attempt is quick again. */
const goodAfterMs = 3_000;

/** The pause before attempt `attempt`, from 0: doubling, bounded, and spread so that views do not come back as one. */
export function reconnectPause(attempt: number, random: number): number {
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
  return Math.round(pause * (0.75 + random * 0.5));
}

export class WebSocketLink implements Link {
  readonly client = "page";
  readonly #url: string;
  #events: LinkEvents | undefined;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(url: string) {
    this.#url = url;
  }

  start(events: LinkEvents): void {
    this.#events = events;
    this.#connect();
    // A laptop that wakes, or a network that returns, should not wait out the pause.
    addEventListener("online", () => this.reconnect());
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  act(): void {
    // No editor stands behind a plain page; what needs one is not shown there.
  }

  reconnect(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    this.#timer = undefined;
    this.#events?.connection({ state: "connecting" });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    let openedAt: number | undefined;
    socket.addEventListener("open", () => {
      openedAt = performance.now();
      this.#events?.connection({ state: "open" });
    });
    socket.addEventListener("message", (event) => this.#receive(event.data));
    socket.addEventListener("close", (event) => {
      if (openedAt !== undefined && performance.now() - openedAt > goodAfterMs) this.#attempt = 0;
      const pause = reconnectPause(this.#attempt++, Math.random());
      this.#events?.connection({
        state: "closed",
        detail: event.reason === "" ? undefined : event.reason,
        nextTryAt: Date.now() + pause,
      });
      this.#timer = setTimeout(() => this.#connect(), pause);
    });
  }

  #receive(data: unknown): void {
    if (typeof data !== "string") return;
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      console.info("Contrail: ignored a message that is not JSON");
      return;
    }
    const message = asServerMessage(value);
    if (message) this.#events?.message(message);
  }
}
