import { SchemaCompiler, type DataMessage } from "../../json-schema/index.ts";
import type { DocumentSet } from "../../source/index.ts";
import type { Finding, Format } from "../finding.ts";
import type { CheckRequest, Judges } from "../request.ts";
import { forEachObjectPair, pairMessages } from "./pairs.ts";
import { prove } from "./prove.ts";
import type { DataRule } from "./rule.ts";

/** Both versions of all documents, with one compiler for each, shared by every contract of a check. */
export interface Versions {
  readonly before: DocumentSet;
  readonly after: DocumentSet;
  readonly compilers: { readonly before: SchemaCompiler; readonly after: SchemaCompiler };
}

export function versionsOf(before: DocumentSet, after: DocumentSet): Versions {
  return { before, after, compilers: { before: new SchemaCompiler(before), after: new SchemaCompiler(after) } };
}

/** The findings of `rules` on the messages of one contract. A break that many messages share is found once. */
export function checkData(
  format: Format,
  rules: readonly DataRule[],
  messages: { readonly before: readonly DataMessage[]; readonly after: readonly DataMessage[] },
  versions: Versions,
  request: CheckRequest,
  judges: Judges | undefined,
): Finding[] {
  const findings = new Map<string, Finding>();
  const visited = new Map<string, Set<string>>();
  const proving = { format, profiles: request.profiles, judges };
  for (const pair of pairMessages(messages.before, messages.after, versions.compilers)) {
    const { ownerWrites, side } = pair.after.message;
    // What the application writes is read by others who stay as they are: that is asked at the forward levels.
    if (request.level === (ownerWrites ? "backward" : "forward")) continue;
    const about = ownerWrites ? "written-by-owner" : "read-by-owner";
    const kind = `${about} ${side ?? ""}`;
    const seen = visited.get(kind) ?? new Set<string>();
    visited.set(kind, seen);
    forEachObjectPair(pair, seen, (objects) => {
      for (const rule of rules) {
        if (rule.about !== about) continue;
        for (const draft of rule.check(objects)) {
          const { path, span } = draft.place;
          const key = `${rule.id} ${path} ${span.start} ${draft.property} ${draft.previous?.span.start ?? ""}`;
          // A message that could not be constructed for one use of a schema may well be for another.
          if (findings.get(key)?.verdict === "breaking") continue;
          const finding = prove(rule, draft, objects, proving);
          if (finding !== undefined) findings.set(key, finding);
        }
      }
    });
  }
  return [...findings.values()];
}
