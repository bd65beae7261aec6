/**
 * Pages that are not ours, in a real browser that also holds the live page and its cookie: whatever they try, they read
 * nothing of the daemon, change nothing there, and the live page goes on beside them.
 */
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { connect, type AddressInfo } from "node:net";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTrace, type RunningTrace } from "../../daemon/index.ts";
import { kafka, ScriptedTap } from "../../daemon/testing/scripted.ts";
import { chromiumFlags, findChromium } from "../../scripts/setup/chromium.ts";
import { buildPage } from "./browser.ts";

const rebound = "rebound.example";
const tap = new ScriptedTap();
let trace: RunningTrace;
let strangers: Server;
let strangersPort: number;
let browser: Browser;
let context: BrowserContext;
let live: Page;

beforeAll(async () => {
  const webviewFolder = await buildPage();
  trace = await runTrace({ taps: [], customTaps: [tap], webviewFolder });
  strangers = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<!doctype html><title>a stranger</title>");
  });
  await new Promise<void>((resolve) => strangers.listen(0, "127.0.0.1", resolve));
  strangersPort = (strangers.address() as AddressInfo).port;
  browser = await chromium.launch({
    executablePath: findChromium() ?? "",
    // A name of somebody else that now leads to this machine: what a rebinding attack achieves.
    args: ["--headless", ...chromiumFlags, `--host-resolver-rules=MAP ${rebound} 127.0.0.1`],
  });
  context = await browser.newContext();
  live = await context.newPage();
  await live.goto(trace.browserAddress());
  await live.locator("contrail-conversation-list").waitFor();
  await tap.message(kafka("orders", { secretOfTheTrace: "hunter2" }, { key: "ORD-1" }));
});

afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => strangers.close(resolve));
  await trace.stop();
});

/** What a page at `url` gets when it tries everything that pages can. */
async function attempts(url: string): Promise<Readonly<Record<string, string>>> {
  const page = await context.newPage();
  await page.goto(url);
  const found = await page.evaluate(tryEverything, `127.0.0.1:${trace.port}`);
  await page.close();
  return found;
}

/** Runs in the stranger's page. */
async function tryEverything(host: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const note = async (name: string, attempt: () => Promise<string>): Promise<void> => {
    const late = new Promise<string>((resolve) => setTimeout(() => resolve("nothing"), 3_000));
    found[name] = await Promise.race([attempt().catch(() => "refused"), late]);
  };
  const text = async (options: RequestInit): Promise<string> => {
    const response = await fetch(`http://${host}/`, { credentials: "include", ...options });
    return `${response.type} ${response.status} ${await response.text()}`;
  };
  await note("fetch", () => text({}));
  await note("fetch without cors", () => text({ mode: "no-cors" }));
  await note("post", () =>
    text({ method: "POST", body: '{"kind":"shutdown"}', headers: { "content-type": "text/plain" } }),
  );
  await note("preflighted", () => text({ method: "PUT", headers: { authorization: "Bearer x" } }));
  for (const path of ["/live", "/live?token=x"]) {
    await note(
      `socket ${path}`,
      () =>
        new Promise((resolve) => {
          const socket = new WebSocket(`ws://${host}${path}`);
          socket.addEventListener("open", () => {
            socket.send(JSON.stringify({ kind: "hello", protocolVersion: 1, client: "extension", revision: 0 }));
          });
          socket.addEventListener("message", ({ data }) => resolve(String(data)));
          socket.addEventListener("close", () => resolve("refused"));
        }),
    );
  }
  const element = (name: "img" | "script" | "iframe", path: string): Promise<string> =>
    new Promise((resolve) => {
      const made = document.createElement(name);
      made.addEventListener("load", () => {
        const inside = name === "iframe" ? (made as HTMLIFrameElement).contentDocument?.body.textContent : "loaded";
        resolve(inside ?? "nothing");
      });
      made.addEventListener("error", () => resolve("refused"));
      made.src = `http://${host}${path}`;
      document.body.append(made);
    });
  await note("picture", () => element("img", "/icon.svg"));
  await note("script", () => element("script", "/live.js"));
  await note("frame", () => element("iframe", "/"));
  await note("window", async () => {
    const opened = open(`http://${host}/`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const seen = opened?.document.body.textContent ?? "nothing";
    opened?.close();
    return seen;
  });
  return found;
}

describe("a page of somebody else", () => {
  test.each([
    [
      "on another port of this machine, which the browser calls the same site",
      () => `http://127.0.0.1:${strangersPort}/`,
    ],
    ["under the name localhost", () => `http://localhost:${strangersPort}/`],
    ["on another site", () => `http://${rebound}:${strangersPort}/`],
  ])(
    "%s reads nothing and opens nothing",
    async (_, url) => {
      const found = await attempts(url());
      // A script may be fetched by the port beside, as browsers send no origin with it; it is the same for everybody, and the
      // policy of resources keeps other sites from even that.
      for (const [name, got] of Object.entries(found)) {
        expect(["refused", "nothing", "", "loaded", "opaque 0 "], `${name}: ${got}`).toContain(got);
        expect(got, name).not.toMatch(/hunter2|welcome|contrail/i);
      }
      expect([found["fetch"], found["post"], found["preflighted"]]).toEqual(["refused", "refused", "refused"]);
      expect([found["socket /live"], found["socket /live?token=x"]]).toEqual(["refused", "refused"]);
    },
    60_000,
  );

  test("at a name that was rebound to this machine gets no page of ours, though it asks the very port", async () => {
    const page = await context.newPage();
    const answer = await page.goto(`http://${rebound}:${trace.port}/`);
    expect(answer?.status()).toBe(421);
    expect(await page.evaluate(() => document.cookie)).toBe("");
    const socket = await page.evaluate(
      (address) =>
        new Promise((resolve) => {
          const opened = new WebSocket(address);
          opened.addEventListener("open", () => resolve("open"));
          opened.addEventListener("error", () => resolve("refused"));
        }),
      `ws://${rebound}:${trace.port}/live`,
    );
    expect(socket).toBe("refused");
    await page.close();
  });

  test("leaves the live page as it is: it still shows what comes", async () => {
    await live.bringToFront();
    await tap.message(kafka("after the strangers", { n: 2 }, { key: "ORD-2" }));
    await live.getByText("after the strangers").first().waitFor({ timeout: 5_000 });
    expect(trace.pipeline.seen).toBe(2);
  });
});

test("nothing of it listens on any other address of this machine", async () => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address, family, scopeid }) => (family === "IPv6" && scopeid ? `${address}%${scopeid}` : address))
    .filter((address) => address !== "127.0.0.1");
  for (const host of [...addresses, "127.0.0.2", "::1"]) {
    const outcome = await new Promise((resolve) => {
      const socket = connect({ host, port: trace.port, timeout: 1_000 }, () => resolve("open"));
      socket.on("error", () => resolve("refused"));
      socket.on("timeout", () => resolve("refused"));
      socket.on("connect", () => socket.destroy());
    });
    expect(outcome, host).toBe("refused");
  }
});
