/**
 * The fault list: what goes wrong while one taps, done to a real daemon on real brokers; what the view says to it each
 * time, and that nothing which it has shown is lost. The table of both is printed at the end.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
  closeSync,
  statSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { daemonFolder, type TapSettings } from "../../daemon/client/index.ts";
import { Capture } from "../../daemon/store/index.ts";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";
import type { TappingOptions } from "../../scripts/soak/index.ts";
import { expectEachOnce, FaultTable, NumberedLoad, numberIn, pause, smallDisk, Watched } from "./faults.ts";

/** How often the daemon is killed at a random moment; set CONTRAIL_KILLS for more. */
const kills = Number(process.env["CONTRAIL_KILLS"] ?? 6);

const table = new FaultTable();
let running: Brokers;
let kafka: string;
let rabbitmq: string;
let folder: string;

beforeAll(async () => {
  running = await startBrokers({ own: true });
  kafka = running.kafka ?? "";
  rabbitmq = running.rabbitmq ?? "";
  folder = mkdtempSync(join(tmpdir(), "contrail-faults-"));
  mkdirSync(join(folder, "workspace"));
});

afterAll(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  table.print();
});

let topics = 0;

async function newLoad(): Promise<NumberedLoad> {
  const load = new NumberedLoad(kafka, rabbitmq, `orders-${(topics += 1)}`);
  await load.createTopic();
  return load;
}

function kafkaTap(load: NumberedLoad): TapSettings {
  return { kind: "kafka", brokers: kafka, topics: [load.topic] };
}

function rabbitmqTap(): TapSettings {
  return { kind: "rabbitmq", url: rabbitmq, managementUrl: new URL(running.rabbitmqManagement ?? "").origin };
}

function place(name: string): Pick<TappingOptions, "workspaceFolder" | "stateDir"> {
  return { workspaceFolder: join(folder, "workspace"), stateDir: join(folder, name) };
}

function captureIn({ workspaceFolder, stateDir }: ReturnType<typeof place>): string {
  const captures = join(daemonFolder(workspaceFolder, stateDir), "captures");
  const newest = readdirSync(captures)
    .filter((name) => name.endsWith(".contrail"))
    .sort()
    .at(-1);
  return join(captures, newest ?? "none");
}

test("both brokers are killed and come back: it says so, goes on, and nothing comes twice", async () => {
  const load = await newLoad();
  const watched = await Watched.start({ ...place("brokers"), taps: [kafkaTap(load), rabbitmqTap()] });
  try {
    const before = [...(await load.toKafka(20)), ...(await load.toRabbitmq(20))];
    await watched.until(() => before.every((number) => watched.shown.has(number)), "all is shown that came before");
    const taps = () => watched.status?.taps ?? [];
    await Promise.all([running.killKafka(), running.killRabbitmq()]);
    await watched.until(() => taps().every(({ phase }) => phase === "reconnecting"), "both are gone");
    for (const { detail, nextTryAt } of taps()) {
      expect(detail).toMatch(
        /^(Nothing accepts connections for (Kafka|RabbitMQ) at|(Kafka|RabbitMQ) at) 127\.0\.0\.1:\d+/,
      );
      expect(nextTryAt).toBeGreaterThan(0);
    }
    await Promise.all([running.startKafka(), running.startRabbitmq()]);
    await watched.until(() => taps().every(({ phase }) => phase === "live"), "both are back", 30_000);
    expect(taps().find(({ broker }) => broker === "rabbitmq")?.mode).toBe("firehose");
    const after = [...(await load.toKafka(20)), ...(await load.toRabbitmq(20))];
    await watched.until(() => after.every((number) => watched.shown.has(number)), "all is shown that came after");
    expectEachOnce(watched, [...before, ...after]);
    expect(watched.status?.shed).toBe(0);
    const said = watched.said.filter((sentence) => /reconnecting/.test(sentence));
    table.add("Kafka and RabbitMQ killed, started again", said, "80 of 80 messages, each once; tracing on again");
  } finally {
    await watched.daemon.end("SIGTERM");
  }
}, 90_000);

test("the disk is full: it says so, and traces on in memory", async () => {
  const at = place("full");
  const disk = smallDisk(at.stateDir, 8);
  const load = await newLoad();
  // Where no file system can be mounted, the size of files is limited: the same to SQLite but for its words.
  const limited = disk === undefined ? { fileLimitBlocks: 8 * 1024 } : {};
  const watched = await Watched.start({ ...at, ...limited, taps: [kafkaTap(load)] });
  try {
    const filler = randomBytes(15_000).toString("base64");
    const numbers: number[] = [];
    for (let round = 0; round < 20 && watched.status?.capture?.problem === undefined; round++) {
      numbers.push(...(await load.toKafka(50, filler)));
      await watched.until(() => numbers.every((number) => watched.shown.has(number)), "all of a round is shown");
      await pause(250);
    }
    const problem = watched.status?.capture?.problem ?? "";
    expect(problem).toMatch(disk === undefined ? /the capture file failed/ : /the disk is full/);
    expect(problem).toMatch(disk === undefined ? /kept in memory only/ : /kept in memory only.*Make room/);
    const after = await load.toKafka(60);
    await watched.until(() => after.every((number) => watched.shown.has(number)), "what comes then is shown");
    expectEachOnce(watched, [...numbers, ...after]);
    expect(watched.status?.taps[0]?.phase).toBe("live");
    // A view that comes later is shown the same: what is on the disk, and what is in memory.
    const again = new Set<number>();
    watched.daemon.connection.onMessage((message) => {
      if (message.kind === "messages") for (const { body } of message.messages) again.add(numberIn(body) ?? 0);
    });
    watched.daemon.connection.send({ kind: "watchMessages", afterSeq: 0 });
    const all = [...numbers, ...after];
    await watched.until(() => all.every((number) => again.has(number)), "all is shown again");
    table.add(
      "the disk is full",
      [problem],
      `${all.length} of ${all.length} messages, shown twice over; tracing went on`,
    );
    expect(await watched.daemon.end("SIGTERM")).toBe(0);
  } finally {
    await watched.daemon.end("SIGKILL");
    disk?.remove();
  }
}, 60_000);

describe("a broken capture file", () => {
  test("while it is written to: it says so, and traces on in memory", async () => {
    const at = place("broken");
    const load = await newLoad();
    const watched = await Watched.start({ ...at, taps: [kafkaTap(load)] });
    try {
      const before = await load.toKafka(500);
      await watched.until(() => before.every((number) => watched.shown.has(number)), "all is shown");
      await pause(300);
      scribble(captureIn(at));
      const after: number[] = [];
      for (let round = 0; round < 40 && watched.status?.capture?.problem === undefined; round++) {
        after.push(...(await load.toKafka(50)));
        await pause(150);
      }
      const problem = watched.status?.capture?.problem ?? "";
      expect(problem).toMatch(
        /kept in memory only, since the capture file failed .* Start the trace again to begin a new file\.$/,
      );
      await watched.until(() => after.every((number) => watched.shown.has(number)), "what comes then is shown");
      expectEachOnce(watched, [...before, ...after]);
      expect(watched.status?.taps[0]?.phase).toBe("live");
      table.add(
        "the capture file is overwritten",
        [problem],
        `${after.length} of ${after.length} messages that came then`,
      );
    } finally {
      await watched.daemon.end("SIGTERM");
    }
  }, 60_000);

  test("left by a daemon that died: it says so, and begins a new one", async () => {
    const at = place("broken-left");
    const load = await newLoad();
    const first = await Watched.start({ ...at, taps: [kafkaTap(load)] });
    const before = await load.toKafka(50);
    await first.until(() => before.every((number) => first.shown.has(number)), "all is shown");
    await first.daemon.end("SIGKILL");
    const left = captureIn(at);
    scribble(left);
    const second = await Watched.start({ ...at, taps: [kafkaTap(load)] });
    try {
      const after = await load.toKafka(50);
      await second.until(() => after.every((number) => second.shown.has(number)), "what comes then is shown");
      expect(captureIn(at)).not.toBe(left);
      const [note = ""] = second.status?.notes ?? [];
      expect(note).toMatch(
        /^An earlier trace cannot be gone on with\. "[^"]+\.contrail" is not a capture .* damaged\./,
      );
      table.add(
        "the capture of a daemon that died is broken",
        [note],
        "50 of 50 messages that came then, in a new capture",
      );
    } finally {
      await second.daemon.end("SIGTERM");
    }
  }, 60_000);
});

test(`the daemon is killed ${kills} times at any moment: every message that was shown is in the file`, async () => {
  const at = place("killed");
  const load = await newLoad();
  const steady = load.steady();
  const shown = new Map<number, { readonly seq: number; readonly body: string }>();
  const moments: number[] = [];
  try {
    for (let round = 0; round < kills; round++) {
      const watched = await Watched.start({ ...at, taps: [kafkaTap(load)] });
      await watched.until(() => watched.shown.size > 0, "something is shown");
      // From the first moment on to well into the stream.
      const moment = Math.floor(Math.random() ** 2 * 900);
      moments.push(moment);
      await pause(moment);
      await watched.daemon.end("SIGKILL");
      for (const [number, [summary]] of watched.shown) {
        if (summary !== undefined) shown.set(number, { seq: summary.seq, body: summary.body });
      }
      const lost = missingIn(captureIn(at), shown);
      expect(lost, `killed ${moments.join(", ")} ms after the first message`).toEqual([]);
    }
  } finally {
    await steady.stop();
  }
  expect(
    readdirSync(join(daemonFolder(at.workspaceFolder, at.stateDir), "captures")).filter((name) =>
      name.endsWith(".contrail"),
    ),
  ).toHaveLength(1);
  table.add(
    `the daemon killed (kill -9) ${kills} times, ${moments.join(", ")} ms after its first message`,
    ["nothing: it is started again, and goes on in the same capture"],
    `${shown.size} of ${shown.size} messages that were shown are in the file, under their numbers`,
  );
}, 120_000);

test("the clock is set back by an hour: messages go on to come, requests to be answered, and nothing is dropped", async () => {
  const load = await newLoad();
  const preload = pathToFileURL(join(import.meta.dirname, "settable-clock.ts")).href;
  const watched = await Watched.start({
    ...place("clock"),
    env: { NODE_OPTIONS: `--import ${preload}` },
    taps: [kafkaTap(load), rabbitmqTap()],
  });
  try {
    const before = [...(await load.toKafka(60)), ...(await load.toRabbitmq(20))];
    await watched.until(() => before.every((number) => watched.shown.has(number)), "all is shown");
    const request = await load.requestByRabbitmq();
    await watched.until(() => watched.shown.has(request.number), "the request is shown");
    const timeBefore = watched.status?.now ?? 0;
    process.kill(watched.daemon.pid, "SIGUSR2");
    await watched.until(() => (watched.status?.notes ?? []).length > 0, "it is said");
    const [note = ""] = watched.status?.notes ?? [];
    expect(note).toMatch(/^This machine's clock was set back by 1 h\. /);
    expect(watched.status?.now).toBeGreaterThanOrEqual(timeBefore);
    const after: number[] = [];
    for (let round = 0; round < 6; round++) {
      after.push(...(await load.toKafka(20)), ...(await load.toRabbitmq(10)));
      await pause(300);
    }
    await request.reply();
    await watched.until(() => after.every((number) => watched.shown.has(number)), "what comes then is shown", 5_000);
    expectEachOnce(watched, [...before, ...after]);
    watched.search(`shade${request.number}x`);
    const { rows } = await watched.next("conversations", ({ rows }) => rows[0]?.state === "completed");
    expect(rows[0]).toMatchObject({ kind: "exchange", messages: 2 });
    // It goes on to speak every second, its taps are well, and what it has kept it keeps.
    const heard = watched.statusAt;
    await watched.until(() => watched.statusAt > heard + 900, "it speaks on", 5_000);
    expect(watched.status?.taps.map(({ phase }) => phase)).toEqual(["live", "live"]);
    expect(watched.status).toMatchObject({ shed: 0, seen: before.length + after.length + 2 });
    expect(watched.status?.capture?.dropped).toBeUndefined();
    // What came before and after is found, each under the time that its clock had then.
    for (const number of [before[0], after.at(-1)]) {
      watched.search(`shade${number}x`);
      await watched.next("conversations", ({ total }) => total === 1);
    }
    expect(await watched.daemon.end("SIGTERM")).toBe(0);
    const all = before.length + after.length;
    table.add(
      "the clock is set back by an hour",
      [note],
      `${all} of ${all} messages, each once; the request that waited is answered`,
    );
  } finally {
    await watched.daemon.end("SIGKILL");
  }
}, 60_000);

test("the search index is behind, and then fails: a search finds everything all the same, and it is said", async () => {
  const at = place("index");
  const load = await newLoad();
  const watched = await Watched.start({ ...at, taps: [kafkaTap(load)] });
  try {
    const behind = { most: 0 };
    watched.daemon.connection.onMessage((message) => {
      if (message.kind === "status") behind.most = Math.max(behind.most, message.status.search?.behind ?? 0);
    });
    const many: number[] = [];
    for (let round = 0; round < 20 && (behind.most === 0 || many.length < 6_000); round++)
      many.push(...(await load.toKafka(2_000)));
    const last = many.at(-1) ?? 0;
    watched.search(`shade${last}x`);
    await watched.next("conversations", ({ total }) => total === 1);
    await watched.until(
      () => watched.shown.has(last) && watched.status?.search?.behind === 0,
      "the index caught up",
      30_000,
    );
    expect(behind.most).toBeGreaterThan(0);
    scribble(`${captureIn(at)}-index`);
    const more: number[] = [];
    for (let round = 0; round < 40 && watched.status?.search?.problem === undefined; round++) {
      more.push(...(await load.toKafka(100)));
      watched.search(`shade${many[round]}x`);
      await pause(150);
    }
    const problem = watched.status?.search?.problem ?? "";
    expect(problem).toMatch(/^The search index cannot be written \(.*\), so a search reads the messages one by one/);
    for (const number of [many[10], more.at(-1)]) {
      watched.search(`shade${number}x`);
      await watched.next("conversations", ({ total }) => total === 1);
    }
    expect(watched.status?.taps[0]?.phase).toBe("live");
    const all = many.length + more.length;
    table.add(
      "the search index is behind, then overwritten",
      [`search: ${behind.most} messages behind`, problem],
      `${all} of ${all} messages, the oldest and the newest found by their words before and after`,
    );
  } finally {
    await watched.daemon.end("SIGTERM");
  }
}, 60_000);

/** Writes garbage over a file as it stands, its log included, as a failing disk would. */
function scribble(file: string): void {
  for (const name of [file, `${file}-wal`]) {
    let size = 0;
    try {
      ({ size } = statSync(name));
    } catch {
      continue;
    }
    const handle = openSync(name, "r+");
    for (let at = 0; at < size; at += 65_536)
      writeSync(handle, randomBytes(Math.min(65_536, size - at)), 0, undefined, at);
    closeSync(handle);
  }
}

/** Which of the messages that were shown a capture does not have under their numbers, as a colleague would open it. */
function missingIn(
  file: string,
  shown: ReadonlyMap<number, { readonly seq: number; readonly body: string }>,
): number[] {
  // A copy, as somebody who saves what there is takes one: opening it must not heal the original.
  const copy = join(folder, "copy.contrail");
  for (const ending of ["", "-wal"]) {
    rmSync(`${copy}${ending}`, { force: true });
    try {
      copyFileSync(`${file}${ending}`, `${copy}${ending}`);
    } catch {
      // There may be no log.
    }
  }
  const capture = Capture.open(copy, { readOnly: false });
  try {
    return [...shown]
      .filter(([, { seq, body }]) => {
        const stored = capture.message(seq)?.envelope.body;
        return stored === undefined || stored === null || Buffer.from(stored).toString("utf8") !== body;
      })
      .map(([number]) => number);
  } finally {
    capture.close();
  }
}
