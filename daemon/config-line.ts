import type { DaemonConfig } from "./client/index.ts";

/** The one line of settings on standard input (client/settings.ts); `undefined` where there is none. */
export async function readConfig(): Promise<DaemonConfig | undefined> {
  let text = "";
  if (process.stdin.isTTY) return undefined;
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    if (text.includes("\n") || text.length > 1024 * 1024) break;
  }
  try {
    const config = JSON.parse(text.split("\n", 1)[0] ?? "") as DaemonConfig;
    return typeof config.stateDir === "string" && Array.isArray(config.taps) ? config : undefined;
  } catch {
    return undefined;
  }
}
