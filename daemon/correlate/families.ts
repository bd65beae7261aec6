/**
 * What flows of one kind usually look like. A family is named by the type of its first message. Each instance adds
 * what it shows once it has been silent for a while, and takes that back when it goes on: the sums are those of the
 * instances as they are, whatever the order in which they were learned.
 */
import { bounds, thresholds } from "./limits.ts";
import { LogHistogram } from "./stats.ts";

interface TypeFacts {
  messages: number;
  withEffect: number;
  readonly effects: Map<string, { count: number; readonly delays: LogHistogram }>;
  readonly delays: LogHistogram;
  /** What was last expected by these; `null` where nothing is, `undefined` when they changed since. */
  expected: Expectation | null | undefined;
}

/** What one instance shows. Times are buckets of a histogram: so what most instances show is the same. */
export interface Contribution {
  readonly family: string;
  /** Each message's type, and the names and delays of what it caused. */
  readonly messages: ReadonlyArray<{
    readonly type: string;
    readonly effects: ReadonlyArray<{ readonly name: string; readonly delay: number }>;
  }>;
  /** The longest pause in it. */
  readonly pause: number;
  /** Its forward steps in order, and whether each was undone. */
  readonly steps: ReadonlyArray<{ readonly name: string; readonly undone: boolean }>;
  readonly failed: boolean;
  readonly saga: boolean;
  readonly over: boolean;
  /** Its first different types; found when it counts. */
  types: readonly string[] | undefined;
}

export interface Expectation {
  /** What usually comes: the most frequent name. */
  readonly name: string;
  readonly deadline: number;
  readonly usual: number;
  readonly count: number;
  /** Everything that ever came next: alternatives, not duties. */
  readonly names: ReadonlySet<string>;
}

export class Family {
  readonly start: string;
  instances = 0;
  sagas = 0;
  completed = 0;
  private failures = 0;
  private readonly types = new Map<string, TypeFacts>();
  private readonly pauses = new LogHistogram();
  private readonly steps = new Map<string, { count: number; position: number; failed: number; undone: number }>();

  /** What instances were last seen to show. */
  private readonly shown: Contribution[] = [];
  private shownNext = 0;
  /** Its usual steps, until it learns. */
  private usual: readonly string[] | undefined;

  constructor(start: string) {
    this.start = start;
  }

  /** Most instances show the same: one that shows what another did shares it. */
  shared(what: Contribution): Contribution {
    for (const known of this.shown) if (isSame(known, what)) return known;
    this.shown[this.shownNext] = what;
    this.shownNext = (this.shownNext + 1) % bounds.contributions;
    return what;
  }

  get known(): boolean {
    return this.instances >= thresholds.familySupport;
  }

  /** Whether most of its instances are sagas: then a short one is one that did not get far. */
  get isSaga(): boolean {
    return this.instances >= thresholds.familySupport ? this.sagas >= 0.5 * this.instances : this.sagas > 0;
  }

  add(what: Contribution, sign: 1 | -1): void {
    this.instances += sign;
    this.usual = undefined;
    if (what.saga) this.sagas += sign;
    if (what.over && !what.failed) this.completed += sign;
    if (what.failed) this.failures += sign;
    if (what.messages.length > 1) this.pauses.addBucket(what.pause, sign);
    for (const { type, effects } of what.messages) {
      let facts = this.types.get(type);
      if (!facts) {
        if (this.types.size >= bounds.familyTypes) continue;
        facts = { messages: 0, withEffect: 0, effects: new Map(), delays: new LogHistogram(), expected: undefined };
        this.types.set(type, facts);
      }
      facts.messages += sign;
      facts.expected = undefined;
      const first = effects[0];
      if (!first) continue;
      facts.withEffect += sign;
      facts.delays.addBucket(first.delay, sign);
      for (const effect of effects) {
        let known = facts.effects.get(effect.name);
        if (!known) {
          if (facts.effects.size >= bounds.childTypes) continue;
          facts.effects.set(effect.name, (known = { count: 0, delays: new LogHistogram() }));
        }
        known.count += sign;
        known.delays.addBucket(effect.delay, sign);
      }
    }
    what.steps.forEach((step, position) => {
      let known = this.steps.get(step.name);
      if (!known) {
        if (this.steps.size >= bounds.familyTypes) return;
        this.steps.set(step.name, (known = { count: 0, position: 0, failed: 0, undone: 0 }));
      }
      if (what.failed) {
        known.failed += sign;
        if (step.undone) known.undone += sign;
      } else if (what.over) {
        known.count += sign;
        known.position += sign * position;
      }
    });
  }

  /** What a message of this type usually causes, when that is usual enough to miss it. */
  expectation(type: string): Expectation | undefined {
    const facts = this.types.get(type);
    if (!facts) return undefined;
    facts.expected ??= expectationOf(facts) ?? null;
    return facts.expected ?? undefined;
  }

  /** Whether a flow may end with this type. `undefined`: too few to know. */
  mayEnd(type: string): boolean | undefined {
    const facts = this.types.get(type);
    if (!facts || facts.messages < thresholds.familySupport) return undefined;
    return facts.withEffect / facts.messages < thresholds.terminal;
  }

  /** How much silence means that it is over. */
  quiet(): number {
    if (!this.known) return thresholds.unknownQuiet;
    const usual = thresholds.quietFactor * this.pauses.quantile(0.99);
    return Math.min(thresholds.longestQuiet, Math.max(thresholds.shortestQuiet, usual));
  }

  /** The steps that good instances usually have, in their usual order. */
  usualSteps(): readonly string[] {
    return (this.usual ??= this.findUsualSteps());
  }

  private findUsualSteps(): string[] {
    if (this.completed < thresholds.familySupport) return [];
    return [...this.steps]
      .filter(([, step]) => step.count >= thresholds.expected * this.completed)
      .sort((a, b) => a[1].position / a[1].count - b[1].position / b[1].count || (a[0] < b[0] ? -1 : 1))
      .map(([name]) => name);
  }

  /** Whether a step is usually undone when an instance fails after it. */
  usuallyUndone(step: string): boolean {
    const known = this.steps.get(step);
    return (
      known !== undefined &&
      known.failed >= thresholds.familySupport &&
      known.undone >= thresholds.expected * known.failed
    );
  }
}

function isSame(a: Contribution, b: Contribution): boolean {
  return (
    a.pause === b.pause &&
    a.over === b.over &&
    a.failed === b.failed &&
    a.saga === b.saga &&
    a.messages.length === b.messages.length &&
    a.steps.length === b.steps.length &&
    a.messages.every((message, i) => isSameMessage(message, b.messages[i])) &&
    a.steps.every(({ name, undone }, i) => name === b.steps[i]?.name && undone === b.steps[i]?.undone)
  );
}

type Shown = Contribution["messages"][number];

function isSameMessage(a: Shown, b: Shown | undefined): boolean {
  if (b === undefined || a.type !== b.type || a.effects.length !== b.effects.length) return false;
  return a.effects.every(({ name, delay }, i) => name === b.effects[i]?.name && delay === b.effects[i]?.delay);
}

function expectationOf(facts: TypeFacts): Expectation | undefined {
  if (facts.messages < thresholds.familySupport) return undefined;
  if (facts.withEffect / facts.messages < thresholds.expected) return undefined;
  const deadline = learnedDeadline(facts.delays);
  if (deadline === undefined) return undefined;
  let best: readonly [string, { count: number; delays: LogHistogram }] | undefined;
  for (const entry of facts.effects) {
    if (!best || entry[1].count > best[1].count || (entry[1].count === best[1].count && entry[0] < best[0]))
      best = entry;
  }
  if (!best) return undefined;
  return {
    name: best[0],
    deadline,
    usual: best[1].delays.quantile(0.5),
    count: best[1].count,
    names: new Set(facts.effects.keys()),
  };
}

/** Until when something is waited for, from how long it took before; `undefined` when too few were seen. */
export function learnedDeadline(delays: LogHistogram): number | undefined {
  if (delays.count >= thresholds.deadlineSupport) {
    return Math.max(thresholds.shortestDeadline, 3 * delays.quantile(0.99), 10 * delays.quantile(0.5));
  }
  if (delays.count >= thresholds.fewSupport) return Math.max(thresholds.shortestDeadline, 2 * delays.largest());
  return undefined;
}

export class Families {
  private readonly families = new Map<string, Family>();
  /** How often type A came before type B in one flow: first by A, then by B. */
  private readonly before = new Map<string, Map<string, number>>();
  private pairs = 0;

  of(start: string): Family {
    let family = this.families.get(start);
    if (!family) {
      family = new Family(start);
      if (this.families.size < bounds.types) this.families.set(start, family);
    }
    return family;
  }

  add(what: Contribution, sign: 1 | -1): void {
    this.of(what.family).add(what, sign);
    const types = (what.types ??= [...new Set(what.messages.map((message) => message.type))].slice(
      0,
      bounds.typesPerInstance,
    ));
    for (let i = 0; i < types.length; i++) {
      for (let j = i + 1; j < types.length; j++) {
        this.count(types[i] as string, types[j] as string, sign);
      }
    }
  }

  /** How sure it is that A comes before B in a flow that has both: 0 never, 0.5 unknown, 1 always. */
  comesBefore(a: string, b: string): number {
    const forth = this.before.get(a)?.get(b) ?? 0;
    const back = this.before.get(b)?.get(a) ?? 0;
    return (forth + 1) / (forth + back + 2);
  }

  all(): Iterable<Family> {
    return this.families.values();
  }

  private count(a: string, b: string, sign: 1 | -1): void {
    const known = this.before.get(a)?.get(b);
    if (known === undefined && this.pairs >= bounds.typePairs) return;
    let after = this.before.get(a);
    if (after === undefined) this.before.set(a, (after = new Map()));
    if (known === undefined) this.pairs++;
    after.set(b, (known ?? 0) + sign);
  }
}
