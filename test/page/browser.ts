/** A real Chromium for the live page, and what every test asks of a page: no policy violation, no error. */
import { execFile } from "node:child_process";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { chromiumFlags, findChromium } from "../../scripts/setup/chromium.ts";

const root = join(import.meta.dirname, "../..");

/** Bundles the page as it is now, and hands out a copy that no other build can take away; the caller removes it. */
export async function buildPage(): Promise<string> {
  await promisify(execFile)(process.execPath, [join(root, "scripts/build.ts"), "webview"], { cwd: root });
  const folder = await mkdtemp(join(tmpdir(), "contrail-page-"));
  await cp(join(root, "dist", "webview"), folder, { recursive: true });
  return folder;
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("There is no Chromium; name one by CONTRAIL_CHROMIUM.");
  return chromium.launch({ executablePath, args: ["--headless", ...chromiumFlags] });
}

export interface OpenPage {
  readonly page: Page;
  /** Errors in the console, uncaught exceptions and violations of the content security policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "dark" | "light" | "hc" | "hcl";
  /** Runs in the page before anything else. */
  readonly before?: string;
  readonly reducedMotion?: "reduce";
}

export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    ...(options.reducedMotion ? { reducedMotion: options.reducedMotion } : {}),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(5_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  if (options.before !== undefined) await page.addInitScript(options.before);
  await page.goto(`${url}?theme=${options.theme ?? "dark"}`);
  return { page, complaints, close: () => context.close() };
}

/** Milliseconds of processor time that the page's main thread spent on `act`: other processes do not count. */
export async function mainThreadWork(page: Page, act: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find((metric) => metric.name === "TaskDuration")?.value ?? Number.NaN) * 1000;
  };
  const before = await spent();
  await act();
  const after = await spent();
  await session.detach();
  return after - before;
}
