/**
 * The Kafka tap: reads every topic beside its consumers, without a consumer group, without commits, without creating
 * anything. What it knows of the wire is in kafka-client.ts, where it stands in kafka-positions.ts, how records become
 * events in kafka-reading.ts, how groups are followed in kafka-group-watch.ts.
 *
 * One loop looks after metadata (new topics, new leaders); one loop a node fetches what that node leads, waiting at the
 * broker so that a record is handed on as soon as it is written. A node's next fetch runs while the last one is decoded
 * and taken by the sink, and is looked at only when the sink is done. So a node has at most two answers in memory, of
 * `maxBytes` each (a single batch may be larger), and one decoded portion (see kafka-reading.ts).
 */
import type { ConnectionOptions } from "node:tls";
import { brokerFailed, failureOf, type Failure } from "../errors.ts";
import { kafkaAddress, type HostPort } from "./address.ts";
import { beforeEnd, pause, preciseNow } from "./clock.ts";
import type { GroupLag, Tap, TapEvent, TapPhase, TapReport, TapSink } from "./envelope.ts";
import { KafkaClient, type FetchPosition, type FoundOffset, type KafkaLogin } from "./kafka-client.ts";
import { GroupWatch, pollEveryMs } from "./kafka-group-watch.ts";
import { GroupOffsets } from "./kafka-groups.ts";
import { Positions, type Position, type StartAt } from "./kafka-positions.ts";
import { KafkaReading, type Taken } from "./kafka-reading.ts";
import { StateTeller } from "./state-teller.ts";

export interface KafkaTapOptions {
  readonly seeds: readonly HostPort[];
  /** Which topics, `*` standing for anything: `["orders.*"]`. Without it, all. Internal topics are always left out. */
  readonly topics?: readonly string[];
  /** Where to begin in topics that exist at the start; topics found later are read whole. */
  readonly from?: StartAt;
  /** Hears which topics there are, with their ids, at first and when that has changed; what goes on later needs them. */
  readonly onTopics?: (ids: ReadonlyMap<string, string>) => void;
  readonly login?: KafkaLogin;
  readonly tls?: boolean | ConnectionOptions;
  /** From an address that brokers advertise to one that works here: `{"kafka:9092": "127.0.0.1:9092"}`. */
  readonly addressMap?: Readonly<Record<string, string>>;
  /** Whether the tap may go on to a host that a broker advertises, when it is neither this machine nor a seed. */
  readonly mayConnect?: (host: string) => boolean;
  readonly connectTimeoutMs?: number;
  /** The most bytes of a key or body that are kept; `bodySize` tells the whole size. Default 1 MiB. */
  readonly keptBytes?: number;
  /** The most bytes that one batch may decompress to. Default 128 MiB. */
  readonly batchBytes?: number;
  /** The most bytes of one fetch. Default 4 MiB. */
  readonly maxBytes?: number;
}

/** How long a fetch waits at the broker when there is nothing; a record ends the wait at once. */
const maxWaitMs = 250;
/** While little comes at a time, a node is asked only so often: each answer costs the broker and the tap alike. */
const littleBytes = 64 << 10;
const fetchEveryMs = 15;
/** What ListOffsets takes for the end and the beginning. */
const endTime = -1;
const beginningTime = -2;
const quickRefreshMs = 250;
const quickRefreshPeriodMs = 15_000;
const longestBackoffMs = 8_000;
/** Lags are counted at most so often, whoever asks. */
const lagEveryMs = 500;

export function createKafkaTap(options: KafkaTapOptions): Tap {
  return new KafkaTap(options);
}

interface Failing {
  readonly failure: Failure;
  readonly nextTryAt: number;
}

class KafkaTap implements Tap {
  readonly id: string;
  readonly #options: KafkaTapOptions;
  readonly #address: string;
  readonly #client: KafkaClient;
  readonly #positions: Positions;
  readonly #groups = new GroupOffsets();
  readonly #reading: KafkaReading;
  readonly #groupWatch: GroupWatch;
  readonly #stopping = new AbortController();
  readonly #state: StateTeller;
  readonly #nodeLoops = new Map<number, Promise<void>>();
  readonly #nodeFailures = new Map<number, Failing>();
  #metadataFailure: Failing | undefined;
  /** Nodes that have told where to begin; the tap is not live before all have, or have failed. */
  readonly #reached = new Set<number>();
  /** Aborted to make loops look again at once; then replaced. */
  #wake = new AbortController();
  #sink: TapSink | undefined;
  #metadataLoop: Promise<void> | undefined;
  #wasLive = false;
  #toldTopicChanges = 0;
  #startedAt = 0;
  #groupLoop: Promise<void> | undefined;
  #lags: { readonly at: number; readonly lags: readonly GroupLag[] } | undefined;

  constructor(options: KafkaTapOptions) {
    this.#options = options;
    this.#address = kafkaAddress(options.seeds);
    this.id = `kafka:${this.#address}`;
    this.#client = new KafkaClient(options);
    this.#positions = new Positions(topicFilter(options.topics), preciseNow);
    this.#state = new StateTeller({ tap: this.id, broker: "kafka", address: this.#address });
    const shared = { tap: this.id, positions: this.#positions, groups: this.#groups, tell: () => this.#tellHealth() };
    this.#reading = new KafkaReading({
      ...shared,
      limits: { keptBytes: options.keptBytes ?? 1 << 20, batchBytes: options.batchBytes ?? 128 << 20 },
      lookAgain: () => this.#lookAgain(),
    });
    this.#groupWatch = new GroupWatch({
      ...shared,
      client: this.#client,
      reading: this.#reading,
      signal: this.#stopping.signal,
      emit: (events) => this.#handOn(events),
    });
  }

  /** Resolves when the tap stands everywhere and misses nothing from then on, or when its first attempt failed. */
  async start(sink: TapSink): Promise<void> {
    if (this.#sink !== undefined || this.#stopping.signal.aborted) return;
    this.#sink = sink;
    this.#startedAt = preciseNow();
    this.#state.open(sink);
    this.#state.tell({ phase: "connecting", detail: `Connecting to Kafka at ${this.#address}.` });
    await new Promise<void>((settled) => {
      this.#metadataLoop = this.#followMetadata(settled);
    });
  }

  async stop(): Promise<void> {
    const first = !this.#stopping.signal.aborted;
    this.#stopping.abort();
    this.#wake.abort();
    this.#client.close();
    await this.#metadataLoop;
    await Promise.all([...this.#nodeLoops.values(), this.#groupLoop]);
    if (first && this.#sink !== undefined) this.#state.tell({ phase: "stopped" });
  }

  retry(): void {
    this.#lookAgain();
  }

  report(): TapReport {
    const topics = this.#positions.topicCount();
    return {
      tap: this.id,
      touched: [
        `Read ${topics} ${topics === 1 ? "topic" : "topics"} of Kafka at ${this.#address} by plain fetches.`,
        "Asked which consumer groups there are and what they have committed, and changed nothing of it.",
      ],
      neverTouched: [
        "No consumer group was joined or created.",
        "No offset was committed.",
        "No topic was created, and none can be: every request says so.",
        "No record was written.",
      ],
      messages: this.#reading.messages,
      bytes: this.#reading.bytes,
      cost: [this.#client.requests.sentence()],
    };
  }

  groups(): readonly GroupLag[] {
    const now = performance.now();
    if (this.#lags === undefined || now - this.#lags.at > lagEveryMs) {
      const endOf = (topic: string, partition: number) => this.#positions.get(topic, partition)?.end;
      this.#lags = { at: now, lags: this.#groups.lags(endOf) };
    }
    return this.#lags.lags;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #followMetadata(settled: () => void): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      const begun = preciseNow();
      let took = 0;
      try {
        const metadata = await this.#client.metadata();
        took = preciseNow() - begun;
        // Where the broker was not there at first, "now" is when the tap was started, not when the broker came.
        const late = !this.#wasLive && failures > 0;
        const from = this.#options.from ?? "now";
        const start = late && from === "now" ? { time: this.#startedAt } : from;
        for (const loss of this.#positions.update(metadata, start)) this.#reading.noteLoss(loss);
        this.#tellTopics();
        failures = 0;
        this.#metadataFailure = undefined;
        this.#runNodeLoops();
        await this.#settleNodes();
        this.#tellHealth();
        this.#groupLoop ??= this.#groupWatch.run();
      } catch (error) {
        if (this.#stopped) break;
        failures++;
        const wait = backoff(failures);
        const failure = failureOf(error, (why) => brokerFailed("Kafka", this.#address, why));
        this.#metadataFailure = { failure, nextTryAt: preciseNow() + wait };
        this.#tellHealth();
        settled();
        await this.#sleep(wait);
        continue;
      }
      settled();
      const quick = preciseNow() - this.#startedAt < quickRefreshPeriodMs || this.#nodeFailures.size > 0;
      // A cluster whose answer takes long is asked less often, but a topic that comes and goes should still be seen.
      await this.#sleep(Math.min(5_000, Math.max(quick ? quickRefreshMs : 500, took * 5)));
    }
    settled();
  }

  #tellTopics(): void {
    const { topicChanges, topicIds } = this.#positions;
    if (topicChanges === this.#toldTopicChanges) return;
    this.#toldTopicChanges = topicChanges;
    this.#options.onTopics?.(topicIds);
  }

  /** Waits, when the tap is new, until every partition is placed: what is written from then on is seen. */
  async #settleNodes(): Promise<void> {
    if (this.#wasLive) return;
    const until = preciseNow() + 5_000;
    while (!this.#stopped && preciseNow() < until) {
      const waiting = [...this.#positions.nodes].some(
        (node) => !this.#nodeFailures.has(node) && (!this.#reached.has(node) || this.#positions.isSettling(node)),
      );
      if (!waiting) return;
      await pause(5, this.#stopping.signal);
    }
  }

  #runNodeLoops(): void {
    for (const node of this.#positions.nodes) {
      if (this.#nodeLoops.has(node)) continue;
      const loop = this.#followNode(node).finally(() => this.#nodeLoops.delete(node));
      this.#nodeLoops.set(node, loop);
    }
  }

  async #followNode(node: number): Promise<void> {
    let failures = 0;
    let handing: Promise<void> = Promise.resolve();
    while (!this.#stopped && this.#positions.nodes.has(node)) {
      try {
        await this.#place(node);
        this.#reached.add(node);
        const positions = this.#positions.readable(node);
        if (positions.length === 0) {
          if (this.#nodeFailures.delete(node)) this.#tellHealth();
          failures = 0;
          await this.#sleep(50);
          continue;
        }
        const maxBytes = this.#options.maxBytes ?? 4 << 20;
        const partitionMaxBytes = Math.max(64 << 10, Math.min(1 << 20, maxBytes));
        const asked = preciseNow();
        const fetched = await this.#client.fetch(node, positions, { maxWaitMs, maxBytes, partitionMaxBytes });
        failures = 0;
        if (this.#nodeFailures.delete(node)) this.#tellHealth();
        await handing;
        if (this.#stopped) break;
        handing = this.#hand(this.#reading.take(fetched));
        const size = fetched.reduce((sum, { records }) => sum + records.length, 0);
        const rest = asked + fetchEveryMs - preciseNow();
        if (size < littleBytes && rest > 1) await this.#sleep(rest);
      } catch (error) {
        if (this.#stopped) break;
        const failure = failureOf(error, (why) => brokerFailed("Kafka", this.#client.addressOf(node), why));
        const wait = backoff(++failures);
        this.#nodeFailures.set(node, { failure, nextTryAt: preciseNow() + wait });
        this.#tellHealth();
        await this.#sleep(wait);
      }
    }
    this.#nodeFailures.delete(node);
    this.#reached.delete(node);
    await handing;
  }

  /** Asks the node where to begin in its partitions that are new. */
  async #place(node: number): Promise<void> {
    const byTime = new Map<number, FetchPosition[]>();
    const missing: Position[] = [];
    for (const position of this.#positions.unplaced(node)) {
      const { topic, partition } = position;
      if (position.missing !== undefined) {
        missing.push(position);
        continue;
      }
      const start = this.#positions.startOf(position);
      const time =
        start === "now" ? endTime : start === "beginning" ? beginningTime : Math.max(0, Math.floor(start.time));
      const wanted = byTime.get(time) ?? [];
      wanted.push({ topic, partition, offset: 0n });
      byTime.set(time, wanted);
    }
    if (byTime.size === 0) await this.#client.connect(node);
    if (missing.length > 0) await this.#findRanges(node, missing);
    for (const [time, wanted] of byTime) {
      // Where nothing is as young as the time asked for, the end counts as it was before: what came since is younger.
      const ends = time >= 0 ? await this.#client.offsets(node, wanted, endTime) : [];
      const found = await this.#client.offsets(node, wanted, time);
      for (const place of found) {
        const end = ends.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
        this.#positions.place(place.errorCode === 0 && place.offset < 0n ? (end ?? place) : place);
      }
    }
  }

  /** For offsets that do not exist: asks where the logs begin and end, so that what happened can be told. */
  async #findRanges(node: number, missing: readonly Position[]): Promise<void> {
    const wanted = missing.map(({ topic, partition }) => ({ topic, partition, offset: 0n }));
    const starts = await this.#client.offsets(node, wanted, beginningTime);
    const ends = await this.#client.offsets(node, wanted, endTime);
    for (const position of missing) {
      const isOf = (found: FoundOffset): boolean =>
        found.topic === position.topic && found.partition === position.partition && found.errorCode === 0;
      const start = starts.find(isOf);
      const end = ends.find(isOf);
      if (start === undefined || end === undefined) position.notBefore = preciseNow() + 200;
      else this.#reading.noteRange(position, start.offset, end.offset);
    }
  }

  async #hand(taken: readonly Taken[]): Promise<void> {
    for (const events of this.#reading.portions(taken)) {
      if (this.#stopped) return;
      await this.#handOn(events);
    }
  }

  /** The sink's promise is back-pressure; that it should fail is its own matter and must not end the tap. */
  async #handOn(events: readonly TapEvent[]): Promise<void> {
    try {
      const taken = this.#sink?.accept(events);
      // A sink that stands still must not keep the tap from stopping.
      if (taken !== undefined) await beforeEnd(taken, this.#stopping.signal);
    } catch (error) {
      this.#reading.note = `Messages could not be taken in: ${error instanceof Error ? error.message : String(error)}.`;
      this.#tellHealth();
    }
  }

  #tellHealth(): void {
    if (this.#stopped) return;
    const shed = this.#reading.lost;
    const failing = [...this.#nodeFailures].filter(([node]) => this.#positions.nodes.has(node));
    const [node, failed] = failing[0] ?? [];
    // When no node tells what there is, that says more than what the single nodes do.
    const blind = this.#metadataFailure ?? (failing.length === this.#positions.nodes.size ? failed : undefined);
    if (blind !== undefined) {
      this.#state.tell({ ...this.#phaseFor(blind.failure), nextTryAt: blind.nextTryAt, shed });
      return;
    }
    this.#wasLive = true;
    if (node === undefined || failed === undefined) {
      this.#state.tell({ phase: "live", detail: this.#reading.note ?? this.#unseen(), shed });
      return;
    }
    const count = this.#positions.count(node);
    const meanwhile =
      count === 1 ? " Its partition is not read meanwhile." : ` Its ${count} partitions are not read meanwhile.`;
    const detail = failed.failure.message + (count > 0 ? meanwhile : "");
    this.#state.tell({ phase: "live", detail, nextTryAt: failed.nextTryAt, shed });
  }

  /** What the broker keeps from the tap. What may not even be described it does not name at all. */
  #unseen(): string | undefined {
    const { unauthorized } = this.#positions;
    if (unauthorized > 0) return `${unauthorized} topics are not shown: the user may not describe them.`;
    const { login, topics = [] } = this.#options;
    const user = login?.username;
    if (user !== undefined && this.#positions.topicCount() === 0) {
      return `Kafka shows no topic to the user "${user}". If there are some, grant it Describe and Read on them.`;
    }
    if (topics.length > 0 && this.#positions.topicCount() === 0) {
      return `Kafka has no topic ${topics.join(" or ")} yet; when there is one, it is read from its beginning.`;
    }
    if (!this.#groupWatch.denied) return undefined;
    return `What groups commit is asked for every ${pollEveryMs / 1_000} s: the user may not read __consumer_offsets.`;
  }

  #phaseFor(failure: Failure): { readonly phase: TapPhase; readonly detail: string } {
    return { phase: failure.passing ? "reconnecting" : "failed", detail: failure.message };
  }

  #lookAgain(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  #sleep(milliseconds: number): Promise<void> {
    return pause(milliseconds, this.#wake.signal);
  }
}

/** 250 ms, doubled with every failure, at most 8 s. */
function backoff(failures: number): number {
  return Math.min(longestBackoffMs, 125 * 2 ** Math.min(failures, 10));
}

/** Whether a topic is wanted, by patterns in which `*` stands for anything. */
export function topicFilter(patterns: readonly string[] | undefined): (topic: string) => boolean {
  if (patterns === undefined || patterns.length === 0) return () => true;
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join(".*")}$`, "s");
  });
  return (topic) => expressions.some((expression) => expression.test(topic));
}
