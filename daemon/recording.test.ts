/** The bundled recording, read as `npm start` reads it: it must show what the page promises, and hold no secret. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTrace, type RunningTrace } from "./index.ts";
import type { ConversationRow } from "./serve/protocol.ts";
import { TestView } from "./testing/scripted.ts";

const fixtures = join(import.meta.dirname, "..", "fixtures");
const file = join(fixtures, "recordings", "shop.contrail");

describe("the bundled recording", () => {
  let trace: RunningTrace;
  let rows: readonly ConversationRow[];

  beforeAll(async () => {
    trace = await runTrace({
      taps: [{ kind: "capture", file, as: "capture" }],
      contractsFolder: join(fixtures, "shop", "contracts"),
    });
    const view = await TestView.open(trace.port, trace.token);
    view.watchList({}, 0, 500);
    // Where reading the contracts takes long, everything is read a second time when they are there.
    await view.next("status", ({ status }) => status.contracts.definitions > 0, 10_000);
    const list = await view.next("conversations", ({ counts }) => counts.stuck > 0, 10_000);
    rows = [...list.needsLook, ...list.rows];
    view.close();
  }, 30_000);

  afterAll(async () => trace.stop());

  it("has every kind of conversation that the page is made for", () => {
    const kinds = new Set(rows.map(({ kind, state }) => `${kind} ${state}`));
    for (const wanted of [
      "saga completed",
      "saga compensated",
      "saga stuck",
      "saga failed",
      "exchange completed",
      "exchange late",
    ]) {
      expect(kinds).toContain(wanted);
    }
    expect(rows.some(({ latest }) => latest.squiggle > 0)).toBe(true);
    expect(rows.some(({ latest }) => /went to .*dead/.test(latest.text))).toBe(true);
  });

  it("is read by the shop's contracts, nearly all of it", () => {
    const messages = trace.pipeline.messagesAfter(0, 10_000);
    const checks = messages.map(({ decoded }) => decoded.check);
    expect(messages.length).toBeGreaterThan(100);
    expect(checks.filter((check) => check === "unchecked").length / checks.length).toBeLessThan(0.05);
    expect(checks.filter((check) => check === "invalid").length).toBeGreaterThan(0);
  });

  it("is small, and names no machine and no password", () => {
    const content = readFileSync(file);
    expect(content.length).toBeLessThan(1.5 * 1024 * 1024);
    expect(content.toString("latin1")).not.toMatch(
      /\/root\/|\/home\/|\/tmp\/|\/work\/|:\/\/[^\s/]*:[^\s/]*@|-----BEGIN|eyJhbGci/,
    );
  });
});
