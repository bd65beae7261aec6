import { assertNever } from "./values.ts";
import { csvLines } from "./csv.ts";
import { ndjsonLines } from "./ndjson.ts";
import { otlpLines } from "./otlp.ts";
import type { CaptureReading } from "./reading.ts";

export const exportFormats = ["ndjson", "csv", "otlp"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** The lines of an export, without their line ends, made one by one as they are asked for. */
export function exportLines(reading: CaptureReading, format: ExportFormat): Iterable<string> {
  switch (format) {
    case "ndjson":
      return ndjsonLines(reading);
    case "csv":
      return csvLines(reading);
    case "otlp":
      return otlpLines(reading);
    default:
      return assertNever(format);
  }
}
