/** What goes when a capture is at a limit: a little at a time, whatever it is, and it is gone for good. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafka } from "../testing/scripted.ts";
import { dropSome } from "./dropping.ts";
import { Capture, defaultLimits } from "./index.ts";

let folder: string;
const open: Capture[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-dropping-"));
});
afterEach(() => {
  for (const capture of open.splice(0)) capture.close();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, "run.contrail");
const mebibyte = 1024 * 1024;

function made(): Capture {
  const capture = Capture.create(file(), "run", 0);
  open.push(capture);
  return capture;
}

function addCommit(capture: Capture, at: number): void {
  const place = { tap: "kafka:127.0.0.1:9092", group: "readers", topic: "orders", partition: 0 };
  capture.addEvent({ kind: "commit", ...place, offset: BigInt(at), at });
}

/** The messages of each piece that goes. */
function pieces(upToN: number): number[] {
  const database = new DatabaseSync(file());
  const counts: number[] = [];
  for (let isLast = false; !isLast;) {
    const some = dropSome(database, upToN);
    counts.push(some.count);
    isLast = some.isLast;
  }
  database.close();
  return counts;
}

describe("dropping", () => {
  it("goes in pieces of a few milliseconds, by count", () => {
    const capture = made();
    for (let i = 0; i < 3_000; i++) capture.addMessage(kafka("orders", "small", { at: i }), 0);
    capture.flush();
    const counts = pieces(2_600);
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2_600);
    expect(capture.messages(0, 1)[0]?.seq).toBe(2_601);
    expect(capture.meta("dropped")).toBe("2600");
  });

  it("goes in pieces by bytes, of bodies and of what they mean", () => {
    const capture = made();
    const body = "x".repeat(mebibyte / 2);
    for (let i = 0; i < 20; i++) capture.addMessage(kafka("orders", body, { at: i }), 0);
    for (let i = 0; i < 20; i++) {
      const seq = capture.addMessage(kafka("orders", "small", { at: i }), 0);
      capture.saveDecoded(seq, { format: "protobuf", value: body, check: "unchecked", violations: [], attempts: [] });
    }
    capture.flush();
    expect(pieces(40)).toEqual(Array<number>(20).fill(2));
  });

  it("takes what happened along, which alone may be more than a piece", () => {
    const capture = made();
    for (let i = 0; i < 1_200; i++) addCommit(capture, i);
    capture.addMessage(kafka("orders", "one", { at: 1 }), 0);
    capture.flush();
    expect(pieces(1_201)).toEqual([0, 0, 1]);
    expect(capture.events(0, 10)).toEqual([]);
  });

  it("keeps a limit by size where nothing but commits comes", () => {
    const capture = made();
    for (let i = 0; i < 20_000; i++) addCommit(capture, i);
    capture.flush();
    const limit = capture.bytes() / 2;
    for (let round = 0; round < 10; round++) capture.trim(0, { ...defaultLimits, bytes: limit });
    expect(capture.bytes()).toBeLessThanOrEqual(limit);
    expect(capture.events(0, 20_000).at(-1)?.n).toBe(20_000);
  });

  it("keeps a limit by size however much came since it was looked at", () => {
    const capture = made();
    const add = () => {
      for (let i = 0; i < 4_000; i++) capture.addMessage(kafka("orders", "z".repeat(500), { at: i }), 0);
      capture.flush();
    };
    add();
    const limit = capture.bytes();
    for (let round = 0; round < 5; round++) {
      add();
      capture.trim(0, { ...defaultLimits, bytes: limit });
      expect(capture.bytes()).toBeLessThanOrEqual(limit);
    }
  });

  it("keeps what happened before the first message while that is kept", () => {
    const capture = made();
    addCommit(capture, 1);
    capture.addMessage(kafka("orders", "one", { at: 1_000 }), 0);
    expect(capture.trim(1_000, defaultLimits)).toBe(0);
    expect(capture.events(0, 10)).toHaveLength(2);
  });

  it("leaves nothing of what went in pages that were given up", () => {
    const capture = made();
    for (let i = 0; i < 2_000; i++) capture.addMessage(kafka("orders", `to-be-gone-${i}`, { at: i }), 0);
    capture.flush();
    expect(capture.trim(1_999, { ...defaultLimits, messages: 10 })).toBe(1_990);
    capture.close();
    const bytes = readFileSync(file()).toString("latin1");
    expect(bytes).toContain("to-be-gone-1995");
    expect(bytes).not.toContain("to-be-gone-1989");
  });

  it("gives the disk back what is not soon written again", () => {
    const capture = made();
    const body = "y".repeat(20_000);
    for (let i = 0; i < 1_000; i++) capture.addMessage(kafka("orders", body, { at: i }), 0);
    capture.flush();
    capture.trim(1_000, { ...defaultLimits, ageMs: 50 });
    capture.close();
    expect(statSync(file()).size).toBeLessThan(3 * mebibyte);
  });

  it("of a gigabyte's worth at once hardly lets the log grow, while more comes", { timeout: 60_000 }, async () => {
    const capture = made();
    capture.startWriter();
    const body = Buffer.alloc(mebibyte, 7);
    for (let i = 0; i < 120; i++) {
      capture.addMessage(kafka("large", body, { at: i }), 0);
      if (i % 10 === 9) await capture.stored();
    }
    const before = statSync(`${file()}-wal`).size;
    expect(capture.trim(1_000, { ...defaultLimits, ageMs: 881 })).toBe(119);
    while (capture.dropped < 119) {
      capture.addMessage(kafka("orders", "small", { at: 1_000 }), 0);
      capture.flush();
      await new Promise((go) => setTimeout(go, 5));
    }
    await capture.stored();
    expect(statSync(`${file()}-wal`).size).toBeLessThan(before + 16 * mebibyte);
  });
});
