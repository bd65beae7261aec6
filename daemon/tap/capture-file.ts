/**
 * The recording as a source: plays what a capture file holds at the pace at which it happened, its times moved so that
 * it happens now. Everything behind the tap treats it like traffic of a broker.
 */
import { basename } from "node:path";
import { Capture, CaptureError, readingFailed, type StoredEvent } from "../store/index.ts";
import type { Envelope, Tap, TapEvent, TapPhase, TapReport, TapSink } from "./envelope.ts";

export interface CaptureFileTapOptions {
  readonly file: string;
  /** 1: as it was recorded; 10: ten times as fast; 0: at once. Default 1. */
  readonly pace?: number;
  /** So many events, states of taps aside, were played before: goes on behind them. */
  readonly skip?: number;
  readonly now?: () => number;
}

const batchSize = 500;
/** Events that are due within this time are handed on together. */
const grainMs = 10;

/** A tap that plays the capture in `file`, once. */
export function createCaptureFileTap(options: CaptureFileTapOptions): Tap {
  return new CaptureFileTap(options);
}

class CaptureFileTap implements Tap {
  readonly id: string;
  private readonly options: CaptureFileTapOptions;
  private readonly now: () => number;
  private readonly stopping = new AbortController();
  private playing: Promise<void> | undefined;
  private messages = 0;
  private bytes = 0;

  constructor(options: CaptureFileTapOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
    this.id = `capture:${basename(options.file)}`;
  }

  start(sink: TapSink): Promise<void> {
    if (this.playing !== undefined || this.stopping.signal.aborted) return Promise.resolve();
    let capture: Capture;
    try {
      capture = Capture.open(this.options.file, { readOnly: true });
    } catch (cause) {
      if (!(cause instanceof CaptureError)) throw cause;
      return Promise.resolve(sink.accept([this.state("failed", basename(this.options.file), cause.message)]));
    }
    this.playing = this.play(capture, sink)
      .catch(async (cause: unknown) => {
        const failure = readingFailed(capture.name, cause);
        const why = failure instanceof Error ? failure.message : String(failure);
        await sink.accept([this.state("failed", capture.name, `The recording could not be read to its end. ${why}`)]);
      })
      .finally(() => capture.close());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.playing;
  }

  report(): TapReport {
    return {
      tap: this.id,
      touched: [],
      neverTouched: ["It read a file; no broker was connected to."],
      messages: this.messages,
      bytes: this.bytes,
    };
  }

  private async play(capture: Capture, sink: TapSink): Promise<void> {
    const pace = this.options.pace ?? 1;
    const began = this.now();
    const span = capture.span();
    await sink.accept([this.state("live", capture.name, "Plays what was recorded; no broker is connected to.")]);
    let skip = this.options.skip ?? 0;
    let first = span?.from ?? began;
    /** Where a recorded moment lies now. */
    const moved = (at: number) => (pace === 0 ? at : began + (at - first) / pace);
    let after = 0;
    for (;;) {
      const all = capture.events(after, batchSize);
      const last = all.at(-1);
      if (last === undefined) break;
      after = last.n;
      const events = all.filter(({ event }) => event.kind === "state" || skip-- <= 0);
      if (skip >= 0) {
        // The next event that is played happens now, whatever was before it.
        const next = events.find(({ event }) => event.kind === "message");
        if (next?.event.kind === "message") first = next.event.envelope.receivedAt;
      }
      await this.playBatch(events, sink, moved, pace === 0);
      if (this.stopping.signal.aborted) return;
    }
    const ended = Number(capture.meta("ended") ?? span?.to ?? first);
    if (pace !== 0) await this.wait(moved(ended) - this.now());
    if (this.stopping.signal.aborted) return;
    await sink.accept([
      this.state("ended", capture.name, "The recording has ended; everything stays here to look at."),
    ]);
  }

  private async playBatch(
    events: readonly StoredEvent[],
    sink: TapSink,
    moved: (at: number) => number,
    atOnce: boolean,
  ): Promise<void> {
    let due: TapEvent[] = [];
    for (const { event } of events) {
      const shifted = shift(event, moved);
      if (shifted === undefined) continue;
      const wait = shifted.at === undefined || atOnce ? 0 : shifted.at - this.now();
      if (wait > grainMs) {
        if (due.length > 0) await sink.accept(due);
        due = [];
        await this.wait(wait);
        if (this.stopping.signal.aborted) return;
      }
      due.push(shifted.event);
      if (event.kind === "message") {
        this.messages++;
        this.bytes += event.envelope.bodySize;
      }
    }
    if (due.length > 0) await sink.accept(due);
  }

  private wait(ms: number): Promise<void> {
    const { signal } = this.stopping;
    if (ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    });
  }

  private state(phase: TapPhase, name: string, detail: string): TapEvent {
    const since = this.now();
    return { kind: "state", state: { tap: this.id, broker: "capture", address: name, phase, since, detail, shed: 0 } };
  }
}

/** An event at its new time, and that time; `undefined` for what a recording does not play: states of its taps. */
function shift(
  event: TapEvent,
  moved: (at: number) => number,
): { readonly event: TapEvent; readonly at?: number } | undefined {
  switch (event.kind) {
    case "message": {
      const envelope = shiftEnvelope(event.envelope, moved);
      return { event: { kind: "message", envelope }, at: envelope.receivedAt };
    }
    case "delivery": {
      const { delivery } = event;
      const at = moved(delivery.receivedAt);
      const message = shiftEnvelope(delivery.message, moved);
      return { event: { kind: "delivery", delivery: { ...delivery, receivedAt: at, message } }, at };
    }
    case "commit":
    case "connection":
      return { event: { ...event, at: moved(event.at) }, at: moved(event.at) };
    case "transaction":
      return { event };
    default:
      return undefined;
  }
}

function shiftEnvelope<E extends Envelope>(envelope: E, moved: (at: number) => number): E {
  const { origin } = envelope;
  return {
    ...envelope,
    ...(origin.broker === "otlp" ? { origin: { ...origin, endedAt: moved(origin.endedAt) } } : {}),
    receivedAt: moved(envelope.receivedAt),
    ...(envelope.timestamp === undefined ? {} : { timestamp: moved(envelope.timestamp) }),
  };
}
