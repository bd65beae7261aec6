import type { RegistrySettings, TapSettings } from "../serve/protocol.ts";

/** What a daemon is started with. Goes over its standard input, since an argument list is readable by everybody. */
export interface DaemonSettings {
  /** Its contracts decode the traffic; it also names the daemon: one owner per user and workspace. */
  readonly workspaceFolder?: string;
  readonly taps: readonly TapSettings[];
  /** Hosts beyond this machine that the user agreed to. */
  readonly allowRemote?: readonly string[];
  readonly addressMap?: Readonly<Record<string, string>>;
  /** Where schemas come from that messages only name by an id. */
  readonly registry?: RegistrySettings;
  /** Where the live page was bundled to, for browsers. */
  readonly webviewFolder?: string;
  /** The guardian's program, `dist/node/guardian.js`. */
  readonly guardianPath?: string;
  /** How long it stays after the last client left. Default 10 s. */
  readonly idleMs?: number;
}

/** The one line that a daemon reads: its settings, and what only its starter knows. */
export interface DaemonConfig extends DaemonSettings {
  readonly version: string;
  /** The user's state folder; see folders.ts. */
  readonly stateDir: string;
}

/** The one line that it answers. */
export type DaemonAnswer =
  | { readonly ready: true }
  /** Another process is this workspace's daemon already, or becomes it now. */
  | { readonly busy: true }
  /** One sentence. */
  | { readonly failed: string };
