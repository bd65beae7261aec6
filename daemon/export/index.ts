/**
 * What was captured, for other programs.
 *
 * Takes in: a capture file and the contracts to read it by. Hands out: lines of text, as NDJSON, as CSV or as spans of
 * OpenTelemetry (docs/export.md describes each); and what of it may be written to a broker again.
 */
export { messageLine } from "./ndjson.ts";
export { openForReading, type CaptureReading } from "./reading.ts";
export { exportFormats, exportLines, type ExportFormat } from "./lines.ts";
export {
  planRepublishing,
  republish,
  replayedHeader,
  RepublishError,
  type Republished,
  type RepublishPlan,
  type RepublishTargets,
} from "./republish.ts";
