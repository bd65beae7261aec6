import type { Pipeline } from "../pipeline.ts";
import type { TapReport } from "../tap/envelope.ts";
import type { Board } from "./board.ts";
import type { Activity } from "./histogram.ts";
import type { Showing } from "./present-status.ts";
import type { ClientMessage } from "./protocol.ts";

/** What views look at and may ask for. */
export interface Shown {
  readonly pipeline: Pipeline;
  readonly board: Board;
  readonly activity: Activity;
  showing(): Showing;
  reports(): readonly TapReport[];
  retryTap(tap: string): void;
  /** Resolves to what stood in the way, in a sentence; to `undefined` when it is done. */
  configure(message: Extract<ClientMessage, { kind: "configure" }>): Promise<string | undefined>;
  browserAddress(): string;
  shutdown(): void;
}
