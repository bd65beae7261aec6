/**
 * Compares two versions of .proto files: rules by buf's names and settings, and beside each finding what data shows.
 */
import { type FileDescriptor, isWithin, moduleOf, type ProtoSchema } from "../proto/index.ts";
import type { Place, Problem } from "../source/index.ts";
import type { Finding, Judgement, Witness } from "./finding.ts";
import { lookupsOf, pairsOf, type Pairs } from "./proto-pairs.ts";
import {
  consequenceOf,
  profilesOf,
  proveField,
  proveMessages,
  surfacesOf,
  witnessOf,
  type DataBreak,
} from "./proto-proof.ts";
import type { Draft, Lookups, ProtoRule, Report } from "./proto-rule.ts";
import { askedRules, isIgnored, type FileFacts } from "./proto-settings.ts";
import { schemaOf } from "./proto-schemas.ts";
import type { CheckRequest, ContractSet, Judges } from "./request.ts";
import { defaultBreaking, type ProtoModule } from "./settings.ts";

export interface ProtoReport {
  readonly findings: Finding[];
  readonly problems: Problem[];
}

/** Finds what breaks between the .proto files of both versions. Without `judges`, witnesses carry our own judgement only. */
export function checkProto(request: CheckRequest, judges?: Judges): ProtoReport {
  const before = schemaOf(request.before);
  const after = schemaOf(request.after);
  const findings: Finding[] = [];
  for (const module of modulesOf(request)) {
    const pairs = pairsOf({
      before: filesOf(before, request.before, module),
      after: filesOf(after, request.after, module),
    });
    const lookups = lookupsOf(pairs);
    const broken = new Set<string>();
    for (const { rule, unasked } of askedRules(module.breaking, request)) {
      const report = (draft: Draft): void => {
        if (isIgnored(module.breaking, rule.id, filesAbout(draft, before, after))) return;
        if (rule.isAdvice === true) {
          const isDecided = undecidedReason(draft, after) === undefined;
          if (isDecided && !broken.has(elementOf(draft))) findings.push(adviceOf(rule, draft));
          return;
        }
        if (unasked && draft.onlyWhenAsked === true) return;
        const finding = findingOf(request, rule, draft, judges);
        if (unasked && draft.breaksSource === false && !finding.surfaces.includes("wire")) return;
        broken.add(elementOf(draft));
        findings.push(unasked && request.data === "warn" ? { ...finding, severity: "warning" } : finding);
      };
      runRule(rule, pairs, report, lookups);
    }
  }
  findings.sort((a, b) => compare(a.place, b.place) || (a.ruleId < b.ruleId ? -1 : a.ruleId > b.ruleId ? 1 : 0));
  return { findings, problems: [...after.problems] };
}

/** The modules to compare: those of the new version, and old ones that are gone. Without any, the root is one. */
function modulesOf(request: CheckRequest): readonly ProtoModule[] {
  const modules = [...request.after.protoModules];
  for (const old of request.before.protoModules) {
    if (!modules.some((module) => module.directory === old.directory)) modules.push(old);
  }
  return modules.length === 0 ? [{ directory: "", excludes: [], breaking: defaultBreaking }] : modules;
}

function filesOf(schema: ProtoSchema, set: ContractSet, module: ProtoModule): FileDescriptor[] {
  if (set.protoModules.length === 0) return schema.files.filter((file) => isWithin(file.path, module.directory));
  return schema.files.filter((file) => moduleOf(file.path, set.protoModules)?.directory === module.directory);
}

function runRule(rule: ProtoRule, pairs: Pairs, report: Report, lookups: Lookups): void {
  switch (rule.over) {
    case "modules":
      rule.check(pairs.modules, report, lookups);
      return;
    case "files":
      for (const pair of pairs.files) rule.check(pair, report, lookups);
      return;
    case "messages":
      for (const pair of pairs.messages) rule.check(pair, report, lookups);
      return;
    case "fields":
      for (const pair of pairs.fields) rule.check(pair, report, lookups);
      return;
    case "enums":
      for (const pair of pairs.enums) rule.check(pair, report, lookups);
      return;
    case "services":
      for (const pair of pairs.services) rule.check(pair, report, lookups);
      return;
    case "methods":
      for (const pair of pairs.methods) rule.check(pair, report, lookups);
  }
}

/** The files that a draft is about, which settings can ignore. */
function filesAbout(draft: Draft, before: ProtoSchema, after: ProtoSchema): FileFacts[] {
  const files: FileFacts[] = [];
  const here = (draft.placeVersion === "before" ? before : after).file(draft.place.path);
  if (here !== undefined) files.push(here);
  const old = draft.previous === undefined ? undefined : before.file(draft.previous.path);
  if (old !== undefined) files.push(old);
  return files;
}

/** Why a draft decides nothing, if it does not. */
function undecidedReason(draft: Draft, after: ProtoSchema): string | undefined {
  if (draft.undecided !== undefined) return draft.undecided;
  const file =
    draft.deleted === undefined || draft.placeVersion === "before" ? undefined : after.file(draft.place.path);
  if (file === undefined || draft.deleted === undefined || file.node.problems.length === 0) return undefined;
  if (!file.node.text.includes(draft.deleted)) return undefined;
  return `"${file.path}" has mistakes, and "${draft.deleted}" still stands in it: it may only not be readable.`;
}

function findingOf(request: CheckRequest, rule: ProtoRule, draft: Draft, judges: Judges | undefined): Finding {
  const reason = undecidedReason(draft, schemaOf(request.after));
  const breaks = reason === undefined ? breaksOf(draft, request.level) : [];
  const breaksSource = draft.breaksSource ?? true;
  const surfaces = surfacesOf(breaks, breaksSource);
  const own = witnessOf(breaks);
  const witness = own === undefined ? undefined : judged(own, request, judges);
  const doubter = witness?.judges.find((judge) => !judge.confirms);
  const affected: Finding["affected"] = [
    ...(breaks.some((found) => found.reader === "after") ? (["new-readers"] as const) : []),
    ...(breaks.some((found) => found.reader === "before") ? (["old-readers"] as const) : []),
    ...(surfaces.includes("source") ? (["generated-code"] as const) : []),
  ];
  const data = consequenceOf(breaks, draft.messages?.readers ?? "Readers");
  const finding: Finding = {
    ruleId: rule.id,
    format: "proto",
    verdict: reason === undefined ? "breaking" : "unknown",
    surfaces,
    affected,
    profiles: profilesOf(breaks, request.profiles),
    message: draft.message,
    consequence: data === "" ? draft.sourceConsequence : data,
    advice: draft.advice ?? rule.advice,
    place: draft.place,
    placeVersion: draft.placeVersion ?? "after",
    ...(draft.previous === undefined ? {} : { previous: draft.previous }),
    ...(draft.fixes === undefined ? {} : { fixes: draft.fixes }),
    ...(reason === undefined ? {} : { reason }),
  };
  if (witness === undefined) return finding;
  // A message that an independent judge reads otherwise proves nothing: the finding then speaks of code only.
  if (doubter !== undefined) {
    return {
      ...finding,
      surfaces: ["source"],
      affected: ["generated-code"],
      profiles: [],
      consequence: draft.sourceConsequence,
    };
  }
  return { ...finding, witness };
}

/** The old element that a draft is about: what broke is not advised on as well. */
function elementOf({ place, previous, deleted }: Draft): string {
  return `${place.path} ${place.span.start} ${previous?.path ?? ""} ${previous?.span.start ?? ""} ${deleted ?? ""}`;
}

function adviceOf(rule: ProtoRule, draft: Draft): Finding {
  return {
    ruleId: rule.id,
    format: "proto",
    verdict: "compatible",
    severity: "hint",
    surfaces: [],
    affected: [],
    profiles: [],
    message: draft.message,
    consequence: rule.why,
    advice: draft.advice ?? rule.advice,
    place: draft.place,
    placeVersion: "after",
    ...(draft.previous === undefined ? {} : { previous: draft.previous }),
    ...(draft.fixes === undefined ? {} : { fixes: draft.fixes }),
  };
}

function breaksOf(draft: Draft, level: CheckRequest["level"]): DataBreak[] {
  if (draft.proof !== undefined) return proveField(draft.proof, level);
  return draft.messages === undefined ? [] : proveMessages(draft.messages, level);
}

function judged(witness: Witness, request: CheckRequest, judges: Judges | undefined): Witness {
  const judge = judges?.wire;
  const confirms = judge?.confirms(request, witness);
  if (judge === undefined || confirms === undefined) return witness;
  const judgement: Judgement = { judge: judge.name, external: true, confirms };
  return { ...witness, judges: [...witness.judges, judgement] };
}

function compare(a: Place, b: Place): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.span.start - b.span.start || a.span.end - b.span.end;
}
