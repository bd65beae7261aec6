/**
 * The daemon as it runs behind the editor, from `dist`. Takes in: its settings and the folder of its state. Hands out: a
 * connection as it comes up, and its end, which Ctrl-C brings about as well.
 */
import { join } from "node:path";
import { startDaemon, stopDaemon, type DaemonConnection, type DaemonSettings } from "../../daemon/client/index.ts";
import { repositoryRoot } from "../setup/paths.ts";
import { toBeEnded } from "./undo.ts";

export interface BuiltDaemon {
  readonly starting: Promise<DaemonConnection>;
  readonly stop: () => Promise<void>;
}

/** `cleanUp` comes after its end. */
export function startBuiltDaemon(
  settings: DaemonSettings,
  stateDir: string,
  cleanUp?: () => Promise<void>,
): BuiltDaemon {
  const starting = startDaemon({
    daemonPath: join(repositoryRoot, "dist", "node", "daemon.js"),
    settings,
    version: "bench",
    client: "cli",
    stateDir,
  });
  const stop = toBeEnded(async () => {
    // Where it did not start there is nothing but its folder.
    (await starting.catch(() => undefined))?.close();
    await stopDaemon(settings.workspaceFolder, stateDir);
    await cleanUp?.();
  });
  return { starting, stop };
}
