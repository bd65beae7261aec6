import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { CodeLens } from "vscode-languageserver";
import type { ClientMessage, DefinitionSeen, ServerMessage } from "../daemon/serve/protocol.ts";
import type { LiveConnection } from "./live.ts";
import { ago } from "./live-text.ts";
import { proto } from "./testing/contracts.ts";
import { TestClient, TestRepository, testNow, until } from "./testing/client.ts";

/** A daemon that says what the test wants. */
class FakeDaemon implements LiveConnection {
  readonly heard: ClientMessage[] = [];
  closed = false;
  private listener: (message: ServerMessage) => void = () => undefined;

  send(message: ClientMessage): void {
    this.heard.push(message);
  }
  onMessage(listener: (message: ServerMessage) => void): void {
    this.listener = listener;
  }
  close(): void {
    this.closed = true;
  }
  say(message: ServerMessage): void {
    this.listener(message);
  }
}

let client: TestClient;
let repository: TestRepository;

async function start(settings: object = {}) {
  repository = new TestRepository({ "order.proto": proto("string id = 1;") });
  repository.commit("first");
  const daemon = new FakeDaemon();
  const files: string[] = [];
  client = await TestClient.start(repository.root, {
    settings,
    connectDaemon: (file) => {
      files.push(file);
      return Promise.resolve(daemon);
    },
  });
  await client.open("order.proto", proto("string id = 1;"));
  await client.connection.sendNotification("contrail/daemon", { file: "/run/daemon.json" });
  await until(() => daemon.heard.length > 0, "the daemon is asked");
  expect(files).toEqual(["/run/daemon.json"]);
  expect(daemon.heard).toEqual([{ kind: "watchDefinitions", on: true }]);
  return daemon;
}

const seen = (over: Partial<DefinitionSeen> = {}): DefinitionSeen => ({
  definition: "shop.v1.Order",
  file: join(repository.root, "order.proto"),
  line: 3,
  count: 1204,
  broken: 3,
  lastAt: testNow - 2000,
  violations: [{ seq: 88, path: "id", message: "must not be empty", line: 4, at: testNow, writer: "payments" }],
  ...over,
});

const lenses = () =>
  client.connection.sendRequest<CodeLens[]>("textDocument/codeLens", {
    textDocument: { uri: client.uri("order.proto") },
  });

describe("what was seen live", () => {
  afterEach(async () => {
    await client.stop();
    repository.dispose();
  });

  it("stands above the message definition, also after it moved while being edited", async () => {
    const daemon = await start();
    daemon.say({ kind: "definitions", definitions: [seen()] });
    await until(() => client.lensRefreshes > 0, "lenses are refreshed");
    const [lens] = await lenses();
    expect(lens?.command?.title).toBe("seen 1,204×, last 2 s ago, 3 broken");
    expect(lens?.range.start.line).toBe(3);
    await client.edit("order.proto", `// one\n// two\n${proto("string id = 1;")}`);
    expect((await lenses())[0]?.range.start.line).toBe(5);
  });

  it("is a warning at the contract's line for messages that broke it", async () => {
    const daemon = await start();
    await client.pull("order.proto");
    daemon.say({ kind: "definitions", definitions: [seen()] });
    await until(() => client.refreshes > 0, "the client is asked to pull");
    const [warning] = await client.pull("order.proto");
    expect(warning).toMatchObject({
      severity: 2,
      source: "contrail live",
      range: { start: { line: 4, character: 2 } },
    });
    expect(warning?.message).toMatch(
      /^A live "Order" broke this contract at "id": must not be empty \(message 88, written by payments, .*; 3 of 1,204 seen broke it\)\.$/,
    );
  });

  it("is gone when the trace ends", async () => {
    const daemon = await start();
    daemon.say({ kind: "definitions", definitions: [seen()] });
    expect(await lenses()).toHaveLength(1);
    await client.connection.sendNotification("contrail/daemon", { file: null });
    expect(await lenses()).toEqual([]);
    expect(await client.pull("order.proto")).toEqual([]);
    expect(daemon.closed).toBe(true);
  });

  it("can be switched off", async () => {
    const daemon = await start({ codeLens: false });
    daemon.say({ kind: "definitions", definitions: [seen()] });
    expect(await lenses()).toEqual([]);
  });
});

describe("ago", () => {
  it("is short", () => {
    expect([0, 400, 2000, 59_000, 61_000, 7_300_000, 200_000_000].map(ago)).toEqual([
      "just now",
      "just now",
      "2 s ago",
      "59 s ago",
      "1 min ago",
      "2 h ago",
      "2 d ago",
    ]);
  });
});
