/**
 * What `npm run soak` and the integration tests run for long: cycles of tapping that must leave no trace, and a load
 * under which memory must stay flat. Takes in running brokers; hands out what was compared and measured.
 */
export { soakMemory, type MemoryOptions } from "./memory.ts";
export { ManagementApi } from "./management-api.ts";
export { noTraceReport, NoTraceRig, restoreWithinMs, type Cycle, type Ending } from "./no-trace.ts";
export { startTapping, type TappingDaemon, type TappingOptions } from "./tapping-daemon.ts";
