/** The options of every element of a file. */
import type { FieldDescriptor, FileDescriptor, MessageDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";
import { OptionChecker } from "./options.ts";
import { enumsOf, messagesOf } from "./walk.ts";

export function checkOptions(context: ValidationContext, file: FileDescriptor): void {
  const checker = new OptionChecker(context, file);
  checker.check(file.node.options, "file", undefined);
  const field = (descriptor: FieldDescriptor, scope: MessageDescriptor | undefined): void => {
    if (descriptor.node.options.length > 0) checker.check(descriptor.node.options, "field", scope);
  };
  for (const extension of file.extensions) field(extension, undefined);
  for (const message of messagesOf(file)) {
    checker.check(message.node.options, "message", message);
    for (const member of message.fields) field(member, message);
    for (const extension of message.extensions) field(extension, message);
    for (const oneof of message.oneofs) checker.check(oneof.node.options, "oneof", message);
    for (const range of distinctOptions(message)) checker.check(range, "extension-range", message);
  }
  for (const enumeration of enumsOf(file)) {
    checker.check(enumeration.node.options, "enum", enumeration.parent);
    for (const value of enumeration.values) checker.check(value.node.options, "enum-entry", enumeration.parent);
  }
  for (const service of file.services) {
    checker.check(service.node.options, "service", service);
    for (const method of service.methods) checker.check(method.node.options, "method", service);
  }
}

/** Ranges of one statement share their options: they are checked once. */
function distinctOptions(message: MessageDescriptor): Set<MessageDescriptor["node"]["options"]> {
  return new Set(message.node.extensionRanges.map((range) => range.options as MessageDescriptor["node"]["options"]));
}
