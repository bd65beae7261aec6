/** Widths and contrast: nothing sticks out, everything can be read. */
import { describe, expect, it } from "vitest";
import { poorContrast } from "./contrast.ts";
import { lane, row, usePage } from "./live-page.ts";

const live = usePage();

describe("widths", () => {
  it("under 720 px one column and Back", async () => {
    const page = await live.open("live", { width: 420 });
    await row(page, "compensated").click();
    await lane(page, 2).waitFor();
    expect(await page.locator("contrail-conversation-list").isVisible()).toBe(false);
    await lane(page, 2).click();
    await page.getByText("1 place breaks the contract.").waitFor();
    expect(await page.locator("contrail-lane-list").count()).toBe(0);
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await lane(page, 2).waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await row(page, "compensated").waitFor();
  });

  it("nothing sticks out at any width, in any state", async () => {
    const page = await live.open("overload", { width: 420 });
    for (const width of [320, 420, 719, 720, 959, 1079, 1080, 1280]) {
      await page.setViewportSize({ width, height: 700 });
      await page.waitForTimeout(60);
      const outside = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(outside, `${width} px`).toBeLessThanOrEqual(0);
    }
  });

  it("under 420 px height there is no histogram", async () => {
    const page = await live.open("live", { height: 400 });
    await row(page, "stuck").waitFor();
    expect(await page.locator("contrail-flow-histogram").isVisible()).toBe(false);
  });
});

describe("contrast", () => {
  for (const theme of ["dark", "light", "hc", "hcl"] as const) {
    it(`text is at least 4.5:1 in ${theme}`, async () => {
      const page = await live.open("overload", { theme });
      await row(page, "compensated").click();
      await lane(page, 2).click();
      await page.getByText("1 place breaks the contract.").waitFor();
      const poor = await page.evaluate(poorContrast);
      expect(poor).toEqual([]);
      await page.keyboard.press("Backspace");
      await page.keyboard.press("Backspace");
      await row(page, "stuck").waitFor();
      expect(await page.evaluate(poorContrast)).toEqual([]);
    });
  }
});
