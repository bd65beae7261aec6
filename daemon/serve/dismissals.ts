import type { Capture } from "../store/index.ts";

/** More than a user dismisses in the life of a capture; beyond, the oldest are forgotten. */
const mostKept = 10_000;
const metaName = "dismissed";

/**
 * Conversations that need no look any more, since somebody said so. Kept with the capture, so that a daemon that goes on
 * with it does not ask for the same looks again. An id stands for the same conversation as long as the capture does.
 */
export class Dismissals {
  private readonly capture: Capture;
  private readonly ids: Set<string>;

  constructor(capture: Capture) {
    this.capture = capture;
    this.ids = new Set(read(capture));
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  set(id: string, dismissed: boolean): void {
    if (this.ids.has(id) === dismissed) return;
    if (dismissed) this.ids.add(id);
    else this.ids.delete(id);
    for (const oldest of this.ids) {
      if (this.ids.size <= mostKept) break;
      this.ids.delete(oldest);
    }
    this.keep();
  }

  private keep(): void {
    try {
      this.capture.setMeta(metaName, JSON.stringify([...this.ids]));
    } catch {
      // A capture that cannot be written to says so itself; until it ends, the dismissal holds.
    }
  }
}

/** What was kept; a file that somebody sent may say anything. */
function read(capture: Capture): readonly string[] {
  try {
    const kept: unknown = JSON.parse(capture.meta(metaName) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(-mostKept) : [];
  } catch {
    return [];
  }
}
