/**
 * What protoc refuses although it can be parsed and linked: duplicate names and numbers, reserved numbers in use,
 * ranges, defaults, options of the wrong type, features where they have no meaning.
 */
import type { FileDescriptor } from "../descriptors.ts";
import { checkOptions } from "./all-options.ts";
import type { ValidationContext } from "./context.ts";
import { checkEnum } from "./enums.ts";
import { checkExtensions } from "./extensions.ts";
import { checkFieldFeatures, checkFileFeatures } from "./features.ts";
import { checkField } from "./fields.ts";
import { checkFile } from "./files.ts";
import { checkEnumJsonNames, checkJsonNames } from "./json-names.ts";
import { checkMessage } from "./messages.ts";
import { checkNames } from "./names.ts";
import { enumsOf, extensionsOf, messagesOf } from "./walk.ts";

export function validateSchema(context: ValidationContext): void {
  checkNames(context);
  for (const file of context.files) validateFile(context, file);
  checkExtensions(context);
  withoutConsequences(context);
}

/** Problems that say that something is missing: in a file that could not be read whole, it may be there all the same. */
const absences = new Set(["proto-empty-oneof", "proto-empty-enum", "proto-unused-import", "proto-allow-alias"]);

function withoutConsequences(context: ValidationContext): void {
  const broken = new Set(context.files.filter((file) => file.node.problems.length > 0).map((file) => file.path));
  if (broken.size === 0) return;
  const kept = context.problems.filter((problem) => !(absences.has(problem.code) && broken.has(problem.path)));
  context.problems.splice(0, context.problems.length, ...kept);
}

function validateFile(context: ValidationContext, file: FileDescriptor): void {
  for (const message of messagesOf(file)) {
    checkMessage(context, message);
    checkJsonNames(context, message);
    for (const field of message.fields) {
      checkField(context, field);
      checkFieldFeatures(context, field);
    }
  }
  for (const extension of extensionsOf(file)) {
    checkField(context, extension);
    checkFieldFeatures(context, extension);
  }
  for (const enumeration of enumsOf(file)) {
    checkEnum(context, enumeration);
    checkEnumJsonNames(context, enumeration);
  }
  checkFileFeatures(context, file);
  // Options use imports as well: unused ones are known only behind them.
  checkOptions(context, file);
  checkFile(context, file);
}
