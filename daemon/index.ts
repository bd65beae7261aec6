/**
 * The daemon: one process that taps brokers, correlates, stores and serves.
 *
 * Takes in: addresses of brokers, or a recording; the contracts of a workspace. Hands out: a loopback HTTP and WebSocket
 * service that speaks `serve/protocol.ts`. Others reach it through `client/` only; this file is for whoever runs it.
 */
export { runTrace } from "./trace.ts";
export type { ConfigureRequest, RunningTrace, TraceOptions } from "./trace-options.ts";
export { Capture, CaptureError, exportRecording } from "./store/index.ts";
export {
  exportFormats,
  exportLines,
  messageLine,
  openForReading,
  planRepublishing,
  republish,
  RepublishError,
  type CaptureReading,
  type ExportFormat,
  type RepublishPlan,
  type RepublishTargets,
} from "./export/index.ts";
export { parseAddressMap, parseKafkaAddress, parseRabbitmqAddress, isLoopback } from "./tap/index.ts";
export type { TapSettings } from "./serve/protocol.ts";
