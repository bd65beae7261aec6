/** The list of conversations: what it shows, how it is filtered. */
import { describe, expect, it } from "vitest";
import { row, shown, usePage } from "./live-page.ts";

const live = usePage();

describe("the list", () => {
  it("shows what needs a look first, then the newest, with their states, steps, problems and times", async () => {
    const page = await live.open();
    await row(page, "stuck").waitFor();
    const text = await shown(page, "contrail-conversation-list");
    expect(text).toMatch(/Needs a look\s+4/);
    expect(text).toMatch(/Newest first\s+1,314/);
    expect(await row(page, "stuck").innerText()).toMatch(
      /OrderFulfilment ORD-1042\s+no ShipmentBooked after 3 deliveries of BookShipment\s+checkout-bff, order-svc \+2\W+2\s+4 min 18 s\s+4 min/,
    );
    expect(await row(page, "compensated").locator(".squiggle").innerText()).toBe("StockReserved");
    expect(await row(page, "stuck").locator("svg.strip").getAttribute("aria-label")).toBe(
      "3 of 6 steps done, BookShipment stuck",
    );
    const grid = page.getByRole("grid", { name: "Conversations" });
    expect(await grid.getAttribute("aria-rowcount")).toBe("1319");
    expect(await row(page, "c0").getAttribute("aria-rowindex")).toBe("6");
    expect(await row(page, "stuck").getAttribute("aria-label")).toContain(
      "3 of 6 steps done, BookShipment stuck, 2 warnings",
    );
  });

  it("filters by words, states and time, says when nothing is found, and takes it back", async () => {
    const page = await live.open();
    await row(page, "c0").waitFor();
    await page.getByRole("button", { name: "stuck, 1" }).click();
    await page.keyboard.press("/");
    await page.keyboard.type("nothing like it");
    await page.getByText("Nothing found for “nothing like it” in state stuck.").waitFor();
    expect(live.server.heard.findLast((message) => message.kind === "watchConversations")?.filter).toEqual({
      text: "nothing like it",
      states: ["stuck"],
    });
    await page.locator(".nothing").getByRole("button", { name: "Clear Filter" }).click();
    await row(page, "c0").waitFor();
    const canvas = page.locator("contrail-flow-histogram canvas");
    const box = await canvas.boundingBox();
    if (!box) throw new Error("the histogram is on the screen");
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await expect
      .poll(() => live.server.heard.findLast((message) => message.kind === "watchConversations")?.filter.from)
      .toBeGreaterThan(0);
    // It ends at now, so it has no end of its own.
    expect(live.server.heard.findLast((message) => message.kind === "watchConversations")?.filter).not.toHaveProperty(
      "to",
    );
  });
});
