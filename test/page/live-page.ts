/**
 * The live page in a real browser, against a scripted daemon, under the content security policy it really has; and how
 * its tests look at it. `usePage` registers the set-up with the test file that calls it.
 */
import { rm } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { Browser, Locator, Page } from "playwright-core";
import { FixtureServer } from "../../webview/testing/fixture-server.ts";
import type { Scenario } from "../../webview/testing/fixture-messages.ts";
import { buildPage, launchBrowser, openPage, type OpenPage, type PageOptions } from "./browser.ts";

export interface LivePage {
  /** The scripted daemon of the running test. */
  readonly server: FixtureServer;
  /** Opens the page and waits until it is drawn. */
  open(scenario?: Scenario, options?: PageOptions): Promise<Page>;
  /** Opens the page and waits for nothing. */
  openBare(options?: PageOptions): Promise<Page>;
}

/** A page for each test of this file; a test fails by any error or violation of the policy in its page. */
export function usePage(): LivePage {
  let browser: Browser;
  let folder = "";
  let server: FixtureServer;
  let url: string;
  let opened: OpenPage | undefined;

  beforeAll(async () => {
    folder = await buildPage();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== "") await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    server = new FixtureServer(folder);
    url = await server.listen();
  });
  afterEach(async () => {
    const complaints = opened?.complaints ?? [];
    await opened?.close();
    opened = undefined;
    await server.close();
    expect(complaints).toEqual([]);
  });

  const openBare = async (options: PageOptions = {}): Promise<Page> => {
    opened = await openPage(browser, url, options);
    return opened.page;
  };
  return {
    get server() {
      return server;
    },
    openBare,
    async open(scenario = "live", options = {}) {
      server.scenario = scenario;
      const page = await openBare(options);
      await page
        .locator("contrail-status-line footer")
        .getByText(/seen|tap|shed|^\S*[\d,]{3,}$/)
        .first()
        .waitFor();
      return page;
    },
  };
}

/** A row of the list, by its conversation. */
export const row = (page: Page, id: string): Locator => page.locator(`.row[data-id="${id}"]`).first();

/** A row of the lanes, by its place. */
export const lane = (page: Page, index: number): Locator =>
  page.locator(`contrail-lane-list .row[data-index="${index}"]`);

/** What the state bar says. */
export const bar = (page: Page): Locator => page.locator("contrail-state-bar .text");

/** What an element shows inside its shadow root. */
export const shown = (page: Page, name: string): Promise<string> =>
  page
    .locator(name)
    .evaluate((element) =>
      [...(element.shadowRoot?.children ?? [])].map((child) => (child as HTMLElement).innerText).join("\n"),
    );

/** What has the focus, through all shadow roots: `row c3`, `lane 2`, `input`, ... */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (!(active instanceof HTMLElement)) return "nothing";
    const { id, index } = active.dataset;
    if (id !== undefined) return `row ${id}`;
    return index === undefined ? active.localName : `lane ${index}`;
  });
}
