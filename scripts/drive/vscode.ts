/**
 * A real VS Code for one test: its web server with a fresh profile, the built .vsix installed, and a headless Chromium
 * that shows the workbench as a user sees it.
 *
 * Takes in: a workspace folder and how to open it. Hands out: the page, and `stop`, which ends every process that was
 * started and removes every file that was made.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium, type BrowserContext, type FrameLocator, type Page } from "playwright-core";
import { chromiumFlags, findChromium } from "../setup/chromium.ts";
import { repositoryRoot } from "../setup/paths.ts";
import { ensureVscodeHost } from "../setup/vscode.ts";

const run = promisify(execFile);

export interface VscodeOptions {
  readonly workspace: string;
  /** Files to open, relative to the workspace. */
  readonly open?: readonly string[];
  /** Start with workspace trust on, so that a new folder opens in Restricted Mode. */
  readonly restricted?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly theme?: "dark" | "light";
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Extra parameters of the workbench, for the mocha suite. */
  readonly payload?: ReadonlyArray<readonly [string, string]>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called before the first page is opened, to expose functions to it. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export interface RunningVscode {
  readonly page: Page;
  readonly origin: string;
  /** Where the editor under test keeps the daemon's files. */
  readonly home: string;
  /** Runs a command of the palette by its title. */
  command(title: string): Promise<void>;
  /** Opens a file of the workspace by its name, as a user does by Go to File. */
  openFile(path: string): Promise<void>;
  /** The document inside the live view's webview. */
  liveView(): FrameLocator;
  reload(): Promise<void>;
  screenshot(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startVscode(options: VscodeOptions): Promise<RunningVscode> {
  const host = await ensureVscodeHost();
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("No Chromium was found. Run: npm run test:setup");
  const vsix = await builtVsix();

  // Sockets have paths of at most 108 bytes, so the folder has a short name.
  const home = await mkdtemp(join(tmpdir(), "cv-"));
  const folders = {
    server: join(home, "s"),
    user: join(home, "u"),
    extensions: join(home, "e"),
    run: join(home, "r"),
    tmp: join(home, "t"),
  };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(join(folders.user, "User"), { recursive: true });
  await writeFile(
    join(folders.user, "User", "settings.json"),
    JSON.stringify({ ...quietSettings(options), ...options.settings }, null, 2),
  );

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    TMPDIR: folders.tmp,
    XDG_RUNTIME_DIR: folders.run,
    XDG_STATE_HOME: join(home, "state"),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...options.environment,
  };
  delete env["CONTRAIL_STATE_DIR"];
  delete env["NODE_OPTIONS"];
  const common = [
    ...["--server-data-dir", folders.server, "--user-data-dir", folders.user, "--extensions-dir", folders.extensions],
    ...["--accept-server-license-terms", "--disable-telemetry"],
  ];
  await run(process.execPath, [host.serverMain, ...common, "--install-extension", vsix], { env });

  const server = spawn(
    process.execPath,
    [
      ...[host.serverMain, "--host", "127.0.0.1", "--port", "0", "--without-connection-token", ...common],
      ...(options.restricted === true ? [] : ["--disable-workspace-trust"]),
      ...(options.payload === undefined ? [] : ["--enable-smoke-test-driver"]),
    ],
    { env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let context: BrowserContext | undefined;
  const stop = async () => {
    await context?.close().catch(() => undefined);
    await endGroup(server);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const origin = `http://127.0.0.1:${await listeningPort(server)}`;
    context = await chromium.launchPersistentContext(join(home, "c"), {
      executablePath,
      headless: true,
      args: [...chromiumFlags],
      viewport: options.viewport ?? { width: 1400, height: 900 },
      colorScheme: options.theme ?? "dark",
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(30_000);
    await options.prepare?.(page);
    await page.goto(workbenchUrl(origin, options));
    if (options.payload === undefined) await page.waitForSelector(".monaco-workbench .statusbar", { timeout: 60_000 });

    const running: RunningVscode = {
      page,
      origin,
      home,
      command: (title) => runCommand(page, title),
      openFile: (path) => pick(page, path, path.split("/").at(-1) ?? path),
      liveView: () => page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame"),
      // The command goes through the editor's own shutdown, which keeps the open editors; the browser's reload would not.
      reload: async () => {
        await Promise.all([
          page.waitForEvent("load", { timeout: 60_000 }),
          runCommand(page, "Developer: Reload Window"),
        ]);
        await page.waitForSelector(".monaco-workbench .statusbar", { timeout: 60_000 });
      },
      screenshot: async (name) => {
        const folder = join(repositoryRoot, ".cache", "screenshots");
        await mkdir(folder, { recursive: true });
        await page.screenshot({ path: join(folder, `${name}.png`) });
      },
      stop,
    };
    return running;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until `probe` gives something, and says what it waited for when it never does. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`, { cause: last });
    await delay(100);
  }
}

function runCommand(page: Page, title: string): Promise<void> {
  return pick(page, `>${title}`, title);
}

/** The palette lists what is known when it opens, and commands of an extension may come later: so it is opened again. */
async function pick(page: Page, typed: string, shown: string): Promise<void> {
  await eventually(
    `the palette to offer ${shown}`,
    async () => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("F1");
      const input = page.locator(".quick-input-widget input[type=text]").first();
      await input.waitFor({ timeout: 3_000 });
      await input.fill(typed, { timeout: 3_000 });
      await page.locator(".quick-input-list .monaco-list-row", { hasText: shown }).first().click({ timeout: 3_000 });
      return true;
    },
    30_000,
  );
}

/** The newest .vsix at the root; the test runner makes it before this is asked for. */
async function builtVsix(): Promise<string> {
  const names = (await readdir(repositoryRoot)).filter((name) => name.endsWith(".vsix"));
  const name = names.sort().at(-1);
  if (name === undefined) throw new Error("There is no .vsix to install. Run: npm run package");
  return join(repositoryRoot, name);
}

function quietSettings(options: VscodeOptions): Record<string, unknown> {
  return {
    "workbench.startupEditor": "none",
    "workbench.colorTheme": options.theme === "light" ? "Default Light Modern" : "Default Dark Modern",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": false,
    "chat.disableAIFeatures": true,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": false,
    "extensions.ignoreRecommendations": true,
    "git.enabled": false,
    "files.autoSave": "off",
    "editor.minimap.enabled": false,
    "security.workspace.trust.startupPrompt": "never",
  };
}

function workbenchUrl(origin: string, options: VscodeOptions): string {
  const host = new URL(origin).host;
  const payload = [
    ...(options.open ?? []).map(
      (path) => ["openFile", `vscode-remote://${host}${join(options.workspace, path)}`] as const,
    ),
    ...(options.payload ?? []).map(
      ([name, value]) => [name, value.replace("vscode-remote://HOST", `vscode-remote://${host}`)] as const,
    ),
  ];
  const query = new URLSearchParams({ folder: options.workspace });
  if (payload.length > 0) query.set("payload", JSON.stringify(payload));
  return `${origin}/?${query.toString()}`;
}

async function listeningPort(server: ChildProcess): Promise<number> {
  let output = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`VS Code did not start within 60 s:\n${output}`)), 60_000);
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const port = /Extension host agent listening on (\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    server.stdout?.on("data", listen);
    server.stderr?.on("data", listen);
    server.on("exit", (code) => reject(new Error(`VS Code ended with code ${code}:\n${output}`)));
  });
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  signal(child.pid, "SIGTERM");
  await Promise.race([ended, delay(3_000)]);
  signal(child.pid, "SIGKILL");
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // The group is gone already.
  }
}
