/**
 * All rules on .proto files, with the categories that buf puts them into in each version of its configuration.
 *
 * Takes in: nothing. Hands out: the table. A rule's file says what it checks, why, and what to do.
 */
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldNoDelete } from "./field-no-delete.ts";
import { fieldSameType } from "./field-same-type.ts";

/** A rule and its categories; a version in which it does not exist is absent. */
export interface ProtoRuleRow {
  readonly rule: ProtoRule;
  readonly v2?: string;
  readonly v1?: string;
  readonly v1beta1?: string;
}

export const protoRules: readonly ProtoRuleRow[] = [
  { rule: fieldNoDelete, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fieldSameType, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE WIRE_JSON WIRE" },
];

/** Ids that buf retired, and what stands in their place. */
export const replacedRules: Readonly<Record<string, readonly string[]>> = {
  FIELD_SAME_CTYPE: ["FIELD_SAME_CPP_STRING_TYPE"],
  FIELD_SAME_LABEL: [
    "FIELD_SAME_CARDINALITY",
    "FIELD_WIRE_COMPATIBLE_CARDINALITY",
    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
  ],
  FILE_SAME_JAVA_STRING_CHECK_UTF8: ["FIELD_SAME_JAVA_UTF8_VALIDATION"],
  FILE_SAME_PHP_GENERIC_SERVICES: [],
  MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT: [],
};
