/** The page inside VS Code: it speaks through the bridge of the extension. */
import { describe, expect, it } from "vitest";
import { lane, row, usePage } from "./live-page.ts";

const live = usePage();

describe("inside VS Code", () => {
  const host = `
    window.posted = [];
    window.acquired = 0;
    window.acquireVsCodeApi = () => {
      window.acquired++;
      return { postMessage: (message) => window.posted.push(message), getState: () => undefined, setState: (state) => { window.kept = state; } };
    };`;

  it("speaks through the bridge, acquires once, and lets the editor open a contract", async () => {
    const page = await live.openBare({ before: host });
    const { statusOf, histogramOf, messageOf } = await import("../../webview/testing/fixture-messages.ts");
    const { detailOf } = await import("../../webview/testing/fixture-conversations.ts");
    const { listRow, needsLook } = await import("../../webview/testing/fixture-rows.ts");
    const tell = (message: unknown) => page.evaluate((each) => postMessage(each, "*"), message);
    const daemon = (payload: unknown) => tell({ type: "contrail", payload });
    const posted = (): Promise<Array<{ type: string; action?: string; payload?: { kind: string } }>> =>
      page.evaluate(() => (window as unknown as { posted: [] }).posted);
    await expect.poll(posted).toEqual([{ type: "ready" }]);
    expect(await page.evaluate(() => document.body.dataset["contrailTheme"])).toBeUndefined();
    await tell({ type: "unheard of" });
    await tell({ type: "connection", state: "open" });
    await expect.poll(async () => (await posted())[1]?.payload).toMatchObject({ kind: "hello", client: "webview" });
    await daemon({
      kind: "welcome",
      protocolVersion: 1,
      captureId: "x",
      revision: 3,
      resumed: false,
      status: statusOf("live"),
    });
    const rows = [listRow(0), listRow(1)];
    const counts = { all: 2, running: 2, completed: 0, failed: 0, compensating: 0, compensated: 0, stuck: 0, late: 0 };
    await daemon({
      kind: "conversations",
      revision: 3,
      needsLook,
      needsLookTotal: 7,
      first: 0,
      rows,
      total: 2,
      counts,
      histogram: histogramOf("live"),
    });
    await page.getByRole("button", { name: "All 7" }).waitFor();
    await row(page, "compensated").click();
    await daemon({ kind: "conversation", revision: 3, detail: detailOf("compensated") });
    await lane(page, 2).click();
    const asked = (await posted()).findLast((message) => message.payload?.kind === "getMessage")?.payload;
    await daemon({
      kind: "message",
      request: (asked as unknown as { request: number }).request,
      message: messageOf(3),
    });
    await page.getByRole("button", { name: /Open contract/ }).click();
    expect((await posted()).at(-1)).toEqual({
      type: "action",
      action: "openContract",
      file: "/shop/contracts/stock.proto",
      line: 13,
      character: 2,
    });
    await tell({ type: "connection", state: "closed", detail: "The daemon was ended from a terminal." });
    await page.getByText("The daemon was ended from a terminal.").waitFor();
    await page.getByRole("button", { name: "Try Now" }).click();
    expect((await posted()).at(-1)).toEqual({ type: "action", action: "reconnect" });
    await tell({ type: "connection", state: "open" });
    await expect
      .poll(async () => (await posted()).filter((message) => message.payload?.kind === "hello").at(-1)?.payload)
      .toMatchObject({ kind: "hello", revision: 3, captureId: "x" });
    expect(await page.evaluate(() => (window as unknown as { acquired: number }).acquired)).toBe(1);
  });

  it("offers what the workspace mentions, and taps nothing by itself", async () => {
    const page = await live.openBare({ before: host });
    const { statusOf } = await import("../../webview/testing/fixture-messages.ts");
    const tell = (message: unknown) => page.evaluate((each) => postMessage(each, "*"), message);
    await tell({ type: "connection", state: "none" });
    await page.getByText("No broker is tapped").waitFor();
    const found = {
      broker: "kafka",
      address: "localhost:9092",
      where: "docker-compose.yml:12",
      file: "/w/docker-compose.yml",
      line: 12,
    };
    await tell({ type: "found", brokers: [found] });
    await page.getByRole("button", { name: "Tap Kafka localhost:9092" }).waitFor();
    // A daemon without taps shows the same.
    await tell({ type: "connection", state: "open" });
    const status = statusOf("empty");
    await tell({
      type: "contrail",
      payload: { kind: "welcome", protocolVersion: 1, captureId: "x", revision: 0, resumed: false, status },
    });
    await page.getByRole("button", { name: "Tap Kafka localhost:9092" }).click();
    const posted = await page.evaluate(() => (window as unknown as { posted: unknown[] }).posted);
    expect(posted.filter((message) => (message as { type: string }).type === "action")).toEqual([
      { type: "action", action: "startTrace", broker: found },
    ]);
  });
});
