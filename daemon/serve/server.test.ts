/** Who gets in and who does not, asked by real clients on real sockets. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { runTrace, type RunningTrace } from "../index.ts";
import { Guard } from "./guard.ts";
import { kafka, ScriptedTap, TestView } from "../testing/scripted.ts";

let folder: string;
let trace: RunningTrace;
const tap = new ScriptedTap();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-serve-"));
  writeFileSync(join(folder, "live.js"), "export {};");
  writeFileSync(join(folder, "secret.txt"), "not for pages");
  trace = await runTrace({ taps: [], customTaps: [tap], webviewFolder: folder });
});

afterAll(async () => {
  await trace.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function get(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port: trace.port, path, method, headers, setHost: headers["host"] === undefined },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

async function cookieOf(address: string): Promise<string> {
  const url = new URL(address);
  const answer = await get(url.pathname + url.search);
  return String(answer.headers["set-cookie"]).split(";")[0] ?? "";
}

/** The status with which an upgrade was refused, or `open`. */
function upgrade(headers: Readonly<Record<string, string>>, path = "/live"): Promise<number | "open"> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${trace.port}${path}`, { headers });
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once("error", (cause) => (/Unexpected server response/.test(cause.message) ? undefined : reject(cause)));
  });
}

const bearer = () => ({ authorization: `Bearer ${trace.token}` });

describe("a browser's way in", () => {
  it("gets a cookie for a code, once, and is led to a clean address", async () => {
    const url = new URL(trace.browserAddress());
    const first = await get(url.pathname + url.search);
    expect(first.status).toBe(303);
    expect(first.headers["location"]).toBe("/");
    expect(String(first.headers["set-cookie"])).toMatch(/^contrail-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    const second = await get(url.pathname + url.search);
    expect(second.status).toBe(403);
    expect(second.headers["set-cookie"]).toBeUndefined();
    expect(second.text).toMatch(/used before or is too old/);
  });

  it("sees the page only with its cookie, under a policy that runs nothing of others", async () => {
    expect((await get("/")).status).toBe(401);
    expect((await get("/live.js")).status).toBe(401);
    const cookie = await cookieOf(trace.browserAddress());
    const page = await get("/", { cookie });
    expect(page.status).toBe(200);
    expect(page.text).toContain('src="/live.js"');
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect((await get("/live.js", { cookie })).headers["content-type"]).toMatch(/javascript/);
    expect((await get("/", { cookie: `${cookie.slice(0, -2)}xx` })).status).toBe(401);
  });

  it("never leaves the page's folder, and answers only GET", async () => {
    const cookie = await cookieOf(trace.browserAddress());
    for (const path of [
      "/../package.json",
      "/%2e%2e/package.json",
      "/..%2fpackage.json",
      "/secret.txt",
      "/a/live.js",
      "//live.js",
      "/.hidden.js",
    ]) {
      expect([400, 404], path).toContain((await get(path, { cookie })).status);
    }
    expect((await get("/", { cookie }, "POST")).status).toBe(405);
    expect((await get("/", { cookie }, "OPTIONS")).headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("the code of a browser's address", () => {
  it("is old after ten minutes, is one of few, and never is the token", () => {
    let now = 1_000_000;
    const guard = new Guard(() => now);
    const late = guard.issueCode();
    now += 10 * 60 * 1000 + 1;
    expect(guard.redeem(late)).toBeUndefined();
    const codes = Array.from({ length: 40 }, () => guard.issueCode());
    expect(new Set([...codes, guard.token]).size).toBe(41);
    // The oldest of many gave way; the newest is good, once.
    expect(guard.redeem(codes[0] ?? "")).toBeUndefined();
    expect(guard.redeem(codes[39] ?? "")).toMatch(/HttpOnly; SameSite=Strict/);
    expect(guard.redeem(codes[39] ?? "")).toBeUndefined();
    expect(trace.browserAddress()).not.toContain(trace.token);
    expect(Buffer.from(trace.token, "base64url")).toHaveLength(32);
  });

  it("lets in one of two browsers that come at the same moment", async () => {
    const { pathname, search } = new URL(trace.browserAddress());
    const answers = await Promise.all([get(pathname + search), get(pathname + search)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 403]);
  });
});

describe("strangers", () => {
  it("a page on another origin gets nothing, whatever it holds", async () => {
    const cookie = await cookieOf(trace.browserAddress());
    for (const origin of [
      "http://evil.example",
      "null",
      "http://127.0.0.1:1",
      `https://127.0.0.1:${trace.port}`,
      `http://localhost.evil.example:${trace.port}`,
    ]) {
      const answer = await get("/", { cookie, origin });
      expect(answer.status, origin).toBe(403);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      expect(await upgrade({ cookie, origin })).toBe(403);
      expect(await upgrade({ ...bearer(), origin })).toBe(403);
    }
    expect(await upgrade({ cookie, origin: `http://127.0.0.1:${trace.port}` })).toBe("open");
  });

  it("a name that was rebound to this machine is not this server", async () => {
    const cookie = await cookieOf(trace.browserAddress());
    for (const host of [
      "evil.example",
      `evil.example:${trace.port}`,
      "127.0.0.1",
      `127.0.0.1:${trace.port + 1}`,
      `127.0.0.1.evil.example:${trace.port}`,
    ]) {
      expect((await get("/", { cookie, host })).status, host).toBe(421);
      expect(await upgrade({ ...bearer(), host }), host).toBe(421);
    }
    expect(await upgrade({ ...bearer(), host: `localhost:${trace.port}` })).toBe("open");
  });

  it("an upgrade without the token, with a wrong one, or in the address is turned away", async () => {
    expect(await upgrade({})).toBe(401);
    for (const token of ["", "x", trace.token.slice(0, -1), `${trace.token}x`, "x".repeat(43)]) {
      expect(await upgrade({ authorization: `Bearer ${token}` })).toBe(401);
    }
    expect(await upgrade({}, `/live?token=${trace.token}`)).toBe(401);
    expect(await upgrade({ origin: "vscode-webview://abc" })).toBe(401);
    expect(await upgrade(bearer(), "/other")).toBe(404);
    expect(await upgrade({ ...bearer(), origin: "vscode-webview://abc" })).toBe("open");
  });

  it("a page may look but not configure, end, or fetch addresses; neither may what comes from a webview", async () => {
    const cookie = await cookieOf(trace.browserAddress());
    const page = new TestView(trace.port, { cookie, origin: `http://127.0.0.1:${trace.port}` });
    await new Promise((resolve) => page.socket.once("open", resolve));
    page.send({ kind: "hello", protocolVersion: 1, client: "extension", revision: 0 });
    const webview = await TestView.open(trace.port, trace.token, { client: "webview" });
    for (const view of [page, webview]) {
      await view.next("welcome");
      for (const message of [
        { kind: "configure", request: 1, taps: [] },
        { kind: "getBrowserAddress", request: 1 },
        { kind: "shutdown" },
      ]) {
        view.received.length = 0;
        view.send(message);
        expect((await view.next("refused")).reason).toMatch(/Only the editor/);
      }
      view.close();
    }
  });
});

describe("bad peers", () => {
  it("garbage and unknown messages are ignored, and the connection goes on", async () => {
    const view = await TestView.open(trace.port, trace.token);
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      "42",
      '{"kind":"nothing"}',
      '{"kind":"__proto__"}',
      '{"kind":"watchConversations"}',
      '{"kind":"getMessage","request":"x","seq":{}}',
      `{"kind":"watchConversation","id":"${"x".repeat(1000)}"}`,
    ]) {
      view.socket.send(text);
    }
    view.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    view.send({ kind: "getReport", request: 5 });
    expect((await view.next("report")).request).toBe(5);
    view.close();
  });

  it("a frame that is too large ends its own connection only", async () => {
    const [bad, good] = [await TestView.open(trace.port, trace.token), await TestView.open(trace.port, trace.token)];
    bad.socket.send("x".repeat(300_000));
    await new Promise((resolve) => bad.socket.once("close", resolve));
    good.send({ kind: "getReport", request: 1 });
    await good.next("report");
    good.close();
  });

  it("malformed frames and half requests end their own connection only", async () => {
    const raw = (text: string | Buffer): Promise<string> =>
      new Promise((resolve) => {
        const socket: Socket = connect(trace.port, "127.0.0.1", () => socket.write(text));
        let answer = "";
        socket.on("data", (data) => {
          answer += data.toString("latin1");
          // The upgrade was taken: now a frame with reserved bits, not masked, of an impossible length.
          if (answer.includes("101 Switching"))
            socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
        });
        socket.on("error", () => resolve(answer));
        socket.on("close", () => resolve(answer));
      });
    const handshake = `GET /live HTTP/1.1\r\nHost: 127.0.0.1:${trace.port}\r\nAuthorization: Bearer ${trace.token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
    expect(await raw(handshake)).toContain("101 Switching");
    expect(await raw("GET / HTTP/1.1\r\nno header at all\r\n\r\n")).toContain("400");
    expect(await raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${trace.port}\r\nX: ${"x".repeat(40_000)}\r\n\r\n`)).toContain(
      "431",
    );
    expect(await upgrade(bearer())).toBe("open");
  });

  it("a message in a thousand pieces that never ends is ended, and costs no more than one that is too large", async () => {
    const [bad, good] = [await TestView.open(trace.port, trace.token), await TestView.open(trace.port, trace.token)];
    const closed = new Promise((resolve) => bad.socket.once("close", resolve));
    for (let i = 0; i < 1_000; i++) bad.socket.send("x".repeat(1_000), { fin: false });
    await closed;
    good.send({ kind: "getReport", request: 2 });
    await good.next("report", ({ request }) => request === 2);
    good.close();
  });

  it("compressed frames are not taken: nothing can be a bomb", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${trace.port}/live`, {
      headers: bearer(),
      perMessageDeflate: { threshold: 0 },
    });
    await new Promise((resolve) => socket.once("open", resolve));
    expect(socket.extensions).toBe("");
    socket.terminate();
  });

  it("a reader that takes nothing slows nobody, and holds little", async () => {
    const slow = await TestView.open(trace.port, trace.token);
    const fast = await TestView.open(trace.port, trace.token);
    for (const view of [slow, fast]) view.watchList({}, 0, 500);
    (slow.socket as unknown as { _socket: Socket })._socket.pause();
    slow.send({ kind: "watchMessages", afterSeq: 0 });
    const body = { text: "x".repeat(1500) };
    const latencies: number[] = [];
    for (let round = 0; round < 20; round++) {
      const at = performance.now();
      const before = trace.pipeline.seen;
      await tap.message(...Array.from({ length: 200 }, (_, i) => kafka("bulk", body, { key: `${round}-${i}` })));
      await fast.next(
        "conversations",
        ({ histogram }) => histogram.buckets.reduce((sum, { messages }) => sum + messages, 0) >= before + 200,
      );
      latencies.push(performance.now() - at);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[Math.floor(latencies.length / 2)]).toBeLessThan(1_500);
    const held = [
      ...(trace as unknown as { server: { sockets: { clients: Set<WebSocket> } } }).server.sockets.clients,
    ].map((client) => client.bufferedAmount);
    expect(Math.max(...held)).toBeLessThan(4 * 1024 * 1024);
    slow.close();
    fast.close();
  }, 60_000);

  it("listens on the loopback address only", async () => {
    const { address } = (
      trace as unknown as { server: { http: { address(): { address: string } } } }
    ).server.http.address();
    expect(address).toBe("127.0.0.1");
  });
});
