/** Spans on the live page: a real daemon takes them in over HTTP, beside messages of a scripted tap. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runTrace, type RunningTrace } from "../../daemon/index.ts";
import { jsonRequest, type SpanDraft } from "../../daemon/tap/testing/otlp-requests.ts";
import { kafka, ScriptedTap } from "../../daemon/testing/scripted.ts";
import { buildPage, launchBrowser, openPage } from "./browser.ts";
import { poorContrast } from "./contrast.ts";

let page: string;
let folder: string;
let browser: Browser;
let trace: RunningTrace;

const traceId = "0af7651916cd43dd8448eb211c80319c";
const at = Date.now() - 2_000;
const span = (id: number, offset: number, more: Partial<SpanDraft>): SpanDraft => ({
  traceId,
  spanId: id.toString(16).padStart(16, "0"),
  ...(id === 1 ? {} : { parentSpanId: (id - 1).toString(16).padStart(16, "0") }),
  startedAt: at + offset,
  ...more,
});

beforeAll(async () => {
  [page, folder, browser] = await Promise.all([
    buildPage(),
    mkdtemp(join(tmpdir(), "contrail-spans-")),
    launchBrowser(),
  ]);
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const tap = new ScriptedTap();
  trace = await runTrace({
    taps: [{ kind: "otlp", port }],
    customTaps: [tap],
    captureFolder: folder,
    webviewFolder: page,
  });
  const headers = { traceparent: `00-${traceId}-${"3".padStart(16, "0")}-01`, type: "OrderPlaced" };
  await tap.message(kafka("orders", { orderId: "ORD-1042" }, { at: at + 21, headers }));
  const send = (service: string, ...spans: SpanDraft[]) =>
    fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: jsonRequest(service, spans),
    });
  await send(
    "order-svc",
    span(3, 20, { kind: 4, name: "orders publish" }),
    span(2, 12, {
      kind: 2,
      name: "POST /orders",
      tookMs: 14,
      attributes: { "http.response.status_code": 500 },
      events: [{ name: "exception", at: at + 13, attributes: { "exception.message": "no stock" } }],
      status: { code: 2, message: "stock-svc answered 503" },
    }),
  );
  await send("gateway", span(1, 10, { kind: 2, name: "ingress", tookMs: 31 }));
});

afterAll(async () => {
  await browser?.close();
  await trace?.stop();
  for (const each of [page, folder]) if (each !== undefined) await rm(each, { recursive: true, force: true });
});

const openTheme = async (theme: "dark" | "light") => {
  const address = trace.browserAddress();
  // The code stands for a cookie; the theme is asked for behind it.
  const opened = await openPage(browser, `${address}&then=`);
  await opened.page.goto(`${new URL(address).origin}/?theme=${theme}`);
  await opened.page.locator(".row[data-id]").first().click();
  await opened.page.locator("contrail-lane-list .row[data-index]").nth(2).waitFor();
  return opened;
};

const texts = (at: Page, selector: string) =>
  at
    .locator(selector)
    .evaluateAll((found) => found.map((each) => each.textContent?.trim().replaceAll(/\s+/g, " ") ?? ""));

it.each(["dark", "light"] as const)(
  "a request above the message it led to, and what is known of it (%s)",
  async (theme) => {
    const opened = await openTheme(theme);
    const { page: live } = opened;
    const rows = live.locator("contrail-lane-list .row[data-index]");
    expect(await rows.count()).toBe(3);
    for (const [i, name] of ["ingress", "POST /orders", "OrderPlaced"].entries()) {
      expect(await rows.nth(i).innerText()).toContain(name);
    }
    expect(await rows.nth(0).getByRole("img", { name: "OpenTelemetry" }).count()).toBe(1);
    expect(await rows.nth(2).getByRole("img", { name: "Kafka" }).count()).toBe(1);
    await rows.nth(1).click();
    await live.keyboard.press("Enter");
    await live.getByText("order-svc says that it failed.").waitFor();
    const sections = await texts(live, "contrail-message-view section .label");
    expect(sections).toEqual(expect.arrayContaining(["Attributes", "Events", "Why it is here", "Span"]));
    for (const none of ["Body", "Bytes", "Headers", "Broker"]) expect(sections).not.toContain(none);
    expect(await live.evaluate(poorContrast)).toEqual([]);
    expect(opened.complaints).toEqual([]);
    await opened.close();
  },
);
