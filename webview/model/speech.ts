/** Rows as one sentence each, for screen readers. */
import type { ConversationRow } from "../../daemon/serve/protocol.ts";
import { age, counted, duration } from "./format.ts";
import { stateWord, stepWords } from "./words.ts";

export function spokenRow(row: ConversationRow, now: number): string {
  const parts = [
    `${row.name} ${row.key}`.trim(),
    stateWord(row.state, row.kind),
    row.latest.text,
    spokenSteps(row.steps),
    row.errors > 0 ? counted(row.errors, "error") : "",
    row.warnings > 0 ? counted(row.warnings, "warning") : "",
    row.tookMs === undefined ? "" : `took ${spokenUnits(duration(row.tookMs))}`,
    now - row.startedAt < 1000 ? "now" : `${spokenUnits(age(now - row.startedAt))} ago`,
    row.inferred ? "inferred" : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** `4 of 6 steps done, BookShipment stuck`. */
export function spokenSteps(steps: ConversationRow["steps"]): string {
  if (steps.length === 0) return "";
  const done = steps.filter((step) => step.state === "done").length;
  const notable = steps.filter((step) => step.state !== "done" && step.state !== "not reached");
  const notes = notable.map((step) => `${step.name} ${stepWords[step.state]}`);
  return [`${done} of ${counted(steps.length, "step")} done`, ...notes].join(", ");
}

function spokenUnits(text: string): string {
  return text
    .replace(/\bms\b/, "milliseconds")
    .replace(/\bmin\b/, "minutes")
    .replace(/\bs\b/, "seconds")
    .replace(/\bh\b/, "hours")
    .replace(/\bd\b/, "days");
}
