/**
 * The names that applications gave their connections. Trace events call a connection `127.0.0.1:50000 ->
 * 127.0.0.1:5672`; the management API knows its name, but seconds late. So a connection that is not known yet is asked
 * for again for a while, at most once a second.
 */
import type { Management } from "../guardian/index.ts";
import { preciseNow } from "./clock.ts";

const pauseMs = 1_000;
const askedAtMost = 12;
const keptAtMost = 20_000;

export class ConnectionNames {
  readonly #vhost: string;
  readonly #known = new Map<string, string>();
  readonly #asked = new Map<string, number>();
  #management: Management | undefined;
  #lastRefresh = 0;
  #refreshing = false;

  constructor(vhost: string) {
    this.#vhost = vhost;
  }

  use(management: Management | undefined): void {
    this.#management = management;
    this.#asked.clear();
  }

  nameOf(connection: string): string | undefined {
    const name = this.#known.get(connection);
    if (name !== undefined) return name;
    const times = this.#asked.get(connection) ?? 0;
    if (times < askedAtMost && this.#management !== undefined && !this.#refreshing) {
      if (preciseNow() - this.#lastRefresh >= pauseMs) void this.refresh(connection);
    }
    return undefined;
  }

  async refresh(forConnection?: string): Promise<void> {
    const management = this.#management;
    if (management === undefined || this.#refreshing) return;
    this.#refreshing = true;
    this.#lastRefresh = preciseNow();
    try {
      const connections = await management.connections(this.#vhost);
      if (this.#known.size > keptAtMost) this.#known.clear();
      for (const { name, applicationName } of connections) {
        // Just opened, the statistics do not tell the name yet; the connection may still have one.
        if (applicationName !== undefined) this.#known.set(name, applicationName);
      }
    } catch {
      // No names then; the events are worth the same without them.
    } finally {
      this.#refreshing = false;
      if (forConnection !== undefined) {
        if (this.#asked.size > keptAtMost) this.#asked.clear();
        this.#asked.set(forConnection, (this.#asked.get(forConnection) ?? 0) + 1);
      }
    }
  }
}
