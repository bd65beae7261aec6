/**
 * What is common to the contracts whose messages JSON Schemas describe.
 *
 * Takes in: the messages of two versions and rules. Hands out: findings, each proven by a message that one version
 * may write and the other refuses.
 */
export { type Versions, checkData, versionsOf } from "./check.ts";
export { type ObjectPair, type ObjectView } from "./pairs.ts";
export { type RequiredChange, becameOptional, becameRequired, newRequired, removedRequired } from "./required.ts";
export { type ValueChange, enumValuesUnknownToReader, nullTaken, typesChanged } from "./property-values.ts";
export { type DataRule, type Draft } from "./rule.ts";
