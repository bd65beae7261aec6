/** Messages as rows of a table (RFC 4180), the names of the columns first. */
import { channelName } from "../pipeline-input.ts";
import type { ReadMessage } from "../pipeline-recent.ts";
import type { CaptureReading } from "./reading.ts";
import { isoTime, keyOf, plain } from "./values.ts";

type Cell = string | number | null | undefined;

const columns: ReadonlyArray<readonly [name: string, cell: (message: ReadMessage, reading: CaptureReading) => Cell]> = [
  ["id", ({ seq }) => seq],
  ["at", ({ envelope }) => isoTime(envelope.timestamp ?? envelope.receivedAt)],
  ["tap", ({ envelope }) => envelope.tap],
  ["broker", ({ envelope }) => envelope.origin.broker],
  ["channel", ({ envelope }) => channelName(envelope)],
  ["name", ({ seq }, { pipeline }) => pipeline.correlator.nameOf(seq)],
  ["key", ({ envelope }) => keyOf(envelope.key)],
  ["headers", ({ envelope }) => JSON.stringify(envelope.headers.map(({ name, value }) => [name, plain(value)]))],
  ["conversation", ({ seq }, { pipeline }) => pipeline.correlator.conversationOf(seq)],
  ["writer", ({ seq }, { pipeline }) => pipeline.correlator.parties(seq).writer?.name],
  ["format", ({ decoded }) => decoded.format],
  ["definition", ({ decoded }) => decoded.definition?.name],
  ["check", ({ decoded }) => decoded.check],
  [
    "violation",
    ({ decoded: { violations } }) => violations.map(({ path, message }) => `${path}: ${message}`).join("; "),
  ],
  ["bodySize", ({ envelope }) => envelope.bodySize],
  ["decoded", ({ decoded }) => (decoded.value === undefined ? undefined : JSON.stringify(decoded.value))],
  ["body", ({ envelope }) => (envelope.body === null ? undefined : Buffer.from(envelope.body).toString("base64"))],
];

export function* csvLines(reading: CaptureReading): Generator<string> {
  yield columns.map(([name]) => name).join(",");
  for (const message of reading.messages()) yield columns.map(([, cell]) => quoted(cell(message, reading))).join(",");
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe: what is in a message is anybody's. */
function quoted(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
