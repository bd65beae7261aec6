/**
 * Tells the sink how a tap is doing, each state once: repeating the same words would only redraw the status line.
 */
import { preciseNow } from "./clock.ts";
import type { TapPhase, TapSink, TapState } from "./envelope.ts";

export interface Telling {
  readonly phase: TapPhase;
  readonly detail?: string | undefined;
  readonly mode?: string | undefined;
  readonly nextTryAt?: number | undefined;
  readonly shed?: number | undefined;
}

export class StateTeller {
  readonly #identity: Pick<TapState, "tap" | "broker" | "address">;
  #sink: TapSink | undefined;
  #last: TapState | undefined;

  constructor(identity: Pick<TapState, "tap" | "broker" | "address">) {
    this.#identity = identity;
  }

  open(sink: TapSink): void {
    this.#sink = sink;
  }

  get phase(): TapPhase | undefined {
    return this.#last?.phase;
  }

  tell({ phase, detail, mode, nextTryAt, shed }: Telling): void {
    const last = this.#last;
    const state: TapState = {
      ...this.#identity,
      phase,
      since: last?.phase === phase ? last.since : preciseNow(),
      ...(detail === undefined ? undefined : { detail }),
      ...(mode === undefined ? undefined : { mode }),
      ...(nextTryAt === undefined ? undefined : { nextTryAt }),
      shed: shed ?? last?.shed ?? 0,
    };
    if (last !== undefined && sameState(last, state)) return;
    this.#last = state;
    // A state is small and rare: nobody waits for it, and what the sink does with it cannot end the tap.
    void Promise.resolve()
      .then(() => this.#sink?.accept([{ kind: "state", state }]))
      .catch(() => undefined);
  }
}

function sameState(a: TapState, b: TapState): boolean {
  return (
    a.phase === b.phase &&
    a.detail === b.detail &&
    a.mode === b.mode &&
    a.shed === b.shed &&
    a.nextTryAt === b.nextTryAt
  );
}
