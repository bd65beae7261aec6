/** No secret is on disk, in a view or in an export, wherever in a message it stood. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { exportLines, openForReading } from "./export/index.ts";
import { runTrace, type RunningTrace } from "./index.ts";
import { kafka, rabbit, ScriptedTap, TestView } from "./testing/scripted.ts";

vi.setConfig({ testTimeout: 30_000 });

const contract = `asyncapi: 3.0.0
info: {title: t, version: "1"}
channels:
  logins:
    address: logins
    messages: {Login: {payload: {type: object, properties: {nick: {type: string, x-sensitive: true}}}}}
`;

/** Each stands once in what is sent, and nothing else looks like it. */
const secrets = {
  password: "correct-horse-1",
  jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5OTg4In0.c2lnbmF0dXJlMQ",
  card: "5555555555554444",
  cardText: "4012 8888 8888 1881",
  aws: "AKIAIOSFODNN7EXAMPLE",
  header: "Zm9vOmJhcjpzZWNyZXQx",
  binaryHeader: "binary-header-secret",
  nested: "nested-table-secret",
  key: "ghp_0123456789012345678901234567890123456789",
  route: "xoxb-123456789012-abcdefghijkl",
  reply: "sk_live_0123456789abcdefXYZ",
  url: "urlpassw0rd",
  marked: "marked-by-contract",
  packed: "packed-secret-value",
  escaped: "hidden-by-escape",
  query: "query-token-value",
};
const pin = 48_151_623;

let folder: string;
let trace: RunningTrace | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contrail-secrets-"));
  writeFileSync(join(folder, "logins.yaml"), contract);
});
afterEach(async () => {
  await trace?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<ScriptedTap> {
  const tap = new ScriptedTap();
  trace = await runTrace({
    taps: [],
    customTaps: [tap],
    contractsFolder: folder,
    captureFolder: join(folder, "captures"),
    stateDir: join(folder, "state"),
  });
  return tap;
}

function messages() {
  const name = (head: number, words: string) => [head + words.length, ...Buffer.from(words)];
  const packed = Uint8Array.from([
    0x82,
    ...name(0xa0, "pin"),
    0xce,
    0x02,
    0xde,
    0xbc,
    0x47,
    ...name(0xa0, "token"),
    ...name(0xa0, secrets.packed),
  ]);
  return [
    kafka("orders", {
      id: "findme",
      password: secrets.password,
      at: secrets.jwt,
      paid: { with: Number(secrets.card), or: secrets.cardText },
    }),
    kafka("orders", `{"id":"e","pass\\u0077ord":"${secrets.escaped}"}`, { key: secrets.key }),
    kafka("orders", `see https://h/x?access_token=${secrets.query} and ${secrets.aws}`, {
      headers: { authorization: `Basic ${secrets.header}`, "x-secret": Buffer.from(secrets.binaryHeader) },
    }),
    kafka("logins", { nick: secrets.marked }),
    kafka("packed", packed),
    rabbit(
      `prices.${secrets.route}`,
      { ok: true },
      {
        headers: { "x-api-key": secrets.nested },
        properties: { replyTo: `amq.reply.${secrets.reply}`, messageId: `amqp://u:${secrets.url}@h/` },
      },
    ),
  ];
}

/** Every secret that stands in one of the texts, with where. */
function found(texts: ReadonlyArray<readonly [where: string, text: Buffer]>): string[] {
  return texts.flatMap(([where, text]) =>
    Object.entries({ ...secrets, pin: String(pin) }).flatMap(([name, secret]) =>
      text.includes(secret) ? [`${name} in ${where}`] : [],
    ),
  );
}

function files(): Array<[string, Buffer]> {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => statSync(join(folder, file)).isFile())
    .map((file) => [file, readFileSync(join(folder, file))]);
}

it("secrets are in no file, log or index while messages come, nor later, nor in views and exports", async () => {
  const tap = await start();
  const view = await TestView.open(trace?.port ?? 0, trace?.token ?? "");
  const heard: string[] = [];
  view.socket.on("message", (data: Buffer) => heard.push(data.toString("utf8")));
  view.send({ kind: "watchMessages", afterSeq: 0 });
  const sent = messages();
  await tap.message(...sent);
  for (let i = 0; i < 300; i++) await tap.message(kafka("plain", { i }));
  await trace?.pipeline.caughtUp();
  await vi.waitFor(() => expect(trace?.pipeline.capture.indexedUpTo).toBeGreaterThan(sent.length), { timeout: 10_000 });
  await vi.waitFor(() => expect(heard.join("")).toContain("findme"), { timeout: 5_000 });
  for (let seq = 1; seq <= sent.length; seq++) view.send({ kind: "getMessage", request: seq, seq });
  await vi.waitFor(() => expect(heard.filter((text) => text.includes('"kind":"message"'))).toHaveLength(sent.length));
  const whileRunning = files();
  expect(whileRunning.some(([name]) => name.endsWith("-wal"))).toBe(true);
  expect(found(whileRunning)).toEqual([]);
  expect(found(heard.map((text) => ["a view", Buffer.from(text)] as const))).toEqual([]);
  const { captureFile = "" } = trace ?? {};
  view.close();
  await trace?.stop();
  expect(found(files())).toEqual([]);
  const reading = await openForReading(captureFile, folder);
  for (const format of ["ndjson", "csv", "otlp"] as const) {
    const text = [...exportLines(reading, format)].join("\n");
    if (format !== "otlp") expect(text).toContain("findme");
    // Bodies are base64 in there: what they hold was looked at in the file.
    expect(found([[format, Buffer.from(text)]])).toEqual([]);
  }
  reading.close();
  // What was sent is looked for in the right way: all of it is there where nothing masks.
  expect(
    found([
      [
        "sent",
        Buffer.concat(
          sent.map((one) =>
            Buffer.from(
              JSON.stringify(one, (_k, item: unknown) =>
                item instanceof Uint8Array || (item as { type?: string })?.type === "Buffer"
                  ? Buffer.from(item as Uint8Array).toString("latin1")
                  : typeof item === "bigint"
                    ? String(item)
                    : item,
              ),
            ),
          ),
        ),
      ],
    ]).length,
  ).toBeGreaterThan(10);
});

it("what a contract marks later is masked then: in views, in the capture, its log and its index", async () => {
  writeFileSync(join(folder, "logins.yaml"), contract.replace(", x-sensitive: true", ""));
  const tap = await start();
  await tap.message(kafka("logins", { nick: "shown-at-first" }), kafka("logins", { nick: "another-name" }));
  await trace?.pipeline.caughtUp();
  const nick = () => trace?.pipeline.message(1)?.decoded.value as { nick: string } | undefined;
  expect(nick()?.nick).toBe("shown-at-first");
  await vi.waitFor(() => expect(trace?.pipeline.capture.indexedUpTo).toBe(2), { timeout: 10_000 });
  writeFileSync(join(folder, "logins.yaml"), contract);
  await vi.waitFor(() => expect(nick()?.nick).toMatch(/^\*/), { timeout: 15_000 });
  const clear = () => files().filter(([, bytes]) => bytes.includes("shown-at-first") || bytes.includes("another-name"));
  await vi.waitFor(() => expect(clear().map(([name]) => name)).toEqual([]), { timeout: 10_000 });
  await vi.waitFor(() => expect(trace?.pipeline.capture.indexedUpTo).toBe(2), { timeout: 10_000 });
});

it("equal secrets have equal masks also after the daemon went on with its capture, and other masks in another capture", async () => {
  const { key: mask, captureId, file } = await maskOf();
  await trace?.stop();
  // As a daemon leaves it that was killed.
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(file);
  database.exec("UPDATE meta SET value = 'open' WHERE name = 'state'");
  database.close();
  const again = await maskOf();
  expect(again.captureId).toBe(captureId);
  expect(again.key).toBe(mask);
  await trace?.stop();
  const other = await maskOf();
  expect(other.captureId).not.toBe(captureId);
  expect(other.key).not.toBe(mask);
  const key = join(folder, "state", "mask.key");
  expect(statSync(key).mode & 0o777).toBe(0o600);
  for (const [name, bytes] of files())
    if (!name.endsWith("mask.key")) expect(bytes.includes(readFileSync(key))).toBe(false);
});

async function maskOf(): Promise<{ key: string; captureId: string; file: string }> {
  const tap = await start();
  await tap.message(kafka("orders", { password: "correct-horse-1" }));
  await trace?.pipeline.caughtUp();
  const { pipeline, captureId = "", captureFile = "" } = trace ?? {};
  const value = pipeline?.message(pipeline.capture.lastSeq)?.decoded.value as { password: string } | undefined;
  return { key: value?.password ?? "", captureId, file: captureFile };
}
