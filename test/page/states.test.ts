/** What the page says in each state of the daemon and its taps, and how it comes back from a lost one. */
import { describe, expect, it } from "vitest";
import type { Scenario } from "../../webview/testing/fixture-messages.ts";
import { bar, lane, row, shown, usePage } from "./live-page.ts";

const live = usePage();

describe("states", () => {
  const cases: ReadonlyArray<readonly [Scenario, RegExp]> = [
    ["connecting", /^Connecting to Kafka localhost:9092: reading metadata, \d+ s\. RabbitMQ is live\.$/],
    ["resuming", /^RabbitMQ localhost:5672\/shop is gone since .* The view resumes after #48,212\.$/],
    ["failed", /^Kafka localhost:9092 cannot be tapped\. The broker says its address is kafka:9092/],
    ["overload", /^3,412 bodies shed since 14:02:10, headers kept\./],
    ["capture", /^Capture checkout-run-3\.contrail: 48,212 messages, read only\.$/],
    ["recording", /^Playing a recording of the sample shop/],
  ];
  for (const [scenario, text] of cases) {
    it(`${scenario} is one line`, async () => {
      const page = await live.open(scenario);
      await expect.poll(() => bar(page).innerText()).toMatch(text);
      expect(await bar(page).count()).toBe(1);
    });
  }

  it("live is calm", async () => {
    const page = await live.open();
    await row(page, "c0").waitFor();
    expect(await bar(page).count()).toBe(0);
  });

  it("without a tap says how to begin and how to read a trace", async () => {
    const page = await live.open("empty");
    await page.getByText("No broker is tapped").waitFor();
    const text = await shown(page, "contrail-empty-state");
    expect(text).toContain("it joins no group, commits nothing");
    expect(text).toContain("dotted should have happened and did not");
    // What only an editor can do is not offered by a plain page.
    expect(await page.getByRole("button", { name: /Connect/ }).count()).toBe(0);
  });

  it("with a tap and no message says that it waits for one", async () => {
    const page = await live.open("quiet");
    await page.getByText("No conversation yet. A message shows here as soon as one passes.").waitFor();
  });

  it("reports what the tap did and did not do", async () => {
    const page = await live.open();
    await page.getByRole("button", { name: "Leaves no trace: open the report" }).click();
    await page.getByText("Turned tracing of vhost shop on; it goes back to off.").waitFor();
  });

  it("a daemon that dies: the rows stay, the view resumes by its revision and watches the same", async () => {
    const page = await live.open();
    await row(page, "stuck").click();
    await page.getByText("Stuck for 4 min 17 s").waitFor();
    live.server.revision = 140;
    live.server.arrive(0);
    await expect
      .poll(() => page.evaluate(() => JSON.parse(sessionStorage.getItem("contrail.live") ?? "{}").revision))
      .toBe(141);
    live.server.heard.length = 0;
    live.server.dropConnections();
    await expect.poll(() => live.server.heard.some((message) => message.kind === "watchConversation")).toBe(true);
    expect(await row(page, "stuck").count()).toBe(1);
    expect(live.server.heard[0]).toMatchObject({ kind: "hello", revision: 141, captureId: "capture-1" });
    expect(live.server.heard.find((message) => message.kind === "watchConversation")).toMatchObject({ id: "stuck" });
  });

  it("a reload goes on where it was", async () => {
    const page = await live.open();
    await row(page, "compensated").click();
    await lane(page, 2).click();
    await page.getByText("1 place breaks the contract.").waitFor();
    await page.waitForTimeout(500);
    await page.reload();
    await page.getByText("1 place breaks the contract.").waitFor();
    expect(await lane(page, 2).getAttribute("aria-selected")).toBe("true");
  });
});
