/**
 * What is learned of the fields that hold ids: how fine they are, how long their flows last, which message types keep
 * company in them, and whether they name a flow at all. All of it are sums, so the order of messages does not matter.
 */
import { bounds, thresholds } from "./limits.ts";
import { LogHistogram } from "./stats.ts";

export class Field {
  readonly name: string;
  /** Messages and different values seen. */
  messages = 0;
  distinct = 0;
  readonly gaps = new LogHistogram();
  private sessions = 0;
  private degreeSum = 0;
  private readonly typeSessions = new Map<string, number>();
  private readonly pairSessions = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  /** How long after one use of a value the next still belongs to it. */
  gap(strong: boolean): number {
    const learned = this.gaps.cut(thresholds.gapRatio, thresholds.gapSupport);
    return learned ?? (strong ? thresholds.strongSession : thresholds.businessSession);
  }

  /** Whether its values come again at all: an id of each message alone tells nothing apart. */
  recurs(): boolean {
    return this.messages >= thresholds.recurring * this.distinct;
  }

  /** Whether one value is usually on a whole flow, and not only on a request and its reply. */
  holdsFlows(): boolean {
    return this.messages >= thresholds.flowMessages * this.distinct;
  }

  /** Why the field joins nothing; `undefined` while it may join. */
  setAside(): string | undefined {
    if (this.messages >= thresholds.fieldMessages && this.distinct < thresholds.fieldDistinct) {
      return `only ${this.distinct} different values on ${this.messages} messages`;
    }
    if (this.sessions >= thresholds.companySupport && this.degreeSum / this.sessions > thresholds.degree) {
      return `each kind of message comes ${(this.degreeSum / this.sessions).toFixed(1)} times with one value`;
    }
    return undefined;
  }

  /** One session of one value is over: which types were in it, and how often each came on average. */
  addSession(types: readonly string[], degree: number): void {
    this.sessions++;
    this.degreeSum += degree;
    for (let i = 0; i < types.length; i++) {
      const a = types[i] as string;
      increase(this.typeSessions, a);
      for (let j = i + 1; j < types.length; j++) increase(this.pairSessions, pairKey(a, types[j] as string));
    }
  }

  /** Whether two types that share a value here are parts of one flow. */
  keepCompany(a: string, b: string): boolean {
    if (a === b) return true;
    const rarer = Math.min(this.typeSessions.get(a) ?? 0, this.typeSessions.get(b) ?? 0);
    if (rarer < thresholds.companySupport) return true;
    return (this.pairSessions.get(pairKey(a, b)) ?? 0) / rarer >= thresholds.company;
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`;
}

function increase(map: Map<string, number>, key: string): void {
  const known = map.get(key);
  if (known !== undefined) map.set(key, known + 1);
  else if (map.size < bounds.fieldTypes) map.set(key, 1);
}

/** All fields by what they are about. */
export class Fields {
  private readonly fields = new Map<string, Field>();

  of(name: string): Field {
    let field = this.fields.get(name);
    if (!field) {
      field = new Field(name);
      if (this.fields.size < bounds.slots) this.fields.set(name, field);
    }
    return field;
  }

  all(): Iterable<Field> {
    return this.fields.values();
  }
}
