/**
 * What things cost. Opened by scripts/bench.ts, one function a bench; this file is for other scripts that put the same
 * load on the same daemon.
 */
export { line, quantile, spread } from "./figures.ts";
export { processUsage, type ProcessUsage } from "./process-usage.ts";
export {
  nameOf,
  openTapRig,
  produceSteadily,
  readSteadyLoad,
  startTap,
  tapOf,
  until,
  type BrokerKind,
  type TapRig,
} from "./tap-rig.ts";
export { orEnded } from "./undo.ts";
