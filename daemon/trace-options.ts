import type { Change } from "./correlate/model.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ClientMessage, RegistrySettings, TapSettings } from "./serve/protocol.ts";
import type { CaptureLimits } from "./store/index.ts";
import type { Tap, TapReport } from "./tap/envelope.ts";

export interface TraceOptions {
  readonly taps: readonly TapSettings[];
  /** Taps of the caller's own making, for tests. */
  readonly customTaps?: readonly Tap[];
  /** Contracts are looked for below this folder and watched. */
  readonly contractsFolder?: string;
  /** Hosts beyond this machine that the user agreed to. */
  readonly allowRemote?: readonly string[];
  /** What brokers advertise -> where it is reached from here. */
  readonly addressMap?: Readonly<Record<string, string>>;
  /** Where schemas come from that messages only name by an id; its host needs consent like a broker's. */
  readonly registry?: RegistrySettings;
  /** The file to record into, which must not exist. */
  readonly captureFile?: string;
  /** Where captures of this trace's owner lie; one left open is gone on with. Without it and a file: a temporary one. */
  readonly captureFolder?: string;
  readonly captureLimits?: CaptureLimits;
  /** The user's own folder, where what was changed on brokers is noted; without it nothing is changed there. */
  readonly stateDir?: string;
  /** The guardian's program, `dist/node/guardian.js`. */
  readonly guardianPath?: string;
  readonly port?: number;
  /** Where the live page was bundled to; without it only the socket is served. */
  readonly webviewFolder?: string;
  /** What is played, in words: `the sample shop, recorded 2026-11-21`. */
  readonly source?: string;
  readonly onViews?: (count: number) => void;
  /** What correlation changed in a round, after it was stored: for whoever runs the trace in its own process. */
  readonly onChanges?: (changes: readonly Change[]) => void;
  /** It runs in a process of its own, whose code is warmed up while it connects. */
  readonly warmsUp?: boolean;
  /** A view asked for the end. */
  readonly onShutdown?: () => void;
}

export interface RunningTrace {
  readonly port: number;
  /** Lets programs in; see client/. */
  readonly token: string;
  readonly captureId: string;
  readonly captureFile: string | undefined;
  /** The bound parts, for whoever runs the trace in its own process. */
  readonly pipeline: Pipeline;
  /** An address for one browser, once. */
  browserAddress(): string;
  /** What was touched on each broker. */
  reports(): readonly TapReport[];
  /** What else the user should know, a sentence each; see the status of the protocol. */
  notes(): readonly string[];
  /** Resolves to what stood in the way, in a sentence, or to `undefined`. */
  configure(message: ConfigureRequest): Promise<string | undefined>;
  /** Resolves when a recording has been played to its end, or nothing is played. */
  readonly ended: Promise<void>;
  /** Ends everything within two seconds: taps put back what they changed, the capture is closed. Safe to call twice. */
  stop(): Promise<void>;
}

/** What to tap from now on. */
export type ConfigureRequest = Pick<
  Extract<ClientMessage, { kind: "configure" }>,
  "taps" | "allowRemote" | "addressMap" | "registry" | "again"
>;
