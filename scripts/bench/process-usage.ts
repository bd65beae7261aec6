/** What another process costs, as Linux tells it. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessUsage {
  readonly cpuMilliseconds: number;
  readonly residentBytes: number;
  /** The most it ever had. */
  readonly peakBytes: number;
}

/** Linux counts in hundredths of a second on every machine that Node runs on. */
const tickMs = 10;

/** `undefined` where there is no /proc, or no such process. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    return {
      cpuMilliseconds: (Number(fields[11]) + Number(fields[12])) * tickMs,
      residentBytes: kilobytes("VmRSS") * 1024,
      peakBytes: kilobytes("VmHWM") * 1024,
    };
  } catch {
    return undefined;
  }
}

/** `62 % of a core, 212 MiB resident, 240 MiB at most`. */
export function usageLine(
  before: ProcessUsage | undefined,
  after: ProcessUsage | undefined,
  milliseconds: number,
): string {
  if (before === undefined || after === undefined) return "not known on this system";
  const share = Math.round(((after.cpuMilliseconds - before.cpuMilliseconds) / milliseconds) * 100);
  const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
  return `${share} % of a core, ${mebibytes(after.residentBytes)} resident, ${mebibytes(after.peakBytes)} at most`;
}

/** Begins to count; what it returns says then what share of a core each busy thread of the process had, most first. */
export function threadShares(pid: number): () => string {
  const before = threadTimes(pid);
  const begun = performance.now();
  return () => {
    const milliseconds = performance.now() - begun;
    const shares = [...threadTimes(pid)]
      .map(([thread, { name, cpuMilliseconds }]) => {
        const spent = cpuMilliseconds - (before.get(thread)?.cpuMilliseconds ?? 0);
        return { name: thread === pid ? "main" : name, share: Math.round((spent / milliseconds) * 100) };
      })
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share);
    return shares.map(({ name, share }) => `${name} ${share}`).join(", ");
  };
}

function threadTimes(pid: number): Map<number, { readonly name: string; readonly cpuMilliseconds: number }> {
  const times = new Map<number, { readonly name: string; readonly cpuMilliseconds: number }>();
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      const end = stat.lastIndexOf(")");
      const fields = stat.slice(end + 2).split(" ");
      const cpuMilliseconds = (Number(fields[11]) + Number(fields[12])) * tickMs;
      times.set(Number(thread), { name: stat.slice(stat.indexOf("(") + 1, end), cpuMilliseconds });
    }
  } catch {
    // No /proc, or the process has ended.
  }
  return times;
}
