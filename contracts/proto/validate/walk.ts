import type { EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor } from "../descriptors.ts";
import { nestedMessages } from "../schema.ts";

/** All messages that the text of a file declares, nested ones too. */
export function messagesOf(file: FileDescriptor): Generator<MessageDescriptor> {
  return nestedMessages(file.messages);
}

export function* enumsOf(file: FileDescriptor): Generator<EnumDescriptor> {
  yield* file.enums;
  for (const message of messagesOf(file)) yield* message.enums;
}

export function* extensionsOf(file: FileDescriptor): Generator<FieldDescriptor> {
  yield* file.extensions;
  for (const message of messagesOf(file)) yield* message.extensions;
}
