/** What became of everything that was seen, as the panel of the status line says it: a line a fact, ill ones marked. */
import type { Status, TapView } from "../../daemon/serve/protocol.ts";
import { bytes, count, counted, duration, timeOfDay } from "./format.ts";
import { brokerNames, type Mark } from "./words.ts";

export interface CountLine {
  readonly label: string;
  readonly value: string;
  readonly mark: Mark;
  /** What it means and, where something can be done, what to do. */
  readonly note?: string;
}

/** Correlation that follows this close behind is no news. */
export const behindShownMs = 1_000;

export function countLines(status: Status): readonly CountLine[] {
  return [
    { label: "Seen", value: counted(status.seen, "message"), mark: "none" },
    { label: "Masked", value: counted(status.masked, "value"), mark: "none", note: "Before anything was stored." },
    ...shedLines(status),
    ...droppedLine(status),
    ...behindLine(status),
    ...searchLine(status),
    ...captureLine(status),
    ...(status.bounds ?? []).map(({ what, count: times }): CountLine => ({
      label: "At a bound",
      value: `${count(times)} ${what}`,
      mark: "none",
    })),
  ];
}

function shedLines({ shed, shedOf, shedSince, taps }: Status): CountLine[] {
  if (shed === 0) return [{ label: "Shed", value: "nothing", mark: "none", note: "No bound was reached." }];
  const since = shedSince === undefined ? "" : ` First at ${timeOfDay(shedSince)}.`;
  if (shedOf === undefined) return [{ label: "Shed", value: count(shed), mark: "warn", note: since.trim() }];
  const lines: CountLine[] = [];
  const { bodies, messages, atTaps } = shedOf;
  if (bodies > 0) {
    lines.push({
      label: "Bodies shed",
      value: count(bodies),
      mark: "warn",
      note: `More came than could be read. These messages are there with their headers.${since}`,
    });
  }
  if (messages > 0) {
    lines.push({
      label: "Messages shed",
      value: count(messages),
      mark: "bad",
      note: `More came than could be taken in, bodies left out. Narrow the tap to what you look for.${since}`,
    });
  }
  if (atTaps > 0) {
    const losing = taps.filter((tap) => tap.shed > 0).map((tap) => `${brokerOf(tap)} ${count(tap.shed)}`);
    lines.push({
      label: "Lost at taps",
      value: count(atTaps),
      mark: "bad",
      note: `The tap's own queue was full and dropped its oldest events, or the broker had none any more: ${losing.join(", ")}. Nothing of the services was touched.${since}`,
    });
  }
  return lines;
}

function droppedLine({ capture }: Status): CountLine[] {
  const dropped = capture?.dropped ?? 0;
  if (dropped === 0) return [];
  const note = "The oldest went because of the limits of age, count and size of a capture.";
  return [{ label: "Dropped", value: counted(dropped, "message"), mark: "none", note }];
}

function behindLine({ behind, mode }: Status): CountLine[] {
  if (behind !== undefined && mode === "capture") {
    return [{ label: "To be read", value: counted(behind.messages, "message"), mark: "none" }];
  }
  if (behind === undefined || behind.ms <= behindShownMs) return [];
  const note = `By ${duration(behind.ms)}. They are stored; rows and states follow as it catches up.`;
  return [{ label: "Correlation is behind", value: counted(behind.messages, "message"), mark: "warn", note }];
}

function searchLine({ search }: Status): CountLine[] {
  if (search === undefined) return [];
  const value = search.behind === 0 ? "up to date" : `${counted(search.behind, "message")} behind`;
  const note = search.problem ?? (search.behind === 0 ? undefined : "A search reads these one by one.");
  const mark = search.problem === undefined ? "none" : "warn";
  return [{ label: "Search index", value, mark, ...(note === undefined ? {} : { note }) }];
}

function captureLine({ capture, mode }: Status): CountLine[] {
  if (capture === undefined) return [];
  const value = `${capture.name}, ${bytes(capture.bytes)}`;
  if (capture.problem === undefined) {
    return [{ label: mode === "capture" ? "Capture" : "Recording", value, mark: "none" }];
  }
  return [{ label: "Recording", value, mark: "bad", note: memoryOnly(capture) }];
}

/** The problem of a capture, with the time from which messages are in memory only. */
export function memoryOnly({ problem = "", inMemorySince }: NonNullable<Status["capture"]>): string {
  if (inMemorySince === undefined) return problem;
  return `From ${timeOfDay(inMemorySince)} on, ${problem.slice(0, 1).toLowerCase()}${problem.slice(1)}`;
}

export function brokerOf(tap: Pick<TapView, "broker">): string {
  return tap.broker === "capture" ? "Capture" : (brokerNames[tap.broker] ?? tap.broker);
}
