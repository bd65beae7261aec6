import type { JsonValue } from "../../codec/decoded.ts";
import {
  type Evaluation,
  type Goal,
  type SchemaViolation,
  conjuncts,
  construct,
  evaluate,
  exportSchema,
} from "../../json-schema/index.ts";
import type { Finding, Format, Judgement, Observation, Version, Witness } from "../finding.ts";
import type { Judges } from "../request.ts";
import type { ReaderProfile } from "../settings.ts";
import type { MessagePair, MessageVersion, ObjectPair, ObjectView } from "./pairs.ts";
import { profilesThatBreak } from "./profiles.ts";
import type { DataRule, Draft } from "./rule.ts";

/** What is needed beside a draft to say whether it breaks anyone. */
export interface Proving {
  readonly format: Format;
  readonly profiles: readonly ReaderProfile[];
  readonly judges: Judges | undefined;
}

/**
 * The finding for a draft: `breaking` when a message was constructed that the writer's version allows and the
 * reader's refuses, and every judge that is there agrees; else `unknown`. Nothing when no asked profile breaks.
 */
export function prove(rule: DataRule, draft: Draft, pair: ObjectPair, proving: Proving): Finding | undefined {
  const { writer, reader } = sidesOf(pair.message);
  const writing = pair.message[writer];
  const reading = pair.message[reader];
  const { side } = pair.message.after.message;
  const finding = {
    ruleId: rule.id,
    format: proving.format,
    surfaces: ["json"],
    affected: [reader === "after" ? "new-readers" : "old-readers"],
    message: draft.message,
    consequence: draft.consequence,
    advice: draft.advice,
    place: draft.place,
    placeVersion: "after",
    ...(draft.previous === undefined ? {} : { previous: draft.previous }),
  } as const;
  const unknown = (reason: string): Finding => ({
    ...finding,
    verdict: "unknown",
    profiles: proving.profiles.map((profile) => profile.name),
    reason,
  });

  const shown = showBreak(draft, pair, writing, reading);
  if ("failure" in shown) {
    // The property went into alternatives; as far as it is missing in one of them, that one would have shown it.
    return standsInAlternatives(pair[writer], draft.property) ? undefined : unknown(shown.failure);
  }
  const { value, evaluation } = shown;
  const profiles = profilesThatBreak(reading.schema, value, side, proving.profiles);
  if (profiles.length === 0) return undefined;
  const written = JSON.stringify(value, undefined, 2);
  const judges = judgements(pair.message, written, proving.judges);
  const witness: Witness = {
    surface: "json",
    writer,
    reader,
    messageName: writing.message.name,
    written,
    observations: evaluation.violations.map((violation) => observation(violation, value)),
    judges,
  };
  const doubter = judges.find((judge) => !judge.confirms);
  if (doubter !== undefined) return unknown(`${doubter.judge} does not confirm the message that shows this break.`);
  return { ...finding, verdict: "breaking", profiles, witness };
}

/** A message that the writer's version allows and the reader's refuses, or why there is none to show. */
function showBreak(
  draft: Draft,
  pair: ObjectPair,
  writing: MessageVersion,
  reading: MessageVersion,
): { value: JsonValue; evaluation: Evaluation } | { failure: string } {
  const { side } = pair.message.after.message;
  const hint = writing.message.example ?? reading.message.example;
  const name = draft.property;
  const way = { steps: pair.steps, branches: pair.branches };
  const goals: Goal[] =
    draft.shownBy === "absence"
      ? [{ ...way, omit: name }]
      : draft.shownBy.map((value) => ({ ...way, put: { name, value } }));
  let failure = "";
  for (const goal of goals) {
    const construction = construct(writing.schema, { side, goal, hint });
    if ("failure" in construction) {
      failure ||= `No message that shows this break could be constructed: ${construction.failure}.`;
      continue;
    }
    const evaluation = evaluate(reading.schema, construction.value, { side });
    if (evaluation.outcome === "invalid") return { value: construction.value, evaluation };
    failure =
      evaluation.outcome === "undecided"
        ? `Whether readers accept such a message is not decided: ${evaluation.reason ?? ""}.`
        : "Readers accept the message that was to show this break; other messages may still fail.";
  }
  return { failure };
}

/** Whether an `anyOf` or `oneOf` of this object has the property, which then is not simply missing. */
function standsInAlternatives(view: ObjectView, name: string): boolean {
  return view.schemas.some((schema) =>
    [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].some((alternative) =>
      conjuncts([alternative]).schemas.some((part) => part.properties?.has(name) === true),
    ),
  );
}

/** Which version writes and which reads, where the contract's own application moves and the others stay. */
function sidesOf(pair: MessagePair): { writer: Version; reader: Version } {
  return pair.after.message.ownerWrites ? { writer: "after", reader: "before" } : { writer: "before", reader: "after" };
}

function judgements(pair: MessagePair, written: string, judges: Judges | undefined): Judgement[] {
  const own: Judgement = { judge: "contrail", external: false, confirms: true };
  const judge = judges?.json;
  if (judge === undefined) return [own];
  const { writer, reader } = sidesOf(pair);
  const { side } = pair.after.message;
  const accepts = (version: Version) => {
    const exported = exportSchema(pair[version].schema, side);
    return judge.accepts(exported.schema, exported.dialect, written);
  };
  const confirms = accepts(writer) === true && accepts(reader) === false;
  return [own, { judge: judge.name, external: true, confirms }];
}

function observation(violation: SchemaViolation, value: JsonValue): Observation {
  const { missing, message } = violation;
  const path =
    missing === undefined ? violation.path : violation.path === "" ? missing : `${violation.path}.${missing}`;
  const whole = missing === undefined && violation.path === "" ? { wrote: JSON.stringify(value) } : {};
  return { path, outcome: "rejected", detail: message, ...whole };
}
