import { MessageDescriptor, type FieldDescriptor } from "../proto/index.ts";

/** The message that an extension extends, with the extension as its only field: enough to write and read it. */
export function extensionHolder(extension: FieldDescriptor): MessageDescriptor | undefined {
  const extendee = extension.extendee;
  if (extendee === undefined) return undefined;
  const holder = new MessageDescriptor(extendee.file, extendee.parent, extendee.node, extendee.features, false);
  holder.fields.push(extension);
  return holder;
}
