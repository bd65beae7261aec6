import { lanesOf } from "./present-lanes.ts";
import { conversationRow, stepGlyphs } from "./present-row.ts";
import { goToOf, sentenceOf } from "./present-sentence.ts";
import type { ConversationDetail } from "./protocol.ts";
import type { Subject } from "./subject.ts";

/** A conversation in full: its sentence, its steps, its lanes. */
export function conversationDetail(subject: Subject, revision: number, dismissed: boolean): ConversationDetail {
  const goTo = goToOf(subject);
  const { steps, kind } = subject.conversation;
  const current = steps.findLastIndex(({ state }) => state !== "not reached" && state !== "compensation missing");
  const underWay = steps.some(({ state }) => state === "running" || state === "stuck" || state === "compensating");
  return {
    row: conversationRow(subject, revision, dismissed),
    sentence: sentenceOf(subject),
    ...(goTo === undefined ? {} : { goTo }),
    steps: stepGlyphs(subject),
    ...(kind === "saga" && underWay && current >= 0 ? { currentStep: current } : {}),
    ...lanesOf(subject),
  };
}
