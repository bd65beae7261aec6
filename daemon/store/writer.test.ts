import { DatabaseSync } from "node:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { kafka } from "../testing/scripted.ts";
import { RowBatch, unpackRows } from "./packing.ts";
import { Capture, defaultLimits } from "./index.ts";
import type { Row } from "./writing.ts";

vi.setConfig({ testTimeout: 20_000 });

let folder: string;
const open: Capture[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-writer-"));
});

afterEach(() => {
  for (const capture of open.splice(0)) capture.close();
  rmSync(folder, { recursive: true, force: true });
});

function written(): Capture {
  const capture = Capture.create(join(folder, "run.contrail"), "run", 0);
  capture.startWriter();
  open.push(capture);
  return capture;
}

function add(capture: Capture, count: number, body: unknown = { some: "body" }): void {
  for (let i = 0; i < count; i++) capture.addMessage(kafka("orders", body, { at: capture.lastSeq + 1 }), 0);
}

describe("rows for another thread", () => {
  it("come out as they went in, whatever their bytes are a piece of", () => {
    const network = Buffer.from("....key.and.body....");
    const message: Row["values"] = [1, 2, "tap", 3.25, null, "orders", network.subarray(4, 7), "[]", "{}", null, 0, 0];
    const rows: Row[] = [
      { table: "message", values: message },
      { table: "decoded", values: [1, "json", null, "valid", null] },
      { table: "message", values: message.with(6, null).with(9, network.subarray(8)) },
      { table: "happened", values: [3, "commit", 4, null, "{}", new Uint8Array()] },
      { table: "decoded", values: [2, "json", null, "valid", "lang ü €".repeat(5_000)] },
      { table: "message", values: message.with(0, 3) },
    ];
    const batch = new RowBatch();
    for (let round = 0; round < 2; round++) {
      for (const { table, values } of rows) batch.add(table, values);
      expect([...unpackRows(batch.pack())].map(plain)).toEqual(rows.map(plain));
      batch.clear();
    }
  });
});

describe("a capture written by a thread", () => {
  it("says what is on disk, and has there all that it says", async () => {
    const capture = written();
    const said: number[] = [];
    capture.onStored = () => {
      const other = new DatabaseSync(join(folder, "run.contrail"), { readOnly: true });
      const { n } = other.prepare("SELECT max(n) AS n FROM message").get() as { n: number };
      other.close();
      expect(n).toBeGreaterThanOrEqual(capture.storedN);
      said.push(capture.storedN);
    };
    for (let i = 0; i < 20; i++) {
      add(capture, 50);
      capture.flush();
      await new Promise((go) => setTimeout(go, 1));
    }
    await capture.stored();
    expect(said.at(-1)).toBe(1000);
    expect(said).toEqual(said.toSorted((a, b) => a - b));
  });

  it("has everything when it is closed, also what was just added", () => {
    const capture = written();
    add(capture, 20_000);
    capture.close();
    expect(Capture.open(join(folder, "run.contrail"), { readOnly: true }).lastSeq).toBe(20_000);
  });

  it("is full at a bound, and has room again when that is written", async () => {
    const capture = written();
    while (!capture.isFull) add(capture, 1000, "x".repeat(4096));
    expect(capture.lastSeq).toBeLessThan(50_000);
    await capture.stored();
    expect(capture.isFull).toBe(false);
  });

  it("keeps its thread, and that of its index, whatever messages are large of", { timeout: 60_000 }, async () => {
    const capture = written();
    capture.startIndex();
    const wide = "€\\".repeat(500_000);
    for (let i = 0; i < 8; i++) {
      const envelope = kafka("orders", `"${wide}"`, { at: i, headers: { large: wide } });
      const seq = capture.addMessage(envelope, 0);
      const value = Array<string>(2).fill(wide);
      capture.saveDecoded(seq, { format: "cbor", value, check: "unchecked", violations: [], attempts: [] });
      if (i % 4 === 3) await capture.stored();
    }
    await capture.stored();
    const until = Date.now() + 30_000;
    while (capture.indexedUpTo < 8 && Date.now() < until) await new Promise((go) => setTimeout(go, 20));
    expect(capture.index?.problem).toBeUndefined();
    expect(capture.indexedUpTo).toBe(8);
    expect(capture.hasWriter).toBe(true);
  });

  it("goes on in memory when the disk is full, with everything that was added", async () => {
    const capture = written();
    add(capture, 10);
    await capture.stored();
    const limit = new DatabaseSync(join(folder, "run.contrail"));
    limit.exec(
      "CREATE TRIGGER full BEFORE INSERT ON message BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END",
    );
    limit.close();
    add(capture, 500);
    await capture.stored();
    expect(capture.problem).toMatch(/kept in memory only/);
    expect(capture.messages(0, 1000)).toHaveLength(510);
    add(capture, 1);
    expect(capture.message(511)).toBeDefined();
  });

  it("drops the oldest in its thread, while more is added", async () => {
    const capture = written();
    add(capture, 12_000);
    await capture.stored();
    expect(capture.trim(100_000, { ...defaultLimits, ageMs: 1e9, messages: 1_000 })).toBe(11_000);
    add(capture, 10);
    await capture.stored();
    while (capture.dropped < 11_000) await new Promise((go) => setTimeout(go, 5));
    expect(capture.messages(0, 1)[0]?.seq).toBe(11_001);
    expect(capture.events(0, 1)[0]?.seq).toBe(11_001);
    expect(capture.lastSeq).toBe(12_010);
  });
});

function plain({ table, values }: Row): unknown {
  return {
    table,
    values: values.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value)),
  };
}
