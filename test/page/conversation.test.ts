/** A conversation with its lanes, and a message of it. */
import { describe, expect, it } from "vitest";
import { mainThreadWork } from "./browser.ts";
import { lane, row, shown, usePage } from "./live-page.ts";

const live = usePage();

describe("a conversation and a message", () => {
  it("opens beside the list with its sentence, steps and lanes", async () => {
    const page = await live.open();
    await row(page, "stuck").click();
    const pane = page.getByRole("complementary", { name: "Conversation" });
    await pane.getByText("Stuck for 4 min 17 s").waitFor();
    expect(await shown(page, "contrail-conversation-view")).toContain("step 4 of 6");
    expect(await lane(page, 10).innerText()).toContain("ShipmentBooked");
    expect(await lane(page, 10).getAttribute("aria-label")).toContain("not seen");
    // Missing is dotted and hollow, a dead letter ends in a box, a gap is torn.
    expect(await lane(page, 10).locator("path[stroke-dasharray='1 3'][stroke-linecap=round]").count()).toBe(1);
    expect(await lane(page, 8).locator("rect[width='8']").count()).toBe(1);
    expect(await lane(page, 9).locator("svg path[stroke-width='7']").count()).toBe(1);
    expect(await lane(page, 0).locator("g rect").count()).toBe(1);
    expect(await lane(page, 5).locator("g circle").count()).toBe(1);
  });

  it("shows a message: the break, the tree, the bytes of the field, the evidence, the writers", async () => {
    const page = await live.open();
    await row(page, "compensated").click();
    await lane(page, 2).click();
    const message = page.locator("contrail-message-view");
    await message.getByText("1 place breaks the contract.").waitFor();
    const text = await shown(page, "contrail-message-view");
    expect(text).toContain("lines[0].quantity");
    expect(text).toMatch(/decides\s+ce_causationid is its ce_id/);
    expect(text).toContain("12 of 652 broken");
    expect(text).toContain("4 of 7 used as evidence");
    expect(await message.locator("mark").first().innerText()).toMatch(/^1a/);
    expect(await message.getByRole("treeitem", { name: /quantity/ }).getAttribute("aria-selected")).toBe("true");
    // The rest of the conversation is drawn at 40 %: what is neither cause nor effect of the selection.
    expect(await lane(page, 2).locator("g[opacity='1']").count()).toBe(1);
  });

  it("never makes elements of what a payload says", async () => {
    const page = await live.open();
    await row(page, "compensated").click();
    await lane(page, 2).click();
    const message = page.locator("contrail-message-view");
    await message.getByText('"<img src=x onerror=alert(1)>"').waitFor();
    expect(await message.locator("img").count()).toBe(0);
  });

  it("shows the evidence of an edge when it is hovered", async () => {
    const page = await live.open();
    await row(page, "compensated").click();
    await lane(page, 13).locator("[data-slice]").hover();
    const hover = page.getByRole("tooltip");
    await hover.waitFor();
    expect(await hover.innerText()).toMatch(
      /EmailQueued caused by OrderCancelled\s+inferred\s+decides\s+same key ORD-1040/,
    );
  });

  it("opens a conversation of 10,000 messages in 200 ms, with few elements", async () => {
    const page = await live.open();
    await row(page, "c0").waitFor();
    const work = await mainThreadWork(page, async () => {
      await page.evaluate(() => {
        const view = document.querySelector("contrail-live");
        if (!view || !("store" in view)) throw new Error("no page");
        (view.store as { openConversation(id: string, wide: boolean): void }).openConversation("long", true);
      });
      await lane(page, 0).waitFor({ timeout: 15_000 });
    });
    const rows = await page.locator("contrail-lane-list .row").count();
    expect(rows).toBeGreaterThan(20);
    expect(rows).toBeLessThan(80);
    // Half as much again as the number to hold: caches are shared with whatever else the machine does meanwhile.
    expect(work).toBeLessThan(300);
    await page.mouse.move(300, 500);
    await page.mouse.wheel(0, 120_000);
    await expect.poll(() => lane(page, 5000).count()).toBe(1);
  });
});
