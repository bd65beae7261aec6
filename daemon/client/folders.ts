/** Where the daemon of a workspace keeps what it needs between starts. */
import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The user's folder for Contrail's state: `CONTRAIL_STATE_DIR`, else where the platform keeps such things. */
export function stateFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const given = env["CONTRAIL_STATE_DIR"];
  if (given !== undefined && given !== "") return given;
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "contrail");
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "contrail");
  const xdg = env["XDG_STATE_HOME"];
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".local", "state"), "contrail");
}

/** The folder of one workspace's daemon, made if it was not there, for its user alone. Without a workspace, one for all such. */
export function daemonFolder(workspaceFolder: string | undefined, state: string = stateFolder()): string {
  const folder = join(state, "daemons", workspaceFolder === undefined ? "none" : workspaceId(workspaceFolder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The connection file of a workspace's daemon; it is there only while one runs. */
export function connectionFileOf(workspaceFolder: string | undefined, state?: string): string {
  return join(daemonFolder(workspaceFolder, state), "daemon.json");
}

function workspaceId(folder: string): string {
  let real = folder;
  try {
    real = realpathSync.native(folder);
  } catch {
    // A folder that is not on this disk is known by its name.
  }
  return createHash("sha256").update(real).digest("hex").slice(0, 16);
}
