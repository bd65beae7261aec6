import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Follower, type StoredEntry } from "./pipeline-follower.ts";
import { Capture } from "./store/index.ts";
import { kafka } from "./testing/scripted.ts";

let folder: string;
let capture: Capture;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-follower-"));
  capture = Capture.create(join(folder, "run.contrail"), "run", 0);
  capture.startWriter();
});

afterEach(() => {
  capture.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a follower", () => {
  it("hands out everything once and in order, however far it is behind", async () => {
    const seen: number[] = [];
    const prepare = ({ n, seq = 0 }: StoredEntry) => ({ n, seq, bytes: 4_000 });
    const follower = new Follower(capture, 0, { prepare, take: ({ seq }) => void seen.push(seq) });
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 1000; i++) {
        const envelope = kafka("orders", { round, i }, { at: capture.lastSeq + 1 });
        const seq = capture.addMessage(envelope, 0);
        if (!follower.hasRoom || i % 400 > 390) follower.leaveOut();
        else follower.push(prepare({ n: capture.lastN, seq, event: { kind: "message", envelope }, masked: 0 }));
      }
      capture.flush();
      if (round % 7 === 0) await capture.stored();
      // Now and then it has time, and mostly not enough.
      follower.work(round % 3 === 0 ? 5 : 0);
    }
    await capture.stored();
    while (follower.work(50));
    expect(seen).toEqual(Array.from({ length: 60_000 }, (_, i) => i + 1));
    follower.restart(59_990);
    while (follower.work(50));
    expect(seen.slice(60_000)).toEqual(Array.from({ length: 10 }, (_, i) => 59_991 + i));
  }, 20_000);
});
