/**
 * A capture is one SQLite file.
 *
 * Takes in: what taps saw, already masked, and what it meant. Hands out: the same again in order, by number or by
 * time, and which messages have a word. Knows nothing of correlation or views.
 */
export { Capture } from "./capture.ts";
export {
  defaultLimits,
  type CaptureLimits,
  type SearchableMessage,
  type StoredEvent,
  type StoredMessage,
} from "./capture-types.ts";
export { captureFailed, CaptureError, readingFailed } from "./errors.ts";
export { exportRecording } from "./recording.ts";
export { matcher, type SearchTerm } from "./search-words.ts";
