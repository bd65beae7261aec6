/**
 * The schemas that messages name by an id: those that the capture has, and, where the user configured a registry, those
 * that are fetched from it. Nobody waits for a fetch but for a moment: a message whose schema comes later is shown
 * before, and read again when it came.
 */
import type { RegisteredSchema, SchemaSource, SchemaState } from "../contracts/codec/index.ts";
import { isRegisteredPath, schemaTitle } from "../contracts/codec/index.ts";
import { type RegistryAddress, fetchSchema } from "./registry-client.ts";
import { FailedFetch, registrySentence } from "./registry-failures.ts";
import { schemaOf } from "./pipeline-input.ts";
import type { TapEvent } from "./tap/envelope.ts";
import type { RegistrySettings } from "./serve/protocol.ts";

export interface RegistryEvents {
  /** Keys whose schemas came, or are known not to come; several that came at about the same time. */
  readonly onSettled: (keys: readonly string[]) => void;
  /** A schema came: it is to be kept with the capture. */
  readonly onFetched: (path: string, text: string) => void;
  readonly mayConnect: (host: string) => boolean;
}

/** How long what comes may be held back for a schema that is on its way. A registry nearby answers within that. */
const holdMs = 250;
/** In so much time not longer than that, however many schemas are asked for. */
const holdSpanMs = 5_000;
const mostAtOnce = 4;
/** Ids come from the wire: a sender that makes them up must not fill the memory, nor keep the registry busy. */
const mostKeys = 10_000;
const mostWaiting = 500;
const settleMs = 20;
/** What the registry does not have it may get; what it cannot give now it is asked for sooner. */
const refusedAgainMs = 60_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

interface Entry {
  state: SchemaState;
  /** When it may be asked for again; `undefined` while it is under way or there. */
  againAt?: number;
}

export class SchemaRegistry implements SchemaSource {
  /** One sentence: why no registry is asked. */
  problem: string | undefined;
  private readonly events: RegistryEvents;
  private registry: RegistryAddress | undefined;
  private entries = new Map<string, Entry>();
  private waiting: string[] = [];
  private underWay = 0;
  private ending = new AbortController();
  /** While the registry as a whole does not answer, it is asked once in a while, not for each id. */
  private pausedUntil = 0;
  private pauseMs = firstPauseMs;
  private timer: NodeJS.Timeout | undefined;
  private settled: string[] = [];
  private settleTimer: NodeJS.Timeout | undefined;
  private holdUntil = 0;
  private held: Array<{ readonly from: number; readonly to: number }> = [];

  constructor(events: RegistryEvents) {
    this.events = events;
  }

  /** Asks this registry from now on, or none. What another one said of its ids is forgotten. */
  configure(settings: RegistrySettings | undefined): void {
    const before = this.registry;
    const { registry, problem } = settings === undefined ? {} : this.addressOf(settings);
    this.problem = problem;
    this.registry = registry;
    if (JSON.stringify(before) === JSON.stringify(registry)) return;
    this.ending.abort();
    this.ending = new AbortController();
    this.waiting = [];
    this.pausedUntil = 0;
    this.pauseMs = firstPauseMs;
    const isOther = before !== undefined && registry !== undefined && before.url !== registry.url;
    const forgotten: string[] = [];
    for (const [key, { state }] of this.entries) {
      if ("schema" in state && !isOther) continue;
      this.entries.delete(key);
      forgotten.push(key);
    }
    if (forgotten.length > 0) this.settle(forgotten);
  }

  /** Whether what comes should be held back for a moment, as a schema that it may need is on its way. */
  get isHolding(): boolean {
    return this.holdUntil > 0 && performance.now() < this.holdUntil;
  }

  /**
   * Asks for the schemas that these events name, and tells whether they should be held back for a moment: what is read
   * by its schema at once is masked, correlated and found by it as well.
   */
  holds(events: readonly TapEvent[]): boolean {
    if (this.registry !== undefined) {
      for (const event of events) {
        if (event.kind !== "message") continue;
        const named = schemaOf(event.envelope);
        if (named !== undefined) this.find(named.key);
      }
    }
    return this.isHolding;
  }

  find(key: string): SchemaState | undefined {
    const known = this.entries.get(key);
    if (known !== undefined && (known.againAt === undefined || known.againAt > Date.now())) return known.state;
    if (this.registry === undefined) return known?.state;
    if (known === undefined && (this.waiting.length >= mostWaiting || this.entries.size >= mostKeys))
      this.forgetFailures();
    if (this.waiting.length >= mostWaiting) {
      return {
        failure: `Too many schemas are being fetched from the registry; the ${schemaTitle(key)} is not asked for yet.`,
      };
    }
    const entry: Entry = { state: { waiting: this.waitingSentence(key) } };
    this.entries.set(key, entry);
    this.waiting.push(key);
    if (known === undefined) this.hold();
    this.work();
    return entry.state;
  }

  /** Forgets everything: another capture is shown, whose ids are another registry's. */
  reset(): void {
    this.configure(undefined);
    this.entries.clear();
    this.settled = [];
  }

  /** Takes in what a capture has kept of earlier fetches. */
  load(files: ReadonlyMap<string, string>): void {
    for (const [key, schema] of schemasIn(files)) this.entries.set(key, { state: { schema } });
  }

  /** All schemas that are here, as a capture keeps them. */
  kept(): ReadonlyMap<string, string> {
    const files = new Map<string, string>();
    for (const [key, { state }] of this.entries) if ("schema" in state) files.set(pathOf(key), keptText(state.schema));
    return files;
  }

  close(): void {
    this.release();
    this.ending.abort();
    clearTimeout(this.timer);
    clearTimeout(this.settleTimer);
    this.waiting = [];
    this.registry = undefined;
  }

  private addressOf(settings: RegistrySettings): { registry?: RegistryAddress; problem?: string } {
    if (!URL.canParse(settings.url)) return { problem: registrySentence.badAddress(withoutUser(settings.url)) };
    const url = new URL(settings.url);
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      return { problem: registrySentence.badAddress(withoutUser(settings.url)) };
    }
    if (!this.events.mayConnect(url.hostname)) return { problem: registrySentence.notAllowed(url.hostname) };
    const username = settings.username ?? (url.username === "" ? undefined : decodeURIComponent(url.username));
    const password = settings.password ?? (url.password === "" ? undefined : decodeURIComponent(url.password));
    url.username = "";
    url.password = "";
    url.search = "";
    url.hash = "";
    return {
      registry: {
        url: url.href.replace(/\/+$/, ""),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      },
    };
  }

  private waitingSentence(key: string): string {
    return `The ${schemaTitle(key)} is being fetched from the registry; the message is read again when it came.`;
  }

  private work(): void {
    const { registry } = this;
    if (registry === undefined) return;
    const pause = this.pausedUntil - Date.now();
    if (pause > 0) {
      this.later(pause);
      return;
    }
    while (this.underWay < mostAtOnce && this.waiting.length > 0) {
      const key = this.waiting.shift() ?? "";
      this.underWay++;
      const { signal } = this.ending;
      fetchSchema(registry, key, signal)
        .then(
          (schema) => this.came(key, schema, signal),
          (cause: unknown) => this.failed(key, cause, signal),
        )
        .finally(() => {
          this.underWay--;
          if (this.underWay === 0 && this.waiting.length === 0) this.release();
          this.work();
        });
    }
  }

  private came(key: string, schema: RegisteredSchema, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.pauseMs = firstPauseMs;
    this.entries.set(key, { state: { schema } });
    this.events.onFetched(pathOf(key), keptText(schema));
    this.settle([key]);
  }

  private failed(key: string, cause: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const isPassing = cause instanceof FailedFetch ? cause.passing : true;
    const status = cause instanceof FailedFetch ? cause.status : undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    const isRegistryWide = isPassing || status === 401 || status === 403;
    if (!isRegistryWide) {
      const failure = `The ${schemaTitle(key)} is not here. ${why}`;
      this.entries.set(key, { state: { failure }, againAt: Date.now() + refusedAgainMs });
      this.settle([key]);
      return;
    }
    // All ids wait for the registry, and are told why; the first that comes again tells that it answers.
    this.pausedUntil = Date.now() + this.pauseMs;
    this.pauseMs = Math.min(longestPauseMs, this.pauseMs * 2);
    this.release();
    for (const other of [key, ...this.waiting]) {
      const failed = `The ${schemaTitle(other)} is not here yet. ${why}`;
      this.entries.set(other, { state: { failure: failed, willBeAsked: true } });
    }
    this.settle([key, ...this.waiting]);
    this.waiting.push(key);
    this.later(this.pausedUntil - Date.now());
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.work(), Math.max(10, ms));
    this.timer.unref();
  }

  private settle(keys: readonly string[]): void {
    this.settled.push(...keys);
    this.settleTimer ??= setTimeout(() => {
      this.settleTimer = undefined;
      const settled = [...new Set(this.settled)];
      this.settled = [];
      this.events.onSettled(settled);
    }, settleMs).unref();
  }

  /** Begins to hold back what comes, unless that was done long enough lately. */
  private hold(): void {
    const now = performance.now();
    if (this.isHolding || this.pausedUntil > Date.now()) return;
    this.held = this.held.filter(({ to }) => to > now - holdSpanMs);
    const spent = this.held.reduce((sum, { from, to }) => sum + (to - from), 0);
    if (spent >= holdMs) return;
    this.holdUntil = now + holdMs - spent;
    this.held.push({ from: now, to: this.holdUntil });
  }

  private release(): void {
    const last = this.held.at(-1);
    const now = performance.now();
    if (last !== undefined && last.to > now) this.held[this.held.length - 1] = { from: last.from, to: now };
    this.holdUntil = 0;
  }

  private forgetFailures(): void {
    for (const [key, { state }] of this.entries)
      if ("failure" in state && !this.waiting.includes(key)) this.entries.delete(key);
  }
}

/** The schemas that a capture has, for whoever only reads it. */
export class StoredSchemas implements SchemaSource {
  private readonly states = new Map<string, SchemaState>();

  load(files: ReadonlyMap<string, string>): void {
    for (const [key, schema] of schemasIn(files)) this.states.set(key, { schema });
  }

  find(key: string): SchemaState | undefined {
    return this.states.get(key);
  }
}

function* schemasIn(files: ReadonlyMap<string, string>): Generator<readonly [key: string, schema: RegisteredSchema]> {
  for (const [path, text] of files) {
    const schema = isRegisteredPath(path) ? readKept(text) : undefined;
    if (schema !== undefined) yield [keyOf(path), schema];
  }
}

/** Schemas as a capture keeps them among its contracts: `schema-registry:/guid-...`, a JSON text each. */
function pathOf(key: string): string {
  return `schema-registry:/${key.replace(":", "-")}`;
}

function keyOf(path: string): string {
  const name = path.slice("schema-registry:/".length);
  return name.replace(/^(guid|global|content)-/, "$1:");
}

function keptText({ type, text, references }: RegisteredSchema): string {
  return JSON.stringify({ schemaType: type, schema: text, references });
}

function readKept(text: string): RegisteredSchema | undefined {
  try {
    const { schemaType, schema, references } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if ((schemaType !== "AVRO" && schemaType !== "PROTOBUF" && schemaType !== "JSON") || typeof schema !== "string")
      return undefined;
    const read = (Array.isArray(references) ? (references as readonly unknown[]) : []).flatMap((one) => {
      const { name, text: other } = (one ?? {}) as Readonly<Record<string, unknown>>;
      return typeof name === "string" && typeof other === "string" ? [{ name, text: other }] : [];
    });
    return { type: schemaType, text: schema, references: read };
  } catch {
    return undefined;
  }
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//");
}
