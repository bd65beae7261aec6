/**
 * The engine: contracts as values.
 *
 * Takes in: texts of contracts, bytes of messages. Hands out: values: trees and problems (proto/, openapi/, asyncapi/,
 * json-schema/), findings with proof (compat/), decoded messages (codec/). It reads no disk and no network, has no clock,
 * and never throws on what a user wrote: an answer is a value and problems.
 *
 * Others import from the folder that they mean (`contracts/compat/index.ts`), so that a command loads only what it uses.
 */
export * from "./source/index.ts";
