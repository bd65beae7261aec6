/**
 * All rules on .proto files, with the categories that buf puts them into in each version of its configuration.
 *
 * Takes in: nothing. Hands out: the table. A rule's file says what it checks, why, and what to do.
 */
import type { ProtoRule } from "../../proto-rule.ts";
import { enumNoDelete } from "./enum-no-delete.ts";
import { enumSameJsonFormat } from "./enum-same-json-format.ts";
import { enumSameType } from "./enum-same-type.ts";
import { enumValueNoAdd } from "./enum-value-no-add.ts";
import { enumValueNoDelete } from "./enum-value-no-delete.ts";
import { enumValueNoDeleteUnlessNameReserved } from "./enum-value-no-delete-unless-name-reserved.ts";
import { enumValueNoDeleteUnlessNumberReserved } from "./enum-value-no-delete-unless-number-reserved.ts";
import { enumValueReserveDeleted } from "./enum-value-reserve-deleted.ts";
import { enumValueSameName } from "./enum-value-same-name.ts";
import { extensionMessageNoDelete } from "./extension-message-no-delete.ts";
import { extensionNoDelete } from "./extension-no-delete.ts";
import { fieldNoDelete } from "./field-no-delete.ts";
import { fieldNoDeleteUnlessNameReserved } from "./field-no-delete-unless-name-reserved.ts";
import { fieldNoDeleteUnlessNumberReserved } from "./field-no-delete-unless-number-reserved.ts";
import { fieldReserveDeleted } from "./field-reserve-deleted.ts";
import { fieldSameCardinality } from "./field-same-cardinality.ts";
import { fieldSameCppStringType } from "./field-same-cpp-string-type.ts";
import { fieldSameCustomOptions } from "./field-same-custom-options.ts";
import { fieldSameDefault } from "./field-same-default.ts";
import { fieldSameJavaUtf8Validation } from "./field-same-java-utf8-validation.ts";
import { fieldSameJsonName } from "./field-same-json-name.ts";
import { fieldSameJstype } from "./field-same-jstype.ts";
import { fieldSameName } from "./field-same-name.ts";
import { fieldSameOneof } from "./field-same-oneof.ts";
import { fieldSameType } from "./field-same-type.ts";
import { fieldSameUtf8Validation } from "./field-same-utf8-validation.ts";
import { fieldWireCompatibleCardinality } from "./field-wire-compatible-cardinality.ts";
import { fieldWireCompatibleType } from "./field-wire-compatible-type.ts";
import { fieldWireJsonCompatibleCardinality } from "./field-wire-json-compatible-cardinality.ts";
import { fieldWireJsonCompatibleType } from "./field-wire-json-compatible-type.ts";
import { fileNoDelete } from "./file-no-delete.ts";
import { fileSameCcEnableArenas } from "./file-same-cc-enable-arenas.ts";
import { fileSameCcGenericServices } from "./file-same-cc-generic-services.ts";
import { fileSameCsharpNamespace } from "./file-same-csharp-namespace.ts";
import { fileSameGoPackage } from "./file-same-go-package.ts";
import { fileSameJavaGenericServices } from "./file-same-java-generic-services.ts";
import { fileSameJavaMultipleFiles } from "./file-same-java-multiple-files.ts";
import { fileSameJavaOuterClassname } from "./file-same-java-outer-classname.ts";
import { fileSameJavaPackage } from "./file-same-java-package.ts";
import { fileSameObjcClassPrefix } from "./file-same-objc-class-prefix.ts";
import { fileSameOptimizeFor } from "./file-same-optimize-for.ts";
import { fileSamePackage } from "./file-same-package.ts";
import { fileSamePhpClassPrefix } from "./file-same-php-class-prefix.ts";
import { fileSamePhpMetadataNamespace } from "./file-same-php-metadata-namespace.ts";
import { fileSamePhpNamespace } from "./file-same-php-namespace.ts";
import { fileSamePyGenericServices } from "./file-same-py-generic-services.ts";
import { fileSameRubyPackage } from "./file-same-ruby-package.ts";
import { fileSameSwiftPrefix } from "./file-same-swift-prefix.ts";
import { fileSameSyntax } from "./file-same-syntax.ts";
import { messageNoDelete } from "./message-no-delete.ts";
import { messageNoRemoveStandardDescriptorAccessor } from "./message-no-remove-standard-descriptor-accessor.ts";
import { messageSameJsonFormat } from "./message-same-json-format.ts";
import { messageSameRequiredFields } from "./message-same-required-fields.ts";
import { oneofNoDelete } from "./oneof-no-delete.ts";
import { oneofNoGrow } from "./oneof-no-grow.ts";
import { packageEnumNoDelete } from "./package-enum-no-delete.ts";
import { packageExtensionNoDelete } from "./package-extension-no-delete.ts";
import { packageMessageNoDelete } from "./package-message-no-delete.ts";
import { packageNoDelete } from "./package-no-delete.ts";
import { packageServiceNoDelete } from "./package-service-no-delete.ts";
import { reservedEnumNoDelete } from "./reserved-enum-no-delete.ts";
import { reservedMessageNoDelete } from "./reserved-message-no-delete.ts";
import { rpcNoDelete } from "./rpc-no-delete.ts";
import { rpcSameClientStreaming } from "./rpc-same-client-streaming.ts";
import { rpcSameIdempotencyLevel } from "./rpc-same-idempotency-level.ts";
import { rpcSameRequestType } from "./rpc-same-request-type.ts";
import { rpcSameResponseType } from "./rpc-same-response-type.ts";
import { rpcSameServerStreaming } from "./rpc-same-server-streaming.ts";
import { serviceNoDelete } from "./service-no-delete.ts";
import { typeDeprecateReplaced } from "./type-deprecate-replaced.ts";

/**
 * The category of the rules that are not buf's: they are asked for by it or by their ids, so that the findings of buf's
 * categories stay those that buf's users know.
 */
export const ownCategory = "DATA";

/** The category of rules that break nobody and only advise; not buf's either. */
export const adviceCategory = "ADVICE";

/** A rule and its categories; a version in which it does not exist is absent. */
export interface ProtoRuleRow {
  readonly rule: ProtoRule;
  readonly v2?: string;
  readonly v1?: string;
  readonly v1beta1?: string;
}

export const protoRules: readonly ProtoRuleRow[] = [
  { rule: enumNoDelete, v2: "CSR FILE", v1: "FILE", v1beta1: "FILE" },
  {
    rule: enumSameJsonFormat,
    v2: "CSR FILE PACKAGE WIRE_JSON",
    v1: "FILE PACKAGE WIRE_JSON",
    v1beta1: "FILE PACKAGE WIRE_JSON",
  },
  { rule: enumSameType, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: enumValueNoAdd, v2: "DATA", v1: "DATA", v1beta1: "DATA" },
  { rule: enumValueNoDelete, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: enumValueNoDeleteUnlessNameReserved, v2: "CSR WIRE_JSON", v1: "WIRE_JSON", v1beta1: "WIRE_JSON" },
  {
    rule: enumValueNoDeleteUnlessNumberReserved,
    v2: "CSR WIRE_JSON WIRE",
    v1: "WIRE_JSON WIRE",
    v1beta1: "WIRE_JSON WIRE",
  },
  { rule: enumValueReserveDeleted, v2: "ADVICE", v1: "ADVICE", v1beta1: "ADVICE" },
  {
    rule: enumValueSameName,
    v2: "CSR FILE PACKAGE WIRE_JSON",
    v1: "FILE PACKAGE WIRE_JSON",
    v1beta1: "FILE PACKAGE WIRE_JSON",
  },
  { rule: extensionMessageNoDelete, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: extensionNoDelete, v2: "FILE" },
  { rule: fieldNoDelete, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fieldNoDeleteUnlessNameReserved, v2: "CSR WIRE_JSON", v1: "WIRE_JSON", v1beta1: "WIRE_JSON" },
  {
    rule: fieldNoDeleteUnlessNumberReserved,
    v2: "CSR WIRE_JSON WIRE",
    v1: "WIRE_JSON WIRE",
    v1beta1: "WIRE_JSON WIRE",
  },
  { rule: fieldReserveDeleted, v2: "ADVICE", v1: "ADVICE", v1beta1: "ADVICE" },
  { rule: fieldSameCardinality, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE WIRE_JSON WIRE" },
  { rule: fieldSameCppStringType, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fieldSameCustomOptions, v2: "DATA", v1: "DATA", v1beta1: "DATA" },
  { rule: fieldSameDefault, v2: "CSR FILE PACKAGE WIRE_JSON WIRE" },
  { rule: fieldSameJavaUtf8Validation, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  {
    rule: fieldSameJsonName,
    v2: "CSR FILE PACKAGE WIRE_JSON",
    v1: "FILE PACKAGE WIRE_JSON",
    v1beta1: "FILE PACKAGE WIRE_JSON",
  },
  { rule: fieldSameJstype, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  {
    rule: fieldSameName,
    v2: "CSR FILE PACKAGE WIRE_JSON",
    v1: "FILE PACKAGE WIRE_JSON",
    v1beta1: "FILE PACKAGE WIRE_JSON",
  },
  {
    rule: fieldSameOneof,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  { rule: fieldSameType, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE WIRE_JSON WIRE" },
  { rule: fieldSameUtf8Validation, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fieldWireCompatibleCardinality, v2: "WIRE", v1: "WIRE", v1beta1: "WIRE" },
  { rule: fieldWireCompatibleType, v2: "WIRE", v1: "WIRE" },
  { rule: fieldWireJsonCompatibleCardinality, v2: "CSR WIRE_JSON", v1: "WIRE_JSON", v1beta1: "WIRE_JSON" },
  { rule: fieldWireJsonCompatibleType, v2: "CSR WIRE_JSON", v1: "WIRE_JSON" },
  { rule: fileNoDelete, v2: "CSR FILE", v1: "FILE", v1beta1: "FILE" },
  { rule: fileSameCcEnableArenas, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameCcGenericServices, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameCsharpNamespace, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameGoPackage, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameJavaGenericServices, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameJavaMultipleFiles, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameJavaOuterClassname, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameJavaPackage, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameObjcClassPrefix, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameOptimizeFor, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSamePackage, v2: "CSR FILE PACKAGE WIRE_JSON WIRE", v1: "FILE PACKAGE WIRE_JSON WIRE", v1beta1: "FILE" },
  { rule: fileSamePhpClassPrefix, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSamePhpMetadataNamespace, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSamePhpNamespace, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSamePyGenericServices, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameRubyPackage, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameSwiftPrefix, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: fileSameSyntax, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: messageNoDelete, v2: "CSR FILE", v1: "FILE", v1beta1: "FILE" },
  {
    rule: messageNoRemoveStandardDescriptorAccessor,
    v2: "CSR FILE PACKAGE",
    v1: "FILE PACKAGE",
    v1beta1: "FILE PACKAGE",
  },
  {
    rule: messageSameJsonFormat,
    v2: "CSR FILE PACKAGE WIRE_JSON",
    v1: "FILE PACKAGE WIRE_JSON",
    v1beta1: "FILE PACKAGE WIRE_JSON",
  },
  {
    rule: messageSameRequiredFields,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  { rule: oneofNoDelete, v2: "CSR FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  { rule: oneofNoGrow, v2: "DATA", v1: "DATA", v1beta1: "DATA" },
  { rule: packageEnumNoDelete, v2: "PACKAGE", v1: "PACKAGE", v1beta1: "PACKAGE" },
  { rule: packageExtensionNoDelete, v2: "PACKAGE" },
  { rule: packageMessageNoDelete, v2: "PACKAGE", v1: "PACKAGE", v1beta1: "PACKAGE" },
  { rule: packageNoDelete, v2: "PACKAGE", v1: "PACKAGE", v1beta1: "PACKAGE" },
  { rule: packageServiceNoDelete, v2: "PACKAGE", v1: "PACKAGE", v1beta1: "PACKAGE" },
  {
    rule: reservedEnumNoDelete,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  {
    rule: reservedMessageNoDelete,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  { rule: rpcNoDelete, v2: "FILE PACKAGE", v1: "FILE PACKAGE", v1beta1: "FILE PACKAGE" },
  {
    rule: rpcSameClientStreaming,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  {
    rule: rpcSameIdempotencyLevel,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  {
    rule: rpcSameRequestType,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  {
    rule: rpcSameResponseType,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  {
    rule: rpcSameServerStreaming,
    v2: "CSR FILE PACKAGE WIRE_JSON WIRE",
    v1: "FILE PACKAGE WIRE_JSON WIRE",
    v1beta1: "FILE PACKAGE WIRE_JSON WIRE",
  },
  { rule: serviceNoDelete, v2: "FILE", v1: "FILE", v1beta1: "FILE" },
  { rule: typeDeprecateReplaced, v2: "ADVICE", v1: "ADVICE", v1beta1: "ADVICE" },
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
