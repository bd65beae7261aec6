/**
 * The one line under the filter that says what is not as usual. Only the worst shows; when all is well, nothing does.
 */
import type { Status, TapView } from "../../daemon/serve/protocol.ts";
import type { ConnectionState } from "../bridge.ts";
import { brokerOf, memoryOnly } from "./counts.ts";
import { counted, duration, timeOfDay } from "./format.ts";
import type { IconName } from "./icon-names.ts";
import type { Mark } from "./words.ts";

export type StateBarAction =
  | { readonly kind: "resume" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "retryTap"; readonly tap: string }
  | { readonly kind: "startTrace" }
  | { readonly kind: "stopTrace" }
  | { readonly kind: "settings" };

export interface StateBar {
  readonly icon: IconName;
  readonly mark: Mark;
  readonly text: string;
  readonly action?: { readonly label: string; readonly does: StateBarAction };
}

export interface StateBarFacts {
  readonly connection: {
    readonly state: ConnectionState;
    readonly detail?: string | undefined;
    readonly since: number;
    readonly nextTryAt?: number | undefined;
  };
  readonly everConnected: boolean;
  readonly status: Status | undefined;
  readonly revision: number;
  readonly paused: { readonly at: number; readonly behind: number } | undefined;
  /** What the daemon refused to do a moment ago, in its own words. */
  readonly refused?: string | undefined;
  /** The wall clock: connections and next tries are of this machine, whatever time a recording shows. */
  readonly wallClock: number;
  /** Whether an editor stands behind the page that can stop a trace and open settings. */
  readonly hosted: boolean;
}

/** The status line tells a smaller lag; a line that comes and goes every few seconds would be worse than the lag. */
const behindToSayMs = 5_000;

export function stateBarFor(facts: StateBarFacts): StateBar | undefined {
  const { status } = facts;
  const taps = status?.taps ?? [];
  const find = (phase: TapView["phase"]): TapView | undefined => taps.find((tap) => tap.phase === phase);
  const failed = find("failed");
  const reconnecting = find("reconnecting");
  const connecting = find("connecting");
  if (facts.connection.state === "none") return noTrace(facts);
  if (facts.connection.state !== "open") return daemonGone(facts);
  if (facts.refused !== undefined) return { icon: "warning", mark: "warn", text: sentence(facts.refused) };
  if (failed) return failedTap(failed, facts);
  if (reconnecting) return lostTap(reconnecting, facts);
  if (status?.capture?.problem !== undefined) {
    return { icon: "error", mark: "bad", text: sentence(memoryOnly(status.capture)) };
  }
  if (facts.paused) return pausedBar(facts.paused);
  if (status && (status.overload !== undefined || status.shed > 0)) return overloaded(status, facts);
  if (connecting) return connectingTap(connecting, taps, facts);
  if (status?.behind !== undefined && status.mode === "capture") return readingCapture(status, status.behind.messages);
  if (status?.behind !== undefined && status.behind.ms >= behindToSayMs) return correlationBehind(status.behind);
  const [note] = status?.notes ?? [];
  if (note !== undefined) return { icon: "info", mark: "none", text: sentence(note) };
  if (status && status.mode !== "live") return notLive(status);
  return undefined;
}

/** Before the first trace the page says how to begin; after one, what was seen stays. */
function noTrace({ everConnected, hosted }: StateBarFacts): StateBar | undefined {
  if (!everConnected) return undefined;
  const bar: StateBar = {
    icon: "plug",
    mark: "none",
    text: "No trace is running. What was seen stays here to look at.",
  };
  return hosted ? { ...bar, action: { label: "Start a Trace…", does: { kind: "startTrace" } } } : bar;
}

function daemonGone(facts: StateBarFacts): StateBar {
  const { connection } = facts;
  if (!facts.everConnected && connection.state === "connecting") {
    return { icon: "sync", mark: "run", text: `Connecting to the Contrail daemon, ${since(facts, connection.since)}.` };
  }
  const why = connection.detail ?? `The Contrail daemon is gone since ${timeOfDay(connection.since)}.`;
  const resumes = facts.revision > 0 ? " The rows stay, and the view resumes where it was." : "";
  return {
    icon: "debug-disconnect",
    mark: "warn",
    text: `${sentence(why)}${nextTry(connection.nextTryAt, facts.wallClock)}${resumes}`,
    action: { label: "Try Now", does: { kind: "reconnect" } },
  };
}

function failedTap(tap: TapView, facts: StateBarFacts): StateBar {
  const detail = tap.detail === undefined ? "" : ` ${sentence(tap.detail)}`;
  return {
    icon: "error",
    mark: "bad",
    text: `${tapName(tap)} cannot be tapped.${detail}${nextTry(tap.nextTryAt, facts.wallClock)}`,
    action: { label: "Try Again", does: { kind: "retryTap", tap: tap.tap } },
  };
}

function lostTap(tap: TapView, facts: StateBarFacts): StateBar {
  const after = tap.lastSeq === undefined ? "" : ` The view resumes after #${counted(tap.lastSeq, "", "").trim()}.`;
  const detail = tap.detail === undefined ? "" : ` ${sentence(tap.detail)}`;
  return {
    icon: "debug-disconnect",
    mark: "warn",
    text: `${tapName(tap)} is gone since ${timeOfDay(tap.since)}.${detail}${nextTry(tap.nextTryAt, facts.wallClock)}${after}`,
    action: { label: "Try Now", does: { kind: "retryTap", tap: tap.tap } },
  };
}

function pausedBar(paused: { readonly at: number; readonly behind: number }): StateBar {
  return {
    icon: "debug-pause",
    mark: "run",
    text: `Paused at ${timeOfDay(paused.at)}. ${counted(paused.behind, "message")} since; all kept.`,
    action: { label: "Resume", does: { kind: "resume" } },
  };
}

function overloaded(status: Status, facts: StateBarFacts): StateBar {
  const from = status.shedSince === undefined ? "" : ` since ${timeOfDay(status.shedSince)}`;
  const text =
    status.overload === undefined ? `${counted(status.shed, "message")} shed${from}.` : sentence(status.overload);
  const bar: StateBar = { icon: "warning", mark: "warn", text };
  return facts.hosted ? { ...bar, action: { label: "Narrow the Tap…", does: { kind: "settings" } } } : bar;
}

/** A file has no lag: it is being read, and what was read is shown. */
function readingCapture(status: Status, left: number): StateBar {
  return {
    icon: "sync",
    mark: "run",
    text: `Reading the capture ${status.source ?? ""}: ${counted(left, "message")} to go.`.replace(" :", ":"),
  };
}

function correlationBehind({ messages, ms }: NonNullable<Status["behind"]>): StateBar {
  return {
    icon: "clockface",
    mark: "warn",
    text: `Correlation is behind by ${counted(messages, "message")}, ${duration(ms)}. All are stored; rows and states follow.`,
  };
}

function connectingTap(tap: TapView, taps: readonly TapView[], facts: StateBarFacts): StateBar {
  const phase = tap.detail === undefined ? "" : `: ${tap.detail.replace(/\.$/, "")}`;
  const live = taps.filter((other) => other.phase === "live").map((other) => brokerOf(other));
  const others = live.length === 0 ? "" : ` ${live.join(" and ")} ${live.length === 1 ? "is" : "are"} live.`;
  const bar: StateBar = {
    icon: "sync",
    mark: "run",
    text: `Connecting to ${tapName(tap)}${phase}, ${since(facts, tap.since)}.${others}`,
  };
  return facts.hosted ? { ...bar, action: { label: "Stop", does: { kind: "stopTrace" } } } : bar;
}

function notLive(status: Status): StateBar {
  const tap = status.taps[0];
  const source = status.source ?? tap?.address ?? "a recording";
  if (status.mode === "capture") {
    return {
      icon: "database",
      mark: "none",
      text: `Capture ${source}: ${counted(status.seen, "message")}, read only.`,
    };
  }
  const ended = status.taps.length > 0 && status.taps.every((each) => each.phase === "ended");
  return {
    icon: ended ? "database" : "play",
    mark: ended ? "none" : "run",
    text: ended
      ? `The recording of ${source} has ended; ${counted(status.seen, "message")}. No broker is tapped.`
      : `Playing a recording of ${source}, at the pace it was recorded. No broker is tapped.`,
  };
}

function tapName(tap: TapView): string {
  return `${brokerOf(tap)} ${tap.address}`.trim();
}

function nextTry(at: number | undefined, now: number): string {
  if (at === undefined) return "";
  const seconds = Math.max(0, Math.ceil((at - now) / 1000));
  return seconds === 0 ? " Trying again now." : ` Trying again in ${seconds} s.`;
}

function since(facts: StateBarFacts, at: number): string {
  return duration(Math.max(0, Math.floor((facts.wallClock - at) / 1000) * 1000))
    .replace(/^0 ms$/, "0 s")
    .replace(".00", "")
    .replace(/\.0 s$/, " s");
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
