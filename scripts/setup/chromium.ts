/** A Chromium for tests of the live page and of the editor: the system's own, else Debian's package. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { aptInstall } from "./apt.ts";

const usualPlaces = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** The path of a Chromium that can be driven; `CONTRAIL_CHROMIUM` names another one. */
export function findChromium(): string | undefined {
  const named = process.env["CONTRAIL_CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : undefined;
  return usualPlaces.find((path) => existsSync(path));
}

/** Finds Chromium, or installs Debian's package where that is allowed. */
export async function ensureChromium(): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  await aptInstall(["chromium"], "Chromium (for tests of the live page and the editor)");
  const installed = findChromium();
  if (installed === undefined) {
    throw new Error(
      "Chromium was installed but is not where it should be. Name it by CONTRAIL_CHROMIUM=/path/to/chromium.",
    );
  }
  return installed;
}

/** The flags with which Chromium runs without a display and asks nothing of the outside. */
export const chromiumFlags: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** Whether `path` runs at all: a snap stub, for example, exists and does not. */
export function chromiumRuns(path: string): boolean {
  return spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
}
