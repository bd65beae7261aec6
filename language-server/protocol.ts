/**
 * What the language server and its client say to each other beyond the Language Server Protocol. Owned by the server;
 * the extension imports from here. Both sides ignore what they do not know.
 */

/** What the client hands over with `initialize`, and again in `workspace/didChangeConfiguration` as `contrail.*`. */
export interface InitializationOptions {
  /** Whether the user trusts the workspace. The server only ever reads; an untrusted workspace changes nothing else. */
  readonly trusted?: boolean;
  readonly settings?: ServerSettings;
  /** Whether the client itself watches files and sends their changes; else the server asks it to. */
  readonly watchesFiles?: boolean;
}

export interface ServerSettings {
  /** `contrail.check.enable`: false silences findings and problems. */
  readonly enable?: boolean;
  /** `contrail.check.against`: `git:REF` or a folder; empty: contrail.yaml, else the merge-base with the default branch. */
  readonly against?: string;
  /** `contrail.check.level`: `backward`, `forward` or `full`; contrail.yaml wins where it is there. */
  readonly level?: string;
  /** `contrail.proto.importPaths`: folders that imports are relative to; empty: found. contrail.yaml wins. */
  readonly importPaths?: readonly string[];
  /** `contrail.codeLens.enable`: show on each message definition what was seen live. */
  readonly codeLens?: boolean;
}

/** The scheme of the baseline's texts: what `relatedInformation` of a finding points to. The client shows them read only. */
export const baselineScheme = "contrail-baseline";

/**
 * Client -> server, request. The text of a contract as the baseline has it, for a document whose URI has the scheme
 * `contrail-baseline`. `null` when the baseline does not have it (any more).
 */
export const baselineTextRequest = "contrail/baselineText";
export interface BaselineTextParams {
  readonly uri: string;
}
export interface BaselineTextResult {
  readonly text: string;
}

/**
 * Client -> server, notification. A trace runs: `file` is the daemon's connection file (mode 0600), through which the
 * server follows what is seen live of each message definition. `null`: the trace has ended.
 */
export const daemonNotification = "contrail/daemon";
export interface DaemonParams {
  readonly file: string | null;
}

/**
 * Server -> client, notification. After each check that changed something: what was compared with, and what could not
 * be done, a sentence each. For the status item.
 */
export const statusNotification = "contrail/status";
export interface StatusParams {
  readonly folders: readonly FolderStatus[];
}
export interface FolderStatus {
  readonly uri: string;
  /** `main (merge-base 1a2b3c4)`, `nothing`. */
  readonly baseline: string;
  readonly contracts: number;
  readonly breaking: number;
  /** How long the last check took, in milliseconds. */
  readonly tookMs: number;
  readonly notes: ReadonlyArray<{
    readonly code: string;
    readonly severity: "info" | "error";
    readonly message: string;
  }>;
}

/** The command behind a code lens: the client shows the conversations in which a message definition was seen. */
export const showSeenCommand = "contrail.showSeen";
/** Its only argument. */
export interface ShowSeenArguments {
  readonly definition: string;
}
