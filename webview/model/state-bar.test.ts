import { describe, expect, it } from "vitest";
import { statusOf, type Scenario } from "../testing/fixture-messages.ts";
import { stateBarFor, type StateBarFacts } from "./state-bar.ts";

function bar(scenario: Scenario, facts: Partial<StateBarFacts> = {}): string {
  const shown = stateBarFor({
    connection: { state: "open", since: 0 },
    everConnected: true,
    status: statusOf(scenario),
    revision: 7,
    paused: undefined,
    wallClock: Date.now(),
    hosted: true,
    ...facts,
  });
  return shown ? `${shown.mark}: ${shown.text}${shown.action ? ` [${shown.action.label}]` : ""}` : "";
}

describe("the state bar", () => {
  it("shows nothing when all is well", () => {
    expect(bar("live")).toBe("");
  });

  it("says which broker is being connected, since when, and who is live already", () => {
    expect(bar("connecting")).toBe(
      "run: Connecting to Kafka localhost:9092: reading metadata, 2 s. RabbitMQ is live. [Stop]",
    );
  });

  it("says what is gone, the next try, and from which message it goes on", () => {
    expect(bar("resuming")).toMatch(
      /^warn: RabbitMQ localhost:5672\/shop is gone since \d\d:\d\d:\d\d\. Trying again in \d s\. The view resumes after #48,212\. \[Try Now\]$/,
    );
  });

  it("says what failed and what to do", () => {
    expect(bar("failed")).toMatch(/^bad: Kafka localhost:9092 cannot be tapped\. The broker says .* \[Try Again\]$/);
  });

  it("says since when messages are in memory only, before that anything was shed", () => {
    expect(bar("lossy")).toMatch(
      /^bad: From \d\d:\d\d:\d\d on, messages are kept in memory only, since the disk is full/,
    );
  });

  it("says how far correlation is behind once that lasts; of a file it says how much is still to be read", () => {
    const behind = { messages: 18_400, ms: 7_000 };
    expect(bar("live", { status: { ...statusOf("live"), behind } })).toBe(
      "warn: Correlation is behind by 18,400 messages, 7.00 s. All are stored; rows and states follow.",
    );
    expect(bar("live", { status: { ...statusOf("live"), behind: { messages: 300, ms: 1_200 } } })).toBe("");
    expect(bar("capture", { status: { ...statusOf("capture"), behind } })).toBe(
      "run: Reading the capture checkout-run-3.contrail: 18,400 messages to go.",
    );
  });

  it("says what was shed; settings can be opened only where there is an editor", () => {
    expect(bar("overload")).toContain("[Narrow the Tap…]");
    expect(bar("overload", { hosted: false })).not.toContain("[");
  });

  it("says that a capture is read only, and that a recording is one", () => {
    expect(bar("capture")).toBe("none: Capture checkout-run-3.contrail: 48,212 messages, read only.");
    expect(bar("recording")).toContain("Playing a recording of the sample shop, recorded 2026-11-21");
  });

  it("counts what came while paused", () => {
    expect(bar("live", { paused: { at: new Date(2026, 10, 21, 14, 2, 31).getTime(), behind: 312 } })).toBe(
      "run: Paused at 14:02:31. 312 messages since; all kept. [Resume]",
    );
  });

  it("says that no trace runs any more, and nothing before the first one", () => {
    const none = { state: "none" as const, since: 0 };
    expect(bar("live", { connection: none })).toBe(
      "none: No trace is running. What was seen stays here to look at. [Start a Trace…]",
    );
    expect(bar("live", { connection: none, everConnected: false })).toBe("");
  });

  it("shows only the worst: a daemon that is gone before all else", () => {
    const gone = { state: "closed" as const, since: Date.now(), nextTryAt: Date.now() + 2000 };
    expect(bar("overload", { connection: gone, paused: { at: 0, behind: 1 } })).toMatch(
      /^warn: The Contrail daemon is gone since .* Trying again in 2 s\. The rows stay, .* \[Try Now\]$/,
    );
    expect(bar("resuming", { paused: { at: 0, behind: 1 } })).toContain("is gone");
  });
});
