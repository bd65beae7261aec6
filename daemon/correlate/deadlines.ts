/**
 * Until when a reply is waited for: as its request says, else as long as such replies usually take, else a guess. No
 * time runs while no tap could see.
 */
import { learnedDeadline } from "./families.ts";
import { bounds, thresholds, type Counters } from "./limits.ts";
import type { Node } from "./node.ts";
import type { Deadline } from "./sagas.ts";
import { LogHistogram } from "./stats.ts";

export class Deadlines {
  private readonly latencies = new Map<string, { delays: LogHistogram; names: Map<string, number> }>();
  private readonly gaps: { from: number; to: number }[] = [];
  private readonly counters: Counters;

  constructor(counters: Counters) {
    this.counters = counters;
  }

  /** The first reply to a request has settled. */
  learn(request: Node, reply: Node): void {
    request.deadline ??= this.patienceFor(request);
    let known = this.latencies.get(request.type);
    if (!known) {
      if (this.latencies.size >= bounds.types) return;
      known = { delays: new LogHistogram(), names: new Map() };
      this.latencies.set(request.type, known);
    }
    known.delays.add(Math.max(0, reply.at - request.at));
    if (known.names.size < bounds.childTypes || known.names.has(reply.name)) {
      known.names.set(reply.name, (known.names.get(reply.name) ?? 0) + 1);
    }
  }

  of(request: Node): Deadline {
    const known = this.latencies.get(request.type);
    const count = known?.delays.count ?? 0;
    const { wait, basis } = request.deadline ?? this.patienceFor(request);
    const replyName = known ? mostFrequent(known.names) : undefined;
    return {
      at: this.afterGaps(request.at, request.at + wait),
      basis,
      ...(known && count >= thresholds.fewSupport ? { usual: { ms: known.delays.quantile(0.5), count } } : {}),
      ...(replyName === undefined || replyName === "reply" ? {} : { replyName }),
    };
  }

  /** How long a reply is waited for: as the message says, else as is usual by now, else a guess. */
  patienceFor(request: Node): { wait: number; basis: Deadline["basis"] } {
    if (request.expiresAfter !== undefined) return { wait: request.expiresAfter, basis: "message" };
    const known = this.latencies.get(request.type);
    const learned = known ? learnedDeadline(known.delays) : undefined;
    if (learned !== undefined) return { wait: learned, basis: "learned" };
    return { wait: thresholds.replyDeadline, basis: "default" };
  }

  /** No time runs while nobody could see. */
  afterGaps(from: number, to: number): number {
    let moved = to;
    for (const gap of this.gaps) {
      if (gap.to <= from || gap.from >= moved) continue;
      moved += gap.to - Math.max(gap.from, from);
    }
    return moved;
  }

  addGap(from: number, to: number): void {
    const last = this.gaps[this.gaps.length - 1];
    // Gaps of several taps may overlap; time that nobody saw counts once.
    if (last && from <= last.to) {
      if (to > last.to) last.to = to;
      if (from < last.from) last.from = from;
    } else this.gaps.push({ from, to });
    if (this.gaps.length > bounds.gaps) {
      this.counters.gaps++;
      this.gaps.shift();
    }
  }
}

function mostFrequent(names: ReadonlyMap<string, number>): string | undefined {
  let best: readonly [string, number] | undefined;
  for (const entry of names) {
    if (!best || entry[1] > best[1] || (entry[1] === best[1] && entry[0] < best[0])) best = entry;
  }
  return best?.[0];
}
