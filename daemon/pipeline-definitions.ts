import type { MessageDefinition, Violation } from "../contracts/codec/index.ts";
import type { MessageFacts } from "./pipeline-facts.ts";

export interface SeenDefinition {
  readonly definition: MessageDefinition;
  count: number;
  broken: number;
  lastAt: number;
  /** The newest violations, newest first, at most three. */
  violations: Array<{ readonly seq: number; readonly violation: Violation; readonly at: number }>;
}

/** What was seen of each message definition; the editor shows it on the definition's line. */
export class DefinitionsSeen {
  /** Grows with every message that has a definition. */
  revision = 0;
  private readonly byName = new Map<string, SeenDefinition>();
  private readonly known = new WeakMap<MessageDefinition, SeenDefinition>();

  /** Takes in a message that was read by `definition`. */
  note(definition: MessageDefinition, { seq, at, check, violation }: MessageFacts): void {
    this.revision++;
    const seen = this.known.get(definition) ?? this.seenAs(definition);
    seen.count++;
    seen.lastAt = Math.max(seen.lastAt, at);
    if (check !== "invalid") return;
    seen.broken++;
    if (violation !== undefined) seen.violations = [{ seq, violation, at }, ...seen.violations].slice(0, 3);
  }

  /** Contracts that are read again make new definitions of the same names. */
  private seenAs(definition: MessageDefinition): SeenDefinition {
    const id = `${definition.place.path}\n${definition.name}`;
    const seen = this.byName.get(id) ?? { definition, count: 0, broken: 0, lastAt: 0, violations: [] };
    this.byName.set(id, seen);
    this.known.set(definition, seen);
    return seen;
  }

  all(): Iterable<SeenDefinition> {
    return this.byName.values();
  }
}
