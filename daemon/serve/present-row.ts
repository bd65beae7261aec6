import type { ConversationRow, StepGlyph } from "./protocol.ts";
import { duplicatesInWords, problemsOf } from "./problems.ts";
import type { Subject } from "./subject.ts";

const needsLookStates: ReadonlySet<string> = new Set(["stuck", "failed", "late"]);
/** A row names at most so many participants; the detail has them all. */
const mostParticipants = 12;

/** A conversation as one row of the list. */
export function conversationRow(subject: Subject, revision: number, dismissed: boolean): ConversationRow {
  const { conversation } = subject;
  const problems = problemsOf(subject);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const ended = conversation.endedAt ?? (isOpen(conversation.state) ? undefined : conversation.lastAt);
  const took = (ended ?? (conversation.state === "stuck" ? subject.now : conversation.lastAt)) - conversation.startedAt;
  return {
    id: conversation.id,
    revision,
    kind: conversation.kind,
    name: conversation.name,
    key: conversation.key,
    state: conversation.state,
    inferred: conversation.inferredFrom !== undefined || isInferred(subject),
    steps: stepGlyphs(subject),
    latest: latest(subject, problems[0]),
    participants: participantsOf(subject),
    errors,
    warnings: problems.length - errors,
    messages: subject.messages.length,
    startedAt: conversation.startedAt,
    lastAt: conversation.lastAt,
    ...(conversation.seqs.length > 1 || conversation.state === "stuck" ? { tookMs: Math.max(0, took) } : {}),
    needsLook: !dismissed && (needsLookStates.has(conversation.state) || errors > 0),
  };
}

export function stepGlyphs({ conversation, now }: Subject): readonly StepGlyph[] {
  return conversation.steps.map((step, index) => {
    const ms = stepTime(conversation.steps, index, now);
    return {
      name: step.name,
      state: step.state,
      ...(step.compensation === undefined ? {} : { compensation: step.compensation.name }),
      ...(ms === undefined ? {} : { ms }),
    };
  });
}

/**
 * How long a step took, milliseconds: from its first message to its last, or up to now while it is under way. A step of
 * one message (an event) took the time since the step before it; of the first there is nothing to say.
 */
function stepTime(steps: Subject["conversation"]["steps"], index: number, now: number): number | undefined {
  const step = steps[index];
  if (step?.startedAt === undefined) return undefined;
  if (step.seqs.length === 1 && step.endedAt === step.startedAt) {
    const before = steps[index - 1]?.endedAt ?? steps[index - 1]?.startedAt;
    return before === undefined ? undefined : Math.max(0, step.startedAt - before);
  }
  const end = step.endedAt ?? (step.state === "running" || step.state === "stuck" ? now : undefined);
  return end === undefined ? undefined : Math.max(0, end - step.startedAt);
}

function latest(
  subject: Subject,
  problem: ReturnType<typeof problemsOf>[number] | undefined,
): ConversationRow["latest"] {
  if (problem !== undefined) return { text: problem.text, squiggle: problem.squiggle };
  const seq = subject.messages.at(-1);
  if (seq === undefined) return { text: "", squiggle: 0 };
  const readers = subject.readersInWords(seq);
  const twice = duplicatesInWords(subject);
  const text = `${subject.name(seq)}${readers === "" ? "" : ` → ${readers}`}${twice === "" ? "" : ` · ${twice}`}`;
  return { text, squiggle: 0 };
}

/** The names of the services that take part, the first ones first. */
export function participantsOf(subject: Subject): readonly string[] {
  const names = new Set<string>();
  // A long conversation repeats itself: its ends name everybody that a row has room for.
  const { seqs } = subject.conversation;
  const looked = seqs.length > 200 ? [...seqs.slice(0, 100), ...seqs.slice(-100)] : seqs;
  for (const seq of looked) {
    const writer = subject.writer(seq);
    if (writer !== undefined) names.add(writer.name);
    for (const reader of subject.readers(seq)) names.add(reader.name);
  }
  return [...names].slice(0, mostParticipants);
}

function isInferred(subject: Subject): boolean {
  const joining = subject.conversation.edges.filter(({ joins }) => joins);
  return joining.length > 0 && joining.every(({ strength }) => strength === "inferred");
}

function isOpen(state: string): boolean {
  return state === "running" || state === "compensating" || state === "stuck";
}
