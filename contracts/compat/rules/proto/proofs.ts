import type { FieldDescriptor } from "../../../proto/index.ts";
import type { Pair, Proof } from "../../proto-rule.ts";
import { extensionHolder } from "../../proto-extension.ts";

/** The data to try for a field pair: in the messages that hold it, an extension in what it extends. */
export function proofOf({ before, after }: Pair<FieldDescriptor>): { proof?: Proof } {
  if (before.isExtension || after.isExtension) {
    const old = extensionHolder(before);
    const now = extensionHolder(after);
    return old === undefined || now === undefined
      ? {}
      : { proof: { before: old, after: now, number: before.number, wireOnly: true } };
  }
  if (before.parent === undefined || after.parent === undefined || before.parent.isMapEntry)
    return mapProof(before, after);
  return { proof: { before: before.parent, after: after.parent, number: before.number } };
}

/** For the key or value of a map: the map field, in the message that has it. */
function mapProof(before: FieldDescriptor, after: FieldDescriptor): { proof?: Proof } {
  const old = before.parent?.parent?.fields.find((field) => field.typeRef === before.parent);
  const now = after.parent?.parent?.fields.find((field) => field.typeRef === after.parent);
  if (old?.parent === undefined || now?.parent === undefined || old.number !== now.number) return {};
  return { proof: { before: old.parent, after: now.parent, number: old.number } };
}
