import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery, Envelope, RabbitmqOrigin, TapEvent } from "../tap/envelope.ts";
import { Capture, CaptureError, defaultLimits, exportRecording } from "./index.ts";

const bytes = (of: string | number[]) => new Uint8Array(Buffer.from(of as string));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "run.contrail");

const kafka: Envelope = {
  tap: "kafka:127.0.0.1:9092",
  receivedAt: 1000.25,
  timestamp: 999,
  headers: [
    { name: "a", value: bytes("text") },
    { name: "a", value: bytes([0xff, 0xfe]) },
    { name: "n", value: null },
  ],
  key: bytes("k"),
  body: bytes([1, 2, 3]),
  bodySize: 3,
  origin: {
    broker: "kafka",
    topic: "orders",
    partition: 2,
    offset: 9_007_199_254_740_993n,
    timestampType: "create",
    transactional: true,
    producerId: 12n,
  },
};

const rabbit: Envelope & { origin: RabbitmqOrigin } = {
  tap: "rabbitmq:127.0.0.1:5672/",
  receivedAt: 1001,
  headers: [{ name: "t", value: { x: [1, true, 2n, bytes("b")], $: "y" } }],
  key: null,
  body: bytes("{}"),
  bodySize: 2,
  origin: {
    broker: "rabbitmq",
    vhost: "/",
    exchange: "",
    routingKeys: ["q"],
    properties: { replyTo: "r", priority: 1 },
  },
};

const delivery: Delivery = {
  tap: rabbit.tap,
  receivedAt: 1002,
  vhost: "/",
  queue: "q",
  redelivered: true,
  connectionName: "svc",
  message: { ...rabbit, receivedAt: 1002 },
};

const commit: TapEvent = {
  kind: "commit",
  tap: kafka.tap,
  group: "g",
  topic: "orders",
  partition: 2,
  offset: 5n,
  at: 1003,
};

function fill(capture: Capture): void {
  capture.addMessage(kafka, 1);
  const seq = capture.addMessage(rabbit, 0);
  capture.addDelivery(delivery, seq, rabbit);
  capture.addDelivery(delivery, undefined, undefined);
  capture.addEvent(commit as TapEvent & { kind: "commit" });
  capture.saveDecoded(seq, { format: "json", value: {}, check: "unchecked", violations: [], attempts: [] });
}

describe("Capture", () => {
  it("gives back everything as it was, in order, also after the file was opened again", () => {
    const written = Capture.create(file(), "run", 0);
    fill(written);
    const { id } = written;
    written.close();
    const capture = Capture.open(file(), { readOnly: true });
    expect(capture.id).toBe(id);
    expect(capture.lastSeq).toBe(2);
    const events = capture.events(0, 100);
    expect(events.map(({ event }) => event)).toEqual([
      { kind: "message", envelope: kafka },
      { kind: "message", envelope: rabbit },
      { kind: "delivery", delivery },
      { kind: "delivery", delivery },
      commit,
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 2, undefined, undefined]);
    expect(capture.events(2, 1)[0]?.event.kind).toBe("delivery");
    expect(capture.span()).toEqual({ from: 1000.25, to: 1003 });
    capture.close();
  });

  it("keeps of a delivery the headers that the broker changed", () => {
    const capture = Capture.create(undefined, "run", 0);
    const changes: ReadonlyArray<Envelope["headers"]> = [
      rabbit.headers,
      [{ name: "t", value: { x: [1, true, 2n, bytes("c")], $: "y" } }],
      [...rabbit.headers, { name: "x-death", value: 1 }],
      [],
    ];
    const seq = capture.addMessage(rabbit, 0);
    for (const headers of changes) {
      capture.addDelivery({ ...delivery, message: { ...delivery.message, headers } }, seq, rabbit);
    }
    const delivered = capture.events(1, 10).map(({ event }) => event.kind === "delivery" && event.delivery.message);
    expect(delivered.map((message) => message && message.headers)).toEqual(changes);
    capture.close();
  });

  it("keeps its file to its owner", () => {
    const capture = Capture.create(file(), "run", 0);
    fill(capture);
    capture.flush();
    for (const suffix of ["", "-wal"]) expect(statSync(file() + suffix).mode & 0o077).toBe(0);
    capture.close();
  });

  it("says that it was left open, and goes on with the next number", () => {
    const first = Capture.create(file(), "run", 0);
    expect(first.wasLeftOpen).toBe(false);
    fill(first);
    first.flush();
    const second = Capture.open(file(), { readOnly: false });
    expect(second.wasLeftOpen).toBe(true);
    expect(second.addMessage(kafka, 0)).toBe(3);
    second.close();
    expect(Capture.open(file(), { readOnly: true }).wasLeftOpen).toBe(false);
  });

  it("refuses a newer version, other databases and garbage, each with a sentence", () => {
    Capture.create(file(), "run", 0).close();
    const database = new DatabaseSync(file());
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(() => Capture.open(file(), { readOnly: true })).toThrow(/newer Contrail. Update/);
    const other = join(folder, "other.db");
    new DatabaseSync(other).exec("CREATE TABLE x (y)");
    expect(() => Capture.open(other, { readOnly: true })).toThrow(CaptureError);
    writeFileSync(join(folder, "garbage"), "no database at all, only some text that is long enough to be read");
    expect(() => Capture.open(join(folder, "garbage"), { readOnly: true })).toThrow(/not a capture of Contrail/);
    expect(() => Capture.open(join(folder, "nothing"), { readOnly: true })).toThrow(/no capture file/);
  });

  it("opens a capture of version 1, and makes it one of this version where it is written to", () => {
    const recording = join(import.meta.dirname, "..", "..", "fixtures", "recordings", "shop.contrail");
    copyFileSync(recording, file());
    const versionOf = () => {
      const database = new DatabaseSync(file(), { readOnly: true });
      const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
      database.close();
      return version;
    };
    const old = Capture.open(file(), { readOnly: true });
    const before = old.events(0, 10_000);
    expect(before.length).toBeGreaterThan(100);
    expect(old.contracts()).toBeUndefined();
    old.close();
    const first = versionOf();
    const database = new DatabaseSync(file());
    if (first > 1) database.exec("DROP TABLE contract; PRAGMA user_version = 1");
    database.close();
    expect(versionOf()).toBe(1);
    const migrated = Capture.open(file(), { readOnly: false });
    expect(migrated.events(0, 10_000)).toEqual(before);
    migrated.saveContracts({ files: new Map([["a.proto", 'syntax = "proto3";']]), protoModules: [] });
    migrated.close();
    expect(versionOf()).toBe(2);
    const again = Capture.open(file(), { readOnly: true });
    expect(again.contracts()?.files.get("a.proto")).toBe('syntax = "proto3";');
    expect(again.events(0, 10_000)).toEqual(before);
    again.close();
  });

  it("goes on in memory when the file cannot be written, and keeps what it had", () => {
    const capture = Capture.create(file(), "run", 0);
    capture.addMessage(kafka, 0);
    capture.flush();
    const limited = (capture as unknown as { database: DatabaseSync }).database;
    const { page_count: pages } = limited.prepare("PRAGMA page_count").get() as { page_count: number };
    limited.exec(`PRAGMA max_page_count = ${pages}`);
    for (let i = 0; i < 50; i++) capture.addMessage({ ...kafka, body: Buffer.alloc(4096, i), bodySize: 4096 }, 0);
    capture.flush();
    expect(capture.problem).toMatch(/kept in memory only, since the disk is full/);
    expect(capture.messages(0, 100).map(({ seq }) => seq)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
    capture.addMessage(kafka, 0);
    expect(capture.message(52)?.envelope).toEqual(kafka);
    expect(capture.message(1)?.envelope).toEqual(kafka);
    capture.close();
  });

  it("drops the oldest beyond its age and its size", () => {
    const capture = Capture.create(file(), "run", 0);
    for (let i = 0; i < 200; i++) {
      capture.addMessage({ ...kafka, receivedAt: i, body: Buffer.alloc(4096), bodySize: 4096 }, 0);
    }
    expect(capture.trim(150, { ...defaultLimits, ageMs: 100 })).toBe(50);
    expect(capture.message(50)).toBeUndefined();
    expect(capture.message(51)).toBeDefined();
    const before = capture.bytes();
    for (let round = 0; round < 20; round++) capture.trim(150, { ageMs: 1e9, bytes: before / 2 });
    expect(capture.bytes()).toBeLessThanOrEqual(before / 2);
    expect(capture.message(200)).toBeDefined();
    capture.close();
  });

  it("exports a recording as one small file under another name", () => {
    const capture = Capture.create(file(), "run", 0);
    fill(capture);
    capture.close();
    const target = join(folder, "shop.contrail");
    exportRecording(file(), target, "the sample shop", (text) => text.replaceAll("127.0.0.1:5672", "broker"));
    expect(readFileSync(target).includes("127.0.0.1:5672")).toBe(false);
    const recording = Capture.open(target, { readOnly: true });
    expect(recording.name).toBe("the sample shop");
    expect(recording.events(0, 10)).toHaveLength(5);
    recording.close();
  });
});
