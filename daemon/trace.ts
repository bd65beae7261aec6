import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { captureName, openCapture } from "./captures.ts";
import {
  contractsHereOr,
  contractsOfOr,
  contractsOf,
  noContracts,
  readContracts,
  watchContracts,
  type Contracts,
} from "./contracts.ts";
import { createCorrelator } from "./correlate/index.ts";
import { createLeaseKeeper, restoreLeftovers, type LeaseKeeper } from "./guardian/index.ts";
import { Masker, maskKey } from "./mask/index.ts";
import { Pipeline } from "./pipeline.ts";
import { duration, TraceServer, type Showing } from "./serve/index.ts";
import { SchemaRegistry } from "./registry.ts";
import type { RegistrySettings, TapSettings } from "./serve/protocol.ts";
import { Capture, CaptureError, defaultLimits, readingFailed } from "./store/index.ts";
import type { TapReport } from "./tap/envelope.ts";
import { preciseNow, wallClockBehind } from "./tap/index.ts";
import type { ConfigureRequest, RunningTrace, TraceOptions } from "./trace-options.ts";
import { temporaryFolder } from "./temporary.ts";
import { TraceTaps } from "./trace-taps.ts";
import { warmUp } from "./warm-up.ts";

const trimEveryMs = 5_000;
const contractsPatienceMs = 1_500;
/** What a recording shows after its last event: long enough that what was under way settles, then its time stands. */
const settleMs = 2_000;
/** How long a view of an opened file waits for the whole of it, and for the first of the newest messages of a large one. */
const readPatienceMs = 100;
const firstPatienceMs = 20;
const largeFrom = 5_000;
/** Whoever opens a file sees it before the thread is started that makes its words findable. */
const indexAfterMs = 150;
const stopPatienceMs = 1_500;

/** Runs the whole daemon in this process. Rejects with one sentence when its port or its capture file cannot be had. */
export async function runTrace(options: TraceOptions): Promise<RunningTrace> {
  const trace = new Trace(options);
  await trace.start();
  return trace;
}

/** One trace: what taps bring goes through the pipeline into a capture, and the server shows it. */
class Trace implements RunningTrace {
  port = 0;
  pipeline!: Pipeline;
  readonly ended: Promise<void>;
  private readonly options: TraceOptions;
  private server!: TraceServer;
  capture!: Capture;
  /** What messages name by ids: from captures, and from the registry that the user configured. */
  private readonly schemas: SchemaRegistry;
  private contracts: Contracts;
  private readonly leases: LeaseKeeper | undefined;
  private readonly taps: TraceTaps;
  private registry: RegistrySettings | undefined;
  private said: readonly string[] = [];
  private temporary: string | undefined;
  private stopWatching: () => void = () => undefined;
  private trimmer: NodeJS.Timeout | undefined;
  private frozenAt: number | undefined;
  private stopped: Promise<void> | undefined;
  private configuring: Promise<unknown> = Promise.resolve();
  private hasEnded: () => void = () => undefined;

  constructor(options: TraceOptions) {
    this.options = options;
    this.registry = options.registry;
    this.leases =
      options.stateDir === undefined
        ? undefined
        : createLeaseKeeper({
            stateDir: options.stateDir,
            ...(options.guardianPath === undefined ? {} : { guardianPath: options.guardianPath }),
          });
    this.taps = new TraceTaps({
      settings: options.taps,
      customTaps: options.customTaps ?? [],
      allowRemote: options.allowRemote ?? [],
      addressMap: options.addressMap ?? {},
      leases: this.leases,
      target: this,
    });
    this.schemas = new SchemaRegistry({
      mayConnect: (host) => this.taps.mayConnect(host),
      onFetched: (path, text) => this.capture.saveContract(path, text),
      onSettled: (keys) => {
        this.pipeline.readAwaiting(keys).catch((cause: unknown) => {
          console.error("contrail: messages could not be read again by their schemas:", cause);
        });
      },
    });
    this.contracts = contractsOf(noContracts, "", [], 0, this.schemas);
    this.ended = new Promise((resolve) => {
      this.hasEnded = resolve;
    });
  }

  get isOver(): boolean {
    return this.stopped !== undefined;
  }

  get token(): string {
    return this.server.guard.token;
  }

  get captureId(): string {
    return this.capture.id;
  }

  get captureFile(): string | undefined {
    return this.capture.file;
  }

  async start(): Promise<void> {
    const { stateDir, contractsFolder } = this.options;
    const reading = contractsFolder === undefined ? undefined : readContracts(contractsFolder, undefined, this.schemas);
    const [leftovers, contracts] = await Promise.all([
      stateDir === undefined ? [] : restoreLeftovers(stateDir),
      // Where there is much to read, what comes meanwhile is read again when the contracts are there.
      reading === undefined ? undefined : Promise.race([reading, after(contractsPatienceMs)]),
    ]);
    this.said = leftovers.map(({ message }) => message);
    if (contracts !== undefined) this.contracts = contracts;
    try {
      this.openPipeline();
    } catch (cause) {
      throw readingFailed(basename(this.taps.opened?.file ?? this.options.captureFile ?? ""), cause);
    }
    this.server = this.makeServer();
    try {
      this.port = await this.server.listen();
    } catch (cause) {
      await this.stop();
      throw cause;
    }
    if (contracts === undefined) void reading?.then((late) => this.useContracts(late));
    else this.watch();
    this.trimmer = setInterval(() => this.trim(), trimEveryMs);
    await this.readKept();
    this.server.round();
    this.taps.start();
    if (this.options.warmsUp === true) this.warmUp();
  }

  /** Until something comes. */
  private warmUp(): void {
    const { capture, pipeline } = this;
    const goesOn = () => !this.isOver && pipeline.capture === capture && capture.lastSeq === 0;
    warmUp(goesOn).catch((cause: unknown) => console.error("contrail: no warm-up:", cause));
  }

  browserAddress(): string {
    return this.server.browserAddress();
  }

  notes(): readonly string[] {
    const { problem } = this.schemas;
    return [...this.said, ...clockNotes(), ...(problem === undefined ? [] : [problem])];
  }

  reports(): readonly TapReport[] {
    return this.taps.reports();
  }

  configure(message: ConfigureRequest): Promise<string | undefined> {
    const done = this.configuring.then(() => this.reconfigure(message));
    this.configuring = done.catch(() => undefined);
    return done;
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  // ------------------------------------------------------------------------------------------------ parts

  private openPipeline(): void {
    this.capture = this.openCapture();
    this.capture.startWriter();
    if (this.taps.opened === undefined) this.capture.startIndex();
    this.frozenAt = undefined;
    if (this.taps.opened !== undefined) {
      const span = this.capture.span();
      this.frozenAt = Number(this.capture.meta("ended") ?? (span === undefined ? Date.now() : span.to + settleMs));
    }
    // A file that somebody sent has its schemas with it: no registry here knows its ids.
    this.schemas.reset();
    if (this.capture.lastSeq > 0) this.schemas.load(this.capture.contracts()?.files ?? new Map());
    const contracts = this.contractsToReadBy();
    this.schemas.configure(this.taps.played === undefined ? this.registry : undefined);
    this.saveContracts(contracts);
    this.pipeline = new Pipeline({
      capture: this.capture,
      contracts,
      createCorrelator: (hints) => createCorrelator({ hints, spans: this.taps.mayHaveSpans }),
      masker: new Masker(maskKey(this.options.stateDir, this.capture.id)),
      schemas: this.schemas,
      now: () => this.now(),
    });
  }

  private saveContracts({ set }: Contracts): void {
    this.capture.saveContracts({ ...set, files: new Map([...set.files, ...this.schemas.kept()]) });
  }

  private openCapture(): Capture {
    const { captureFile, captureFolder } = this.options;
    if (this.taps.opened !== undefined) return Capture.open(this.taps.opened.file, { readOnly: true });
    const now = Date.now();
    if (captureFile !== undefined) return Capture.create(captureFile, basename(captureFile), now);
    if (captureFolder !== undefined) {
      return openCapture(captureFolder, now, this.taps.source, (note) => {
        if (!this.said.includes(note)) this.said = [...this.said, note];
      });
    }
    this.temporary ??= temporaryFolder();
    return Capture.create(join(this.temporary, `${now}.contrail`), captureName(now), now);
  }

  /** What expectations run by: a recording's time stands when it has ended, for nothing can be seen any more. */
  private now(): number {
    if (this.frozenAt !== undefined) return this.frozenAt;
    if (this.taps.played !== undefined && this.pipeline !== undefined) {
      const states = [...this.pipeline.taps.values()].filter(({ broker }) => broker === "capture");
      const last = Math.max(0, ...states.map(({ since }) => since));
      if (states.length > 0 && states.every(({ phase }) => phase === "ended" || phase === "failed")) {
        this.hasEnded();
        if (Date.now() > last + settleMs) return last + settleMs;
      }
    }
    return preciseNow();
  }

  private makeServer(): TraceServer {
    const { port, webviewFolder, onViews, onChanges, onShutdown } = this.options;
    return new TraceServer({
      pipeline: this.pipeline,
      now: Date.now,
      showing: () => this.showing(),
      reports: () => this.reports(),
      retryTap: (tap) => void this.taps.retry(tap),
      configure: (message) => this.configure(message),
      shutdown: () => onShutdown?.(),
      ...(port === undefined ? {} : { port }),
      ...(webviewFolder === undefined ? {} : { webviewFolder }),
      ...(onViews === undefined ? {} : { onViews }),
      ...(onChanges === undefined ? {} : { onChanges }),
    });
  }

  private showing(): Showing {
    const { played, groups } = this.taps;
    const source = this.options.source ?? (played === undefined ? undefined : this.playedName());
    return {
      mode: played?.as ?? "live",
      notes: this.notes(),
      groups,
      ...(source === undefined || played === undefined ? {} : { source }),
    };
  }

  private playedName(): string | undefined {
    const [state] = [...this.pipeline.taps.values()].filter(({ broker }) => broker === "capture");
    return this.taps.opened === undefined ? state?.address : this.capture.name;
  }

  private watch(): void {
    const { contractsFolder } = this.options;
    if (contractsFolder === undefined) return;
    this.stopWatching();
    this.stopWatching = watchContracts(contractsFolder, this.contracts, () => {
      this.rereadContracts(contractsFolder).catch((cause: unknown) => {
        console.error("contrail: contracts could not be read again:", cause);
      });
    });
  }

  private async rereadContracts(folder: string): Promise<void> {
    await this.useContracts(await readContracts(folder, this.contracts, this.schemas));
  }

  private async useContracts(contracts: Contracts): Promise<void> {
    if (this.stopped !== undefined || contracts === this.contracts) return;
    this.contracts = contracts;
    this.watch();
    const toReadBy = this.contractsToReadBy();
    this.saveContracts(toReadBy);
    await this.pipeline.setContracts(toReadBy);
  }

  /**
   * A file that is opened is read as it was, by the contracts in it; one that is played as if it happened now, by those
   * here. Where the ones are missing, the others serve.
   */
  private contractsToReadBy(): Contracts {
    if (this.taps.opened !== undefined) return contractsOfOr(this.capture, this.contracts, this.schemas);
    const { played } = this.taps;
    if (played === undefined) return this.contracts;
    try {
      const file = Capture.open(played.file, { readOnly: true });
      const contracts = contractsHereOr(file, this.contracts, this.schemas);
      file.close();
      return contracts;
    } catch {
      // The tap that plays the file says what is wrong with it.
      return this.contracts;
    }
  }

  /**
   * Reads what a capture has already. A small file that is opened is shown whole; of a large one the newest messages are
   * shown until it is read, and a trace that goes on is back at once: what its taps see meanwhile waits.
   */
  private async readKept(): Promise<void> {
    const read = this.rebuildIfKept().catch((cause: unknown) => {
      console.error("contrail: the capture could not be read again:", cause);
      const why = readingFailed(this.capture.name, cause);
      const sentence = why instanceof CaptureError ? why.message : "the capture could not be read to its end.";
      this.said = [...this.said, `What is shown is not the whole: ${sentence}`];
    });
    if (this.taps.opened === undefined) return;
    const isLarge = this.capture.lastSeq - this.capture.oldestSeq >= largeFrom;
    await Promise.race([read, after(isLarge ? firstPatienceMs : readPatienceMs)]);
    const { capture } = this;
    setTimeout(() => {
      if (!this.isOver && this.capture === capture) capture.startIndex();
    }, indexAfterMs);
  }

  private async rebuildIfKept(): Promise<void> {
    if (this.capture.lastSeq === 0) return;
    const until = this.capture.span()?.to;
    await this.pipeline.rebuild();
    if (until !== undefined && this.frozenAt === undefined) this.pipeline.correlator.gap(until, preciseNow());
  }

  private async reconfigure(message: ConfigureRequest): Promise<string | undefined> {
    if (this.isOver) return "The trace is ending. Start it again.";
    this.taps.allow(message);
    if (message.registry !== undefined) this.registry = message.registry ?? undefined;
    const isPlaying = this.taps.played !== undefined;
    if (!isPlaying) this.schemas.configure(this.registry);
    const same = JSON.stringify(message.taps) === JSON.stringify(this.taps.settings);
    if (same && message.again !== true) {
      await this.taps.retryFailed();
      return undefined;
    }
    const willPlay = message.taps.some(({ kind }) => kind === "capture");
    return isPlaying || willPlay ? this.showOther(message.taps) : this.taps.change(message.taps);
  }

  /** From traffic to a capture file, from a file to traffic: another capture is shown. */
  private async showOther(taps: readonly TapSettings[]): Promise<string | undefined> {
    const before = { capture: this.capture, pipeline: this.pipeline, settings: this.taps.settings };
    const endedAt = this.now();
    await this.taps.replace(taps);
    try {
      this.openPipeline();
    } catch (cause) {
      this.taps.settings = before.settings;
      this.capture = before.capture;
      this.taps.start();
      return cause instanceof Error ? cause.message : String(cause);
    }
    before.pipeline.cycle();
    before.pipeline.stop();
    before.capture.setMeta("ended", String(endedAt));
    before.capture.close();
    await this.readKept();
    // The answer to `configure` is on its way first.
    setImmediate(() => this.server.show(this.pipeline));
    this.taps.start();
    return undefined;
  }

  private trim(): void {
    if (this.taps.opened !== undefined) return;
    this.capture.trim(Date.now(), this.options.captureLimits ?? defaultLimits);
  }

  private async end(): Promise<void> {
    clearInterval(this.trimmer);
    this.schemas.close();
    this.stopWatching();
    // What taps had brought until then is in the capture and was shown.
    const done = this.taps.stop().then(() => this.pipeline.caughtUp());
    await Promise.race([done, after(stopPatienceMs)]);
    // What was late by now is late whenever the capture is opened, and what was not is not.
    this.capture.setMeta("ended", String(this.now()));
    this.taps.forgetTopics();
    this.pipeline.cycle();
    this.pipeline.stop();
    await Promise.all([this.server?.close(), this.leases?.close()]);
    this.capture.close();
    if (this.temporary !== undefined) rmSync(this.temporary, { recursive: true, force: true });
    this.hasEnded();
  }
}

/** Messages keep their order when somebody sets the clock back; that their times are another clock's is said. */
function clockNotes(): readonly string[] {
  const behind = wallClockBehind();
  if (behind === 0) return [];
  return [
    `This machine's clock was set back by ${duration(Math.round(behind / 1_000) * 1_000)}. Times here go on by the clock before, so that replies stay behind their requests; start the trace again for the new time.`,
  ];
}

function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });
}
