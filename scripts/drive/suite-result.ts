/** What a suite inside the editor says of each test, as one line. */
export const resultMark = "contrail-test-result ";

export interface SuiteResult {
  readonly title: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Why it failed; `null` when it passed. */
  readonly failure: string | null;
}
