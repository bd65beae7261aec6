/** What was seen live, in words. */
import type { DefinitionSeen } from "../daemon/serve/protocol.ts";

/** `seen 1,204×, last 2 s ago, 3 broken` */
export function seenText(seen: DefinitionSeen, now: number): string {
  const broken = seen.broken === 0 ? "" : `, ${count(seen.broken)} broken`;
  return `seen ${count(seen.count)}×, last ${ago(now - seen.lastAt)}${broken}`;
}

export function count(number: number): string {
  return number.toLocaleString("en-US");
}

export function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The time of day on this machine: `12:01:03`. */
export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
