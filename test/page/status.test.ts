/** What the status line and its panels say of everything that was seen, kept and given up; of taps and their groups. */
import { describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { poorContrast } from "./contrast.ts";
import { bar, focused, lane, row, usePage } from "./live-page.ts";

const live = usePage();

const footer = (page: Page) => page.locator("contrail-status-line footer");

describe("the status line", () => {
  it("says what was shed and dropped, what is behind, which tap sees less, and how far groups are behind", async () => {
    const page = await live.open("lossy", { width: 1600 });
    const text = await footer(page).innerText();
    expect(text.replaceAll(/[\s\ue000-\uf8ff]+/g, " ")).toContain(
      "correlation is behind by 18,400 messages 48,212 seen 3,824 shed 120,000 dropped 312 masked",
    );
    expect(text).toContain("by bindings");
    expect(text).toContain("lag 1,207");
    expect(text).toContain("in memory only");
  });

  it("is calm when nothing is lost", async () => {
    const page = await live.open();
    const text = await footer(page).innerText();
    expect(text).toContain("0 shed");
    expect(text).not.toMatch(/dropped|behind|bindings/);
    expect(await footer(page).locator(".warn").count()).toBe(0);
  });

  it("calls no tap live when there is no daemon that could say so", async () => {
    const page = await live.open();
    await page.getByRole("button", { name: /^RabbitMQ localhost:5672\/shop: live\./ }).waitFor();
    live.server.mute = true;
    live.server.dropConnections();
    await page.getByRole("button", { name: /^RabbitMQ localhost:5672\/shop: not watched, no daemon answers$/ }).click();
    const dialog = page.getByRole("dialog", { name: "Taps" });
    expect(await dialog.innerText()).toContain("not watched, no daemon answers");
    expect(await dialog.innerText()).not.toContain("live since");
    live.server.mute = false;
    live.server.dropConnections();
    await page.getByRole("button", { name: /^RabbitMQ localhost:5672\/shop: live\./ }).waitFor();
  });

  it("says since when messages are in memory only, and what to do, before anything else but a lost tap", async () => {
    const page = await live.open("lossy");
    await expect
      .poll(() => bar(page).innerText())
      .toMatch(/^From \d\d:\d\d:\d\d on, messages are kept in memory only, since the disk is full: .* Make room/);
  });
});

describe("what the counts mean", () => {
  it("is a panel that keys reach: what was given up where, since when, and what to do", async () => {
    const page = await live.open("lossy");
    await row(page, "stuck").click();
    await lane(page, 0).waitFor();
    await page.keyboard.press("Control+F6");
    await expect.poll(() => focused(page)).toBe("lane 0");
    await page.keyboard.press("Control+F6");
    await expect.poll(() => focused(page)).toBe("button");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "What was seen, kept and given up" });
    await dialog.waitFor();
    const text = (await dialog.innerText()).replaceAll(/\s+/g, " ");
    expect(text).toContain("Bodies shed 3,000 More came than could be read.");
    expect(text).toContain("Messages shed 412");
    expect(text).toContain("or the broker had none any more: Kafka 12, RabbitMQ 400.");
    expect(text).toContain("Dropped 120,000 messages The oldest went because of the limits");
    expect(text).toContain("Correlation is behind 18,400 messages By 2.30 s.");
    expect(text).toContain("Search index 12,000 messages behind A search reads these one by one.");
    expect(text).toMatch(/Recording checkout-run-4.contrail, 1 GB From .* on, messages are kept in memory only/);
    expect(text).toContain("At a bound 7,210 uses of one id that were not compared");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    // The focus is where it was, on the button that opened the panel.
    await expect.poll(() => focused(page)).toBe("button");
  });

  it("says that nothing was lost where nothing was", async () => {
    const page = await live.open();
    await page.getByRole("button", { name: /48,212 messages seen/ }).click();
    expect((await page.getByRole("dialog").innerText()).replaceAll(/[\s\ue000-\uf8ff]+/g, " ")).toContain(
      "Shed nothing No bound was reached.",
    );
  });
});

describe("taps", () => {
  it("say by what they see, what they cannot see, and each group's lag a topic, the furthest behind first", async () => {
    const page = await live.open("lossy");
    await page.getByRole("button", { name: /^RabbitMQ localhost:5672\/shop: live\. sees publishes only/ }).click();
    const dialog = page.getByRole("dialog", { name: "Taps" });
    await dialog.getByText("What it cannot see").last().click();
    await dialog.getByText("deliveries and redeliveries, and so who reads a message").waitFor();
    const cells = await dialog.getByRole("table").locator("tbody tr").allInnerTexts();
    expect(cells.map((line) => line.split(/\s*\t\s*|\n+/).filter((cell) => cell !== ""))).toEqual([
      ["billing", "shop.orders", "1,204", "5 min ago"],
      ["order-svc", "shop.payments", "3", "2 s ago"],
      ["order-svc", "inventory.events", "0", "2 s ago"],
    ]);
    expect(await dialog.getByRole("table").getAttribute("aria-label")).toBe(
      "Consumer groups, 1,207 records behind in all",
    );
  });
});

describe("a search", () => {
  it("says beside its field how much it has still to look through", async () => {
    const page = await live.open();
    await row(page, "c0").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("slowly found");
    await page.locator("contrail-filter-bar").getByText("searching, 12,000 to go").waitFor();
  });

  it("says when a word is on more messages than are found", async () => {
    const page = await live.open("live", { width: 420 });
    await row(page, "c0").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("often found");
    await page.locator("contrail-filter-bar").getByText("newest 10,000 hits").waitFor();
  });
});

describe("the panels", () => {
  for (const theme of ["dark", "light", "hc", "hcl"] as const) {
    it(`can be read in ${theme}, and nothing sticks out of a narrow window`, async () => {
      const page = await live.open("lossy", { theme });
      for (const name of [/messages seen/, /^RabbitMQ/]) {
        await page.getByRole("button", { name }).click();
        await page.getByRole("dialog").waitFor();
        expect(await page.evaluate(poorContrast)).toEqual([]);
        await page.setViewportSize({ width: 340, height: 600 });
        const outside = await page
          .getByRole("dialog")
          .evaluate((dialog) => [
            dialog.scrollWidth - dialog.clientWidth,
            dialog.getBoundingClientRect().right - innerWidth,
          ]);
        expect(Math.max(...outside)).toBeLessThanOrEqual(0);
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.keyboard.press("Escape");
      }
    });
  }
});
