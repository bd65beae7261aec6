/** What another process costs, as Linux tells it. */
import { readFileSync } from "node:fs";

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
