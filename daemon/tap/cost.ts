/** What a tap asked of its broker, counted by kind, for the report of what it cost. */
export class RequestCounts {
  readonly #counts = new Map<string, number>();

  count(kind: string, times = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + times);
  }

  /** `4,102 requests: 4,080 Fetch, 20 Metadata, 2 ListOffsets`, the most frequent first. */
  sentence(): string {
    const counts = [...this.#counts].sort(([, a], [, b]) => b - a);
    const all = counts.reduce((sum, [, count]) => sum + count, 0);
    const kinds = counts.map(([kind, count]) => `${number(count)} ${kind}`).join(", ");
    return `${number(all)} ${all === 1 ? "request" : "requests"}${kinds === "" ? "" : `: ${kinds}`}`;
  }
}

export function number(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1.2 MB`, in powers of ten, as networks count. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [value, unit] =
    bytes < 1_000_000 ? [bytes / 1_000, "kB"] : bytes < 1_000_000_000 ? [bytes / 1_000_000, "MB"] : [bytes / 1e9, "GB"];
  return `${value < 10 ? value.toFixed(1) : String(Math.round(value))} ${unit}`;
}
