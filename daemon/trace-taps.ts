import { forgetTopics, keepTopics, resumptionOf } from "./resumption.ts";
import type { LeaseKeeper } from "./guardian/index.ts";
import type { Pipeline } from "./pipeline.ts";
import type { TapSettings } from "./serve/protocol.ts";
import type { Capture } from "./store/index.ts";
import type { GroupLag, Tap, TapReport } from "./tap/envelope.ts";
import type { Resumption } from "./tap/index.ts";
import type { ConfigureRequest } from "./trace-options.ts";
import { makeTap, mayConnect, sourceOf, type TapSurroundings } from "./taps.ts";

interface Running {
  /** Absent for a tap of the caller's own making. */
  readonly settings: TapSettings | undefined;
  readonly tap: Tap;
}

/** What taps write into; another capture may be shown while they run. */
export interface TapsTarget {
  readonly pipeline: Pipeline;
  readonly capture: Capture;
  /** The trace is ending: nothing is started any more. */
  readonly isOver: boolean;
}

export interface TraceTapsOptions {
  readonly settings: readonly TapSettings[];
  readonly customTaps: readonly Tap[];
  readonly allowRemote: readonly string[];
  readonly addressMap: Readonly<Record<string, string>>;
  readonly leases: LeaseKeeper | undefined;
  readonly target: TapsTarget;
}

type CaptureSettings = Extract<TapSettings, { kind: "capture" }>;

/** The taps of one trace: what is asked for, what of it runs, and the way from the one to the other. */
export class TraceTaps {
  settings: readonly TapSettings[];
  private readonly customTaps: readonly Tap[];
  private readonly target: TapsTarget;
  private around: TapSurroundings;
  private running: readonly Running[] = [];

  constructor({ settings, customTaps, allowRemote, addressMap, leases, target }: TraceTapsOptions) {
    this.settings = settings;
    this.customTaps = customTaps;
    this.target = target;
    this.around = { allowRemote, addressMap, ...(leases === undefined ? {} : { leases }) };
  }

  /** The file that is shown as it was, where that is what the trace does. */
  get opened(): CaptureSettings | undefined {
    return this.played?.as === "capture" ? this.played : undefined;
  }

  /** The file that is shown, or played as if it happened now. */
  get played(): CaptureSettings | undefined {
    return this.settings.find((settings) => settings.kind === "capture");
  }

  /** What is traced, without credentials: a capture that was left open is gone on with only by the same. */
  get source(): string {
    return this.settings.map(sourceOf).sort().join(" ");
  }

  /** Of a capture nobody knows before it is read. */
  get mayHaveSpans(): boolean {
    return this.settings.some(({ kind }) => kind === "otlp" || kind === "capture");
  }

  get groups(): ReadonlyMap<string, readonly GroupLag[]> {
    return new Map(this.running.map(({ tap }) => [tap.id, tap.groups?.() ?? []]));
  }

  reports(): readonly TapReport[] {
    return this.running.map(({ tap }) => tap.report());
  }

  /** Whether the user agreed to connections to this host. */
  mayConnect(host: string): boolean {
    return mayConnect(host, this.around);
  }

  /** What the user agreed to from now on; what is not named stays. */
  allow({ allowRemote, addressMap }: Pick<ConfigureRequest, "allowRemote" | "addressMap">): void {
    this.around = {
      ...this.around,
      allowRemote: allowRemote ?? this.around.allowRemote,
      addressMap: addressMap ?? this.around.addressMap,
    };
  }

  start(): void {
    for (const settings of this.settings) {
      if (settings.kind === "capture" && settings.as === "capture") continue;
      if (settings.kind === "kafka" && this.target.capture.wasLeftOpen) void this.resume(settings);
      else this.startTap(settings);
    }
    for (const tap of this.customTaps) this.run(tap, undefined);
  }

  /** Ends all of them in order; they stay to be reported of. */
  async stop(): Promise<void> {
    await Promise.all(this.running.map(({ tap }) => tap.stop()));
  }

  /** Ends all of them, for others that are started next. */
  async replace(settings: readonly TapSettings[]): Promise<void> {
    await this.stop();
    this.running = [];
    this.settings = settings;
  }

  /** A trace that ended in order is not gone on with. */
  forgetTopics(): void {
    for (const { tap } of this.running) forgetTopics(this.target.capture, tap.id);
  }

  /** Ends what is no longer asked for and starts what is new. Resolves to what stood in the way, in a sentence. */
  async change(settings: readonly TapSettings[]): Promise<string | undefined> {
    const { target } = this;
    const wanted = new Map(settings.map((one) => [JSON.stringify(one), one]));
    const going: Running[] = [];
    const ending: Running[] = [];
    for (const running of this.running) {
      const text = JSON.stringify(running.settings);
      if (running.settings === undefined || wanted.delete(text)) going.push(running);
      else ending.push(running);
    }
    this.running = going;
    this.settings = settings;
    target.capture.setMeta("source", this.source);
    await Promise.all(ending.map(({ tap }) => tap.stop()));
    const { taps } = target.pipeline;
    for (const { tap } of ending) taps.delete(tap.id);
    for (const [id, state] of taps) {
      if (state.phase === "failed" && !going.some(({ tap }) => tap.id === id)) taps.delete(id);
    }
    const problems = [...wanted.values()].map((one) => this.startTap(one));
    return problems.find((problem) => problem !== undefined);
  }

  async retry(id: string): Promise<void> {
    const running = this.running.find(({ tap }) => tap.id === id);
    // A tap that can try again by itself keeps its positions, and so misses nothing of what came in between.
    if (running?.tap.retry !== undefined) {
      running.tap.retry();
      return;
    }
    const settings = running?.settings ?? this.settings.find((candidate) => sourceOf(candidate) === id);
    if (settings === undefined) return;
    this.running = this.running.filter((other) => other !== running);
    await running?.tap.stop();
    if (!this.target.isOver) this.startTap(settings);
  }

  async retryFailed(): Promise<void> {
    const failed = [...this.target.pipeline.taps.values()].filter(({ phase }) => phase === "failed");
    await Promise.all(failed.map(({ tap }) => this.retry(tap)));
  }

  /** Goes on where the daemon before left off: what Kafka took in meanwhile is read as well. */
  private async resume(settings: Extract<TapSettings, { kind: "kafka" }>): Promise<void> {
    const { capture } = this.target;
    const resumption = await resumptionOf(capture, sourceOf(settings), settings.from);
    const isStillWanted = !this.target.isOver && this.target.capture === capture && this.settings.includes(settings);
    if (isStillWanted) this.startTap(settings, resumption);
  }

  private startTap(settings: TapSettings, resumption?: Resumption): string | undefined {
    const played = settings.kind === "capture" ? { played: this.target.capture.eventCount() } : {};
    const made = makeTap(settings, {
      ...this.around,
      ...played,
      onTopics: (tap, ids) => keepTopics(this.target.capture, tap, ids),
      ...(resumption === undefined ? {} : { resumption }),
    });
    if ("tap" in made) {
      this.run(made.tap, settings);
      return undefined;
    }
    void this.target.pipeline.accept([{ kind: "state", state: made.refused }]);
    return made.failure.message;
  }

  private run(tap: Tap, settings: TapSettings | undefined): void {
    this.running = [...this.running, { tap, settings }];
    const { pipeline } = this.target;
    tap.start(pipeline).catch((cause: unknown) => {
      const detail = cause instanceof Error ? cause.message : String(cause);
      const [kind = "kafka", address = ""] = tap.id.split(/:(.*)/s);
      const broker = kind === "rabbitmq" || kind === "otlp" || kind === "capture" ? kind : "kafka";
      void this.target.pipeline.accept([
        { kind: "state", state: { tap: tap.id, broker, address, phase: "failed", since: Date.now(), detail, shed: 0 } },
      ]);
    });
  }
}
