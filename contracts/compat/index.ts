/**
 * Compatibility of two versions of contracts.
 *
 * Takes in: two sets of texts, a level, reader profiles. Hands out: findings, each with a verdict, a place, words,
 * and, for breaks of data, a witness that independent judges confirmed. Reads nothing, keeps nothing, never throws
 * on what a user wrote.
 */
export * from "./finding.ts";
export * from "./settings.ts";
export * from "./request.ts";
export { checkContracts } from "./check.ts";
export { detectContract } from "./detect.ts";
export { loadJudges } from "./judges/index.ts";
export { checkProto, type ProtoReport } from "./proto-check.ts";
export { adviceCategory, ownCategory, protoRules, type ProtoRuleRow } from "./rules/proto/index.ts";
export type { ProtoRule, RuleText } from "./proto-rule.ts";
