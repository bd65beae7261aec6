/** A sink that keeps everything and can wait for something. */
import type { TapEvent, TapSink, TapState } from "../envelope.ts";

export class WatchingSink implements TapSink {
  readonly events: TapEvent[] = [];
  readonly #waiting = new Set<() => void>();

  accept(events: readonly TapEvent[]): void {
    this.events.push(...events);
    for (const look of this.#waiting) look();
  }

  of<K extends TapEvent["kind"]>(kind: K): Extract<TapEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<TapEvent, { kind: K }> => event.kind === kind);
  }

  get states(): readonly TapState[] {
    return this.of("state").map(({ state }) => state);
  }

  get state(): TapState | undefined {
    return this.states.at(-1);
  }

  /** Resolves as soon as `condition` holds; rejects with what was seen when that takes too long. */
  until(condition: (sink: this) => boolean, what: string, withinMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const states = this.states.map(({ phase, detail }) => `${phase}: ${detail ?? ""}`).join("\n  ");
        const counts = ["message", "delivery", "commit", "transaction"] as const;
        const seen = counts.map((kind) => `${this.of(kind).length} ${kind}`).join(", ");
        reject(new Error(`waited ${withinMs} ms for ${what}; saw ${seen} and the states\n  ${states}`));
      }, withinMs);
      this.#waiting.add(look);
      look();
    });
  }
}
