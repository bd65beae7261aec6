/** A million conversations: smooth, few elements, both ends in reach. */
import { describe, expect, it } from "vitest";
import { mainThreadWork } from "./browser.ts";
import { focused, row, usePage } from "./live-page.ts";

const live = usePage();

describe("a million rows", () => {
  it("scroll smoothly, reach both ends, and are never many elements", async () => {
    const page = await live.open("million");
    await row(page, "c0").waitFor();
    await row(page, "c0").click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("End");
    await expect.poll(() => focused(page), { timeout: 5000 }).toBe("row c999999");
    await page.keyboard.press("Home");
    await expect.poll(() => focused(page)).toBe("row stuck");
    await page.mouse.move(500, 500);
    const frames = 100;
    let most = 0;
    const work = await mainThreadWork(page, async () => {
      most = await page.evaluate(async (turns) => {
        const list = document.querySelector("contrail-live")?.shadowRoot?.querySelector("contrail-conversation-list");
        const scroller = list?.shadowRoot?.querySelector(".scroll");
        if (!scroller || !list?.shadowRoot) throw new Error("no list");
        let rows = 0;
        for (let turn = 0; turn < turns; turn++) {
          scroller.scrollTop += 90;
          await new Promise((resolve) => requestAnimationFrame(resolve));
          rows = Math.max(rows, list.shadowRoot.querySelectorAll(".row").length);
        }
        return rows;
      }, frames);
    });
    expect(most).toBeLessThan(90);
    // A frame has 16 ms at 60 a second. This includes painting without a graphics processor, beside other tests.
    expect(work / frames).toBeLessThan(14);
    expect(await page.locator(".row[data-id^=c]").count()).toBeGreaterThan(20);
  });

  it("jump with the scrollbar to the same fraction, and ask only for what is there", async () => {
    const page = await live.open("million");
    await row(page, "c0").waitFor();
    await page.evaluate(() => {
      const list = document.querySelector("contrail-live")?.shadowRoot?.querySelector("contrail-conversation-list");
      const scroller = list?.shadowRoot?.querySelector(".scroll");
      if (scroller) scroller.scrollTop = scroller.scrollHeight / 2;
    });
    await expect.poll(() => page.locator('.row[data-id^="c50"]').count()).toBeGreaterThan(0);
    const asked = live.server.heard.findLast((message) => message.kind === "watchConversations");
    expect(asked?.first).toBeGreaterThan(480_000);
    expect(asked?.count).toBeLessThan(200);
  });

  it("stay where they are when newer ones come, and say how many", async () => {
    const page = await live.open("million");
    await row(page, "c0").waitFor();
    await page.mouse.move(400, 500);
    await page.mouse.wheel(0, 2200);
    await row(page, "c110").waitFor();
    const before = await row(page, "c110").boundingBox();
    live.server.arrive(12);
    await page.getByRole("button", { name: "12 new" }).waitFor();
    expect((await row(page, "c110").boundingBox())?.y).toBe(before?.y);
    await page.getByRole("button", { name: "12 new" }).click();
    await row(page, "new12").waitFor();
    expect(await page.getByRole("button", { name: "12 new" }).count()).toBe(0);
  });
});
