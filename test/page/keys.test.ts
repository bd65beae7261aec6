/** Everything by keys: rows, panes, chips, the tree of a body; the focus is never lost. */
import { describe, expect, it } from "vitest";
import { bar, focused, lane, row, usePage } from "./live-page.ts";

const live = usePage();

describe("keys", () => {
  it("move, open, go back, pause, filter and help; the focus is never lost", async () => {
    const page = await live.open();
    await row(page, "stuck").click();
    expect(await focused(page)).toBe("row stuck");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => focused(page)).toBe("row failed");
    await page.keyboard.press("n");
    await expect.poll(() => focused(page)).toBe("row compensated");
    await page.getByText("Compensated. shipping-svc refused").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("list", { name: "Steps" }).waitFor();
    await expect.poll(() => focused(page)).toBe("lane 0");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => focused(page)).toBe("lane 2");
    await page.keyboard.press("[");
    await expect.poll(() => focused(page)).toBe("lane 1");
    await page.keyboard.press("]");
    await expect.poll(() => focused(page)).toBe("lane 2");
    await page.keyboard.press("Enter");
    await page.getByText("1 place breaks the contract.").waitFor();
    await page.keyboard.press("Alt+ArrowDown");
    await page.locator("contrail-message-view .head").getByText("OrderPlaced").waitFor();
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Backspace");
    await expect.poll(() => focused(page)).toBe("row compensated");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("contrail-conversation-view").count()).toBe(0);
    await expect.poll(() => focused(page)).toBe("row compensated");
    await page.keyboard.press("Space");
    await page.getByText(/Paused at \d\d:\d\d:\d\d\. 312 messages since; all kept\./).waitFor();
    await page.keyboard.press("Space");
    await expect.poll(() => bar(page).count()).toBe(0);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    await page.keyboard.press("/");
    await expect.poll(() => focused(page)).toBe("input");
  });

  it("go between list, pane and status, and each part is one tab stop", async () => {
    const page = await live.open();
    await row(page, "stuck").click();
    await lane(page, 0).waitFor();
    await page.keyboard.press("Control+F6");
    await expect.poll(() => focused(page)).toBe("lane 0");
    await page.keyboard.press("Control+F6");
    await expect.poll(() => focused(page)).toBe("button");
    await page.keyboard.press("Control+F6");
    await expect.poll(() => focused(page)).toBe("row stuck");
    const stops = await page.evaluate(() => {
      const count = (root: ParentNode, selector: string): number => {
        let found = root.querySelectorAll(selector).length;
        for (const element of root.querySelectorAll("*"))
          if (element.shadowRoot) found += count(element.shadowRoot, selector);
        return found;
      };
      return { rows: count(document, '.row[data-id][tabindex="0"]'), chips: count(document, '.chip[tabindex="0"]') };
    });
    expect(stops).toEqual({ rows: 1, chips: 1 });
  });

  it("walk the tree of a body and the chips of the filter by arrows", async () => {
    const page = await live.open();
    await page.locator(".chip").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => live.server.heard.findLast((each) => each.kind === "watchConversations")?.filter.states)
      .toEqual(["running"]);
    await page.keyboard.press("Enter");
    await row(page, "compensated").click();
    await lane(page, 2).click();
    const item = page.getByRole("treeitem", { name: /^quantity/ });
    await item.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.getByRole("treeitem", { name: /^quantity/ }).count()).toBe(0);
    await page.keyboard.press("ArrowRight");
    await page.getByRole("treeitem", { name: /^quantity/ }).waitFor();
  });
});
