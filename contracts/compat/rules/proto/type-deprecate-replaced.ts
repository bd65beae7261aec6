import { nestedMessages, optionWord, type FileDescriptor } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { nestedName } from "./deletions.ts";
import { asFirstLines, typesOf } from "./edits.ts";
import { headPlace } from "./places.ts";
import { lastPart } from "./words.ts";

/** A type that another has replaced says so to whoever reads it. */
export const typeDeprecateReplaced: ProtoRule = {
  id: "TYPE_DEPRECATE_REPLACED",
  purpose:
    "Checks that a message or enum is marked deprecated when another has replaced it and its file uses it no more.",
  why: "Whoever meets the old type cannot see that there is a new one, and goes on using it.",
  advice: "Mark the old type deprecated, unless other files are meant to go on using it.",
  isAdvice: true,
  over: "files",
  check({ before, after }, report) {
    const old = usesOf(before);
    const now = usesOf(after);
    const used = new Set(now.values());
    const declared = typesOf(after);
    const known = typesOf(before);
    const told = new Set<string>();
    for (const [where, was] of old) {
      const is = now.get(where);
      const type = declared.get(was);
      const previous = known.get(was);
      if (is === undefined || is === was || used.has(was) || told.has(was)) continue;
      if (type === undefined || previous === undefined) continue;
      if (optionWord(type.node.options, "deprecated") === "true") continue;
      told.add(was);
      const edit = asFirstLines(type, ["option deprecated = true;"]);
      report({
        message: `"${lastPart(is)}" has replaced "${type.name}" in "${where}", and nothing else in this file uses "${type.name}".`,
        place: headPlace(type),
        previous: headPlace(previous),
        sourceConsequence: "",
        ...(edit === undefined
          ? {}
          : { fixes: [{ title: `Mark "${type.name}" deprecated`, preferred: true, edits: [edit] }] }),
      });
    }
  },
};

/** What each field (by number) and each side of an rpc of a file refers to, by full name. */
function usesOf(file: FileDescriptor): Map<string, string> {
  const uses = new Map<string, string>();
  const add = (where: string, type: string | undefined): void => {
    if (type !== undefined) uses.set(where, type);
  };
  for (const message of nestedMessages(file.messages)) {
    for (const field of message.fields) {
      const value = field.isMap && field.typeRef?.kind === "message" ? field.typeRef.fieldByNumber(2) : field;
      add(`${nestedName(message)}.${field.name}`, value?.typeRef?.fullName);
    }
    for (const extension of message.extensions) add(extension.fullName, extension.typeRef?.fullName);
  }
  for (const extension of file.extensions) add(extension.fullName, extension.typeRef?.fullName);
  for (const service of file.services) {
    for (const method of service.methods) {
      add(`${service.name}.${method.name} request`, method.request?.fullName);
      add(`${service.name}.${method.name} response`, method.response?.fullName);
    }
  }
  return uses;
}
