import type { Place } from "./span.ts";

export type ProblemSeverity = "error" | "warning" | "hint";

/** Another place that explains a problem: the first definition, the cycle's next file. */
export interface RelatedPlace extends Place {
  readonly message: string;
}

/**
 * Something wrong with one contract by itself: it cannot be read, or breaks a rule of its own language.
 * A break between two versions is not a problem but a finding (contracts/compat).
 */
export interface Problem extends Place {
  /** A stable kebab-case id, such as `proto-syntax` or `proto-duplicate-number`. */
  readonly code: string;
  readonly severity: ProblemSeverity;
  /** What is wrong and what to do, in one or two sentences that name the element in quotes. */
  readonly message: string;
  readonly related?: readonly RelatedPlace[];
}
