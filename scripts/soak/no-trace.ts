/**
 * The proof that a tap leaves no trace: the same load once without a tap and once with one, which is ended in order,
 * killed, or killed together with its guardian; and the brokers' whole state after either compared entry by entry.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Kafka, logLevel, type Admin } from "kafkajs";
import type { TapSettings } from "../../daemon/client/index.ts";
import { brokerState, positions, writtenBeyond, type BrokerState, type Places } from "./broker-state.ts";
import { ManagementApi } from "./management-api.ts";
import { prepareLoad, removeLoad, startLoad, type LoadPlaces } from "./shared-load.ts";
import { startTapping } from "./tapping-daemon.ts";

export type Ending = "in order" | "kill -9" | "kill -9 with its guardian";

export interface Cycle {
  readonly ending: Ending;
  /** What differs from the run without a tap; empty when they are identical. */
  readonly differences: readonly string[];
  readonly entries: Readonly<Record<string, number>>;
  /** What the tap saw of what the load wrote while it ran. */
  readonly seen: { readonly kafka: number; readonly rabbitmq: number };
  readonly load: { readonly kafka: number; readonly rabbitmq: number };
  /** From the kill to the moment that tracing was off again; of an orderly end, until the process was gone. */
  readonly restoredMs: number;
}

/** After a kill, tracing must be off again this soon. */
export const restoreWithinMs = 2_000;
const seenAtLeast = 30;
const settleWithinMs = 30_000;

export class NoTraceRig {
  readonly #places: Places;
  readonly #load: LoadPlaces;
  readonly #admin: Admin;
  readonly #folder: string;
  #control: BrokerState | undefined;

  private constructor(places: Places, load: LoadPlaces, admin: Admin, folder: string) {
    this.#places = places;
    this.#load = load;
    this.#admin = admin;
    this.#folder = folder;
  }

  static async open(
    brokers: { readonly kafka: string; readonly rabbitmq: string; readonly rabbitmqManagement: string },
    prefix: string,
  ): Promise<NoTraceRig> {
    const folder = await mkdtemp(join(tmpdir(), "contrail-no-trace-"));
    const vhost = `${prefix}vhost`;
    const amqp = new URL(brokers.rabbitmq);
    amqp.pathname = `/${encodeURIComponent(vhost)}`;
    const management = new ManagementApi(brokers.rabbitmqManagement);
    const load: LoadPlaces = {
      kafka: brokers.kafka,
      amqp: amqp.href,
      topic: `${prefix}load`,
      group: `${prefix}readers`,
      exchange: `${prefix}events`,
      queue: `${prefix}queue`,
    };
    await prepareLoad(load, management, vhost);
    await mkdir(join(folder, "workspace"));
    const admin = new Kafka({ brokers: [brokers.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const stateDir = join(folder, "state");
    const places = { admin, kafka: brokers.kafka, rabbitmq: amqp.host, management, vhost, stateDir };
    const rig = new NoTraceRig(places, load, admin, folder);
    // The first run makes what any run leaves behind: the group, and Kafka's own topic of offsets.
    await rig.#run(() => pause(100));
    return rig;
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
    await removeLoad(this.#load, this.#places.management, this.#places.vhost);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** The run without a tap that all others are compared with; a second one says whether it is the same again. */
  async control(): Promise<readonly string[]> {
    const { state } = await this.#run(() => pause(700));
    const before = this.#control;
    this.#control = state;
    return before === undefined ? [] : differences(before, state);
  }

  async cycle(ending: Ending): Promise<Cycle> {
    const control = this.#control;
    if (control === undefined) throw new Error("Call control() first: there is nothing to compare with.");
    const { state, load, tapped } = await this.#run((sent) => this.#tapped(ending, sent));
    return {
      ending,
      differences: differences(control, state),
      entries: Object.fromEntries(Object.entries(state).map(([section, entries]) => [section, entries.length])),
      seen: tapped.seen,
      load,
      restoredMs: tapped.restoredMs,
    };
  }

  /** Load on, `meanwhile`, load off; then the state, once it has settled. */
  async #run<T>(
    meanwhile: (sent: () => { kafka: number; rabbitmq: number }) => Promise<T>,
  ): Promise<{ state: BrokerState; load: { kafka: number; rabbitmq: number }; tapped: T }> {
    const before = await positions(this.#admin);
    const running = await startLoad(this.#load);
    const outcome = await Promise.allSettled([meanwhile(running.sent)]);
    // It goes on without the tap.
    await pause(100);
    const done = await running.stop();
    const [tapped] = outcome;
    if (tapped.status === "rejected") throw tapped.reason;
    const ofLoad = new Map([
      [this.#load.topic, done.kafka],
      ["__consumer_offsets", done.commits],
    ]);
    const state = await this.#settled();
    const after = await positions(this.#admin);
    return {
      state: {
        ...state,
        "Kafka records beyond what the load wrote and committed": writtenBeyond(before, after, ofLoad),
      },
      load: { kafka: done.kafka, rabbitmq: done.rabbitmq },
      tapped: tapped.value,
    };
  }

  async #tapped(
    ending: Ending,
    sent: () => { kafka: number; rabbitmq: number },
  ): Promise<{ seen: Cycle["seen"]; restoredMs: number }> {
    const tap = await this.#startTap(this.#taps);
    try {
      await tap.live();
      const atStart = sent();
      await until(
        () => tap.shown().kafka >= seenAtLeast && tap.shown().rabbitmq >= seenAtLeast && sent().kafka > atStart.kafka,
        "the tap sees the load",
      );
      await expectTracing(this.#tracing, true);
      const guardians = tap.guardians();
      const begun = performance.now();
      if (ending === "in order") {
        const code = await tap.end("SIGTERM");
        if (code !== 0) throw new Error(`The daemon ended with code ${code}.`);
        const restoredMs = performance.now() - begun;
        await expectTracing(this.#tracing, false);
        return { seen: { ...tap.shown() }, restoredMs };
      }
      if (ending === "kill -9 with its guardian") {
        if (guardians.length === 0) throw new Error("No guardian stands by.");
        for (const pid of guardians) process.kill(pid, "SIGKILL");
        await tap.end("SIGKILL");
        await pause(300);
        await expectTracing(this.#tracing, true);
        const restarted = performance.now();
        // The next start puts back what was left, whatever it taps itself.
        const next = await this.#startTap([]);
        await expectTracing(this.#tracing, false);
        const restoredMs = performance.now() - restarted;
        await next.end("SIGTERM");
        return { seen: { ...tap.shown() }, restoredMs };
      }
      await tap.end("SIGKILL");
      while (await this.#tracing()) {
        if (performance.now() - begun > restoreWithinMs)
          throw new Error(`Tracing is still on after ${restoreWithinMs} ms.`);
        await pause(10);
      }
      return { seen: { ...tap.shown() }, restoredMs: performance.now() - begun };
    } finally {
      await tap.end("SIGKILL");
    }
  }

  get #taps(): readonly TapSettings[] {
    return [
      { kind: "kafka", brokers: this.#load.kafka },
      { kind: "rabbitmq", url: this.#load.amqp, managementUrl: this.#places.management.origin },
    ];
  }

  #startTap(taps: readonly TapSettings[]): ReturnType<typeof startTapping> {
    const workspaceFolder = join(this.#folder, "workspace");
    return startTapping({ workspaceFolder, stateDir: this.#places.stateDir, taps });
  }

  readonly #tracing = async (): Promise<boolean> => {
    const { management, vhost } = this.#places;
    const found = (await management.get(`/api/vhosts/${encodeURIComponent(vhost)}`)) as { readonly tracing: boolean };
    return found.tracing;
  };

  /** RabbitMQ's numbers are up to seconds old; what is read twice in a row, with nobody connected, has settled. */
  async #settled(): Promise<BrokerState> {
    const end = Date.now() + settleWithinMs;
    let last: BrokerState = {};
    for (;;) {
      const state = await brokerState(this.#places);
      const messages = state["RabbitMQ messages in queues"] as readonly { readonly messages?: number }[];
      const quiet =
        state["RabbitMQ connections"]?.length === 0 &&
        messages.every((queue) => queue.messages === 0) &&
        isDeepStrictEqual(state, last) &&
        (this.#control === undefined ||
          state["Kafka connections"]?.length === this.#control["Kafka connections"]?.length);
      if (quiet || Date.now() > end) return state;
      last = state;
      await pause(50);
    }
  }
}

function differences(expected: BrokerState, actual: BrokerState): readonly string[] {
  const found: string[] = [];
  for (const section of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const texts = (state: BrokerState) => (state[section] ?? []).map((entry) => JSON.stringify(entry));
    const without = texts(expected);
    const withTap = texts(actual);
    for (const entry of withTap) if (!without.includes(entry)) found.push(`${section}: new is ${entry}`);
    for (const entry of without) if (!withTap.includes(entry)) found.push(`${section}: gone is ${entry}`);
    if (found.length === 0 && without.length !== withTap.length) {
      found.push(`${section}: ${without.length} entries without the tap, ${withTap.length} with it`);
    }
  }
  return found;
}

async function expectTracing(tracing: () => Promise<boolean>, wanted: boolean): Promise<void> {
  if ((await tracing()) !== wanted) throw new Error(`Tracing is ${wanted ? "off while the tap runs" : "still on"}.`);
}

async function until(done: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!done()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(10);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What was compared, how often, and whether it was identical: for people. */
export function noTraceReport(cycles: readonly Cycle[], controls: number): string {
  const lines = [`Compared with the same load without a tap (${controls} such runs, identical among themselves):`];
  for (const [section, count] of Object.entries(cycles[0]?.entries ?? {})) {
    lines.push(`  ${section.padEnd(102)} ${String(count).padStart(5)} ${count === 1 ? "entry" : "entries"}`);
  }
  for (const ending of ["in order", "kill -9", "kill -9 with its guardian"] as const) {
    const these = cycles.filter((cycle) => cycle.ending === ending);
    if (these.length === 0) continue;
    const identical = these.filter(({ differences }) => differences.length === 0).length;
    const times = these.map(({ restoredMs }) => restoredMs).sort((a, b) => a - b);
    const median = Math.round(times[Math.floor(times.length / 2)] ?? Number.NaN);
    const most = Math.round(times.at(-1) ?? Number.NaN);
    const what = {
      "in order": "ended within",
      "kill -9": "tracing off again within",
      "kill -9 with its guardian": "tracing off again at the next start, after",
    }[ending];
    const seen = these.reduce((sum, { seen }) => sum + seen.kafka + seen.rabbitmq, 0);
    lines.push(
      `  ended ${ending}: identical in ${identical} of ${these.length}; ${what} ${most} ms (median ${median} ms); ${seen.toLocaleString("en-US")} messages seen by the tap`,
    );
    for (const { differences } of these) for (const one of differences) lines.push(`    ${one}`);
  }
  return lines.join("\n");
}
