/** A message: fields and bytes find each other, what breaks the contract leads to its field, what was tried, its journey. */
import { describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { focused, lane, row, usePage } from "./live-page.ts";

const live = usePage();

/** Opens a message of the conversation that was undone, wide, so that its bytes are shown. */
async function openMessage(index: number): Promise<Page> {
  const page = await live.open("live", { width: 1400 });
  await row(page, "compensated").click();
  await lane(page, index).click();
  await page.keyboard.press("Enter");
  return page;
}

const marked = (page: Page): Promise<string> =>
  page
    .locator("contrail-byte-view .pairs mark")
    .allInnerTexts()
    .then((texts) => texts.join("").trim());

const selected = (page: Page): Promise<string> =>
  page.locator("contrail-body-tree [aria-selected=true] .name").innerText();

describe("a body", () => {
  it("marks the bytes of the selected field, and selects the field of a byte, by pointer and by keys", async () => {
    const page = await openMessage(2);
    await expect.poll(() => marked(page)).toBe("1a 01 32");
    await page.getByRole("treeitem", { name: /^warehouse/ }).click();
    await expect.poll(() => marked(page)).toBe("12 06 42 45 52 2d 30 32");
    // The first row of bytes: the first byte is the tag of the first field.
    const pairs = page.locator("contrail-byte-view .pairs").first();
    await pairs.click({ position: { x: 4, y: 8 } });
    await expect.poll(() => selected(page)).toBe("order_id");
    expect(await marked(page)).toMatch(/^0a 08 4f 52/);
    await expect.poll(() => focused(page)).toBe("div");
    const bytes = page.getByRole("slider", { name: /as hexadecimal/ });
    expect(await bytes.getAttribute("aria-valuetext")).toBe("byte 0, 0a, order_id");
    for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowRight");
    await expect.poll(() => selected(page)).toBe("warehouse");
    expect(await bytes.getAttribute("aria-valuetext")).toBe("byte 10, 12, warehouse");
  });

  it("opens what a violation names, with the line of the contract beside it", async () => {
    const page = await openMessage(2);
    await page.locator("contrail-message-view").getByText("1 place breaks the contract.").waitFor();
    const lines = page.getByRole("treeitem", { name: /^lines/ });
    await lines.locator(".twist").click();
    await expect.poll(() => page.getByRole("treeitem", { name: /^quantity/ }).count()).toBe(0);
    await page.getByRole("button", { name: "lines[0].quantity" }).click();
    await expect.poll(() => selected(page)).toBe("quantity");
    expect(await page.locator("contrail-message-view .check .links").innerText()).toContain("contracts/stock.proto:14");
  });
});

describe("a message that nothing could read", () => {
  it("says why, for each way that was tried, and shows its bytes", async () => {
    const page = await openMessage(5);
    const message = page.locator("contrail-message-view");
    await message.getByText("No contract in this workspace reads it").waitFor();
    const tried = await message.getByRole("region", { name: "What was tried" }).innerText();
    expect(tried.replaceAll(/\s+/g, " ")).toMatch(
      /protobuf as shop\.shipping\.v1\.BookShipment The bytes end in the middle of a field\. json The body is not text in UTF-8\./,
    );
    expect(await message.locator(".pairs").first().innerText()).toMatch(/^01 02 ff/);
  });

  it("tells its journey: deliveries, each queue it died in, and what of that is worth a look", async () => {
    const page = await openMessage(5);
    const journey = page.getByRole("region", { name: "Journey" });
    await journey.waitFor();
    const text = (await journey.innerText()).replaceAll(/[\s\ue000-\uf8ff]+/g, " ");
    expect(text).toContain("3 things to look at");
    expect(text).toContain("+2 ms delivered from shipping.book to shipping-svc#1");
    expect(text).toContain("dead-lettered from shipping.book, as it was delivered too often (3 times)");
    expect(await journey.locator(".icon.bad").count()).toBe(2);
  });
});
