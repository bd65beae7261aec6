/** Rows as one sentence each, for screen readers. */
import type { ConversationRow, Lane, LaneRow } from "../../daemon/serve/protocol.ts";
import { age, counted, duration } from "./format.ts";
import { brokerNames, stateWord, stepWords } from "./words.ts";

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

/**
 * A row of the lanes: `ReserveStock, command, order-svc to inventory-svc, Kafka, plus 19 milliseconds, caused by
 * OrderPlaced, declared`. Made of the rows on the screen only: a conversation may have ten thousand.
 */
export function spokenLaneRow(row: LaneRow, lanes: readonly Lane[], cause: string | undefined): string {
  if (row.kind === "gap") return row.note ?? row.name;
  const name = (lane: number | undefined): string => (lane === undefined ? "" : (lanes[lane]?.name ?? ""));
  const readers = row.to.map(name).filter((reader) => reader !== "");
  const ends = [name(row.from), readers.join(" and ")].filter((part) => part !== "");
  const parts = [
    row.name,
    row.kind === "message" ? row.arrow : "",
    row.note ?? "",
    row.kind === "delivery" || row.kind === "timeout" ? name(row.from) : ends.join(" to "),
    row.broker === undefined ? "" : (brokerNames[row.broker] ?? row.broker),
    row.offsetMs === undefined ? "" : `plus ${spokenUnits(duration(row.offsetMs))}`,
    row.violation && row.kind === "message" ? "breaks its contract" : "",
    row.state === undefined || row.state === "late" ? "" : row.state,
    cause === undefined ? "" : `caused by ${cause}`,
    row.cause?.evidence[0]?.strength ?? "",
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
