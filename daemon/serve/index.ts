/**
 * HTTP and WebSocket on the loopback address: the page, and `protocol.ts` for every view.
 *
 * Takes in: a pipeline, and requests that show the token or the page's cookie. Hands out: snapshots and changes as the
 * protocol has them. Every view is a cursor; the state is the pipeline's.
 */
export { TraceServer, portIsTaken, type ServeOptions } from "./server.ts";
export { readTapSettings } from "./client-message.ts";
export { type Showing } from "./present-status.ts";
export { duration } from "./words.ts";
