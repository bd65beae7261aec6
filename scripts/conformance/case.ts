/** One case of a corpus, as it stands in a line of a `.jsonl` file. */
export interface Case {
  readonly id: string;
  readonly format: string;
  readonly config?: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly files?: unknown;
  /** Absent where nobody says what is right. */
  readonly expect?: unknown;
}

/** What the engine says of a case. */
export interface Answer {
  /** In the very form of the case's `expect`. */
  readonly actual: unknown;
  /** Null where the case expects nothing. */
  readonly agreed: boolean | null;
  /** Lines that show the difference, for people. */
  readonly difference: readonly string[];
}

/** How cases of one format are answered. */
export type Runner = (testCase: Case) => Answer | Promise<Answer>;

/** A map of texts by path, as `before`, `after` and `files` hold them. */
export function textsOf(value: unknown): Map<string, string> {
  if (typeof value !== "object" || value === null) throw new Error("expected an object of texts by path");
  return new Map(Object.entries(value).map(([path, text]) => [path, String(text)]));
}
