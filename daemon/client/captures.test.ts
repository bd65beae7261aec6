import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Capture } from "../store/index.ts";
import { kafka } from "../testing/scripted.ts";
import { captureNamed, deleteCaptures, keepCapture, listCaptures, sweepCaptures } from "./captures.ts";

const day = 24 * 60 * 60 * 1000;
let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "contrail-captures-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** A capture as a daemon of `workspace` leaves it, with one message. */
function trace(workspace: string, name: string, agoMs = 0): string {
  const folder = join(state, "daemons", workspace, "captures");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.contrail`);
  const capture = Capture.create(file, `trace ${name}`, 0);
  capture.addMessage(kafka("orders", "{}"), 0);
  capture.close();
  const at = new Date(Date.now() - agoMs);
  utimesSync(file, at, at);
  return file;
}

/** A daemon that runs in `workspace` and records; this process stands for it. */
function recording(workspace: string, name: string): { readonly file: string; readonly capture: Capture } {
  const file = trace(workspace, name);
  writeFileSync(join(state, "daemons", workspace, "daemon.lock"), String(process.pid));
  const capture = Capture.open(file, { readOnly: false });
  capture.addMessage(kafka("orders", "{}"), 0);
  capture.flush();
  return { file, capture };
}

const names = () => listCaptures(state).map(({ name }) => name);

describe("captures of traces", () => {
  it("are listed over all workspaces, newest first, and found by file, name or as the latest", () => {
    const old = trace("a", "old", 5_000);
    trace("b", "new");
    expect(names()).toEqual(["new", "old"]);
    const all = listCaptures(state);
    for (const text of [old, "old.contrail", "old"]) expect(captureNamed(text, all)?.file).toBe(old);
    expect(captureNamed("latest", all)?.name).toBe("new");
    expect(captureNamed("nothing", all)).toBeUndefined();
  });

  it("go after a day, whichever workspace they are of; the oldest earlier where all are too large", () => {
    trace("a", "two-days", 2 * day);
    trace("a", "hour", day / 24);
    trace("b", "now");
    const { bytes } = listCaptures(state)[0] as { bytes: number };
    sweepCaptures({ ageMs: day, bytes: 10 * bytes }, Date.now(), state);
    expect(names()).toEqual(["now", "hour"]);
    sweepCaptures({ ageMs: day, bytes: 1.5 * bytes }, Date.now(), state);
    expect(names()).toEqual(["now"]);
  });

  it("stay while a daemon records into them", () => {
    const { file, capture } = recording("a", "live");
    trace("a", "closed");
    expect(deleteCaptures(listCaptures(state)).map(({ name }) => name)).toEqual(["closed"]);
    sweepCaptures({ ageMs: -1, bytes: 0 }, Date.now(), state);
    expect(existsSync(file)).toBe(true);
    capture.close();
  });

  it("leave nothing beside them when they are deleted", () => {
    const file = trace("a", "gone");
    for (const suffix of ["-index", "-index-wal", "-shm"]) writeFileSync(file + suffix, "");
    deleteCaptures(listCaptures(state));
    expect(readdirSync(join(state, "daemons", "a", "captures"))).toEqual([]);
  });
});

describe("a capture that is kept", () => {
  it("has a name, stays, and is its owner's alone", async () => {
    trace("a", "t", 2 * day);
    const [capture] = listCaptures(state);
    const file = await keepCapture(capture as NonNullable<typeof capture>, "stuck order 17", state);
    expect(listCaptures(state)).toMatchObject([{ name: "stuck order 17", kept: true, inUse: false, file }]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    sweepCaptures({ ageMs: 0, bytes: 0 }, Date.now(), state);
    const opened = Capture.open(file, { readOnly: true });
    expect([opened.name, opened.lastSeq]).toEqual(["stuck order 17", 1]);
    opened.close();
    expect(readdirSync(join(state, "daemons", "a", "captures"))).toEqual([]);
  });

  it("is a copy while its daemon goes on recording", async () => {
    const { capture } = recording("a", "live");
    const [live] = listCaptures(state);
    expect(live?.inUse).toBe(true);
    const file = await keepCapture(live as NonNullable<typeof live>, "so far", state);
    capture.addMessage(kafka("orders", "{}"), 0);
    capture.close();
    const kept = Capture.open(file, { readOnly: true });
    expect([kept.lastSeq, kept.wasLeftOpen]).toEqual([2, false]);
    kept.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(names()).toContain("live");
  });

  it("keeps what a daemon that was killed had written", async () => {
    const { capture } = recording("a", "killed");
    rmSync(join(state, "daemons", "a", "daemon.lock"));
    const [left] = listCaptures(state);
    const file = await keepCapture(left as NonNullable<typeof left>, "crash", state);
    const kept = Capture.open(file, { readOnly: true });
    expect(kept.lastSeq).toBe(2);
    kept.close();
    capture.close();
  });

  it("cannot have a name that is taken, or leads elsewhere", async () => {
    trace("a", "one");
    trace("a", "two");
    const [one, two] = listCaptures(state) as [never, never];
    await keepCapture(one, "name", state);
    await expect(keepCapture(two, "name", state)).rejects.toThrow("is kept already");
    for (const name of ["../x", "a/b", "", ".hidden", "latest", "x.contrail", "a\nb"])
      await expect(keepCapture(two, name, state)).rejects.toThrow("cannot be a capture's name");
  });
});
