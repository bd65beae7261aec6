/**
 * From messages to conversations.
 *
 * Takes in: captured messages with their decoded bodies, deliveries, commits, transactions, the time, and what the
 * contracts say of channels. Hands out: edges with their evidence, exchanges, conversations and sagas, and what of
 * them changed. Pure: no clock, no input or output; the result is a function of what came in, whatever its order
 * within the lateness of `limits.ts`.
 */
export type * from "./model.ts";
export { createCorrelator, type CorrelatorHealth, type CorrelatorOptions } from "./correlator.ts";
export { bounds, thresholds, type Counters } from "./limits.ts";
