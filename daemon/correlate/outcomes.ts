/**
 * What conversations come to: built when somebody asks, kept as long as it is right, and looked at again at the moments
 * at which time alone changes it.
 */
import { type Built, buildConversation, type Knowledge, type Outcome } from "./build.ts";
import type { Contribution } from "./families.ts";
import type { Conv, Membership } from "./groups.ts";
import { bounds, thresholds } from "./limits.ts";
import type { Conversation, Standing } from "./model.ts";
import { Timers } from "./timers.ts";

/** Up to so many looks that are no longer due are not worth a search. */
const fewChecks = 10_000;

export class Outcomes {
  private readonly membership: Membership;
  private readonly know: Knowledge;
  private readonly time: () => number;
  private readonly checks = new Timers<Conv>();
  private readonly recent: Conv[] = [];
  private recentNext = 0;

  /** `time` is the newest moment that is known of. */
  constructor(membership: Membership, know: Knowledge, time: () => number) {
    this.membership = membership;
    this.know = know;
    this.time = time;
    membership.onGone = (conv) => {
      const contribution = conv.contribution as Contribution | undefined;
      if (contribution) know.families.add(contribution, -1);
      conv.contribution = undefined;
    };
  }

  /** Has a conversation looked at again, at this moment of event time at the latest. */
  checkAt(conv: Conv, at: number): void {
    if (at >= conv.nextCheck) return;
    conv.nextCheck = at;
    this.checks.add(at, conv);
  }

  /** Looks at all whose moment has come. */
  checkDue(): void {
    const time = this.time();
    const all: Conv[] = [];
    for (let due = this.checks.takeDue(time); due; due = this.checks.takeDue(time)) {
      const conv = due.what;
      if (conv.gone || conv.nextCheck !== due.at) continue;
      conv.nextCheck = Infinity;
      all.push(conv);
    }
    // Not while they are taken out: whatever a look asks for, each has one look at a time.
    for (const conv of all) this.check(conv);
    // Most messages begin a conversation and are soon part of another: what is left of theirs is not waited for.
    if (this.checks.size > 1.25 * this.membership.count + fewChecks) {
      this.checks.keep((conv, at) => !conv.gone && conv.nextCheck === at);
    }
  }

  /** What it came to, without everything that it is made of. */
  standing(conv: Conv): Standing {
    const { state, isTroubled, digest } = this.outcomeOf(conv);
    conv.shown = digest;
    return { state, isTroubled, ...timesOf(conv) };
  }

  /** Time has passed for a conversation: learns from it, and says whether it changed by that. */
  private check(conv: Conv): void {
    const quietAt = conv.lastAt + thresholds.instanceQuiet;
    const finalAt = conv.lastAt + thresholds.conversationSession;
    const time = this.time();
    // The last look, by what is known then: it does not depend on when it was looked at before.
    if (time >= finalAt) {
      conv.built = undefined;
      conv.outcome = undefined;
    }
    const { contribution, until, digest } = this.outcomeOf(conv);
    if (time >= quietAt) {
      // What it had shown when it was last thought to be over counts for good.
      if (conv.final) conv.contribution = contribution;
      else this.learn(conv, contribution);
      // After so long a silence it is not expected to go on: what it showed stands, and need not be kept.
      conv.final = time >= finalAt && until === undefined;
      if (conv.final) conv.contribution = undefined;
      else if (time < finalAt) this.checkAt(conv, finalAt);
    } else this.checkAt(conv, quietAt);
    if (until !== undefined) this.checkAt(conv, until);
    if (conv.shown === 0 || digest === conv.shown) return;
    // Views are told once; whether they look again is theirs.
    conv.shown = 0;
    this.membership.touch(conv);
  }

  /** What a conversation shows now takes the place of what it showed before. */
  private learn(conv: Conv, shows: Contribution | undefined): void {
    const before = conv.contribution as Contribution | undefined;
    if (shows === before) return;
    if (before) this.know.families.add(before, -1);
    if (shows) this.know.families.add(shows, 1);
    conv.contribution = shows;
  }

  /** A conversation as views see it. From how many instances a shape is known grows with others, and is always today's number. */
  valueOf(conv: Conv): Conversation {
    const { value, outcome } = this.build(conv);
    conv.shown = outcome.digest;
    if (value.inferredFrom === undefined) return value;
    const { instances } = this.know.families.of(outcome.contribution.family);
    return value.inferredFrom === instances ? value : { ...value, inferredFrom: instances };
  }

  /** What a conversation came to: known without building it again as long as nothing changed. */
  private outcomeOf(conv: Conv): Outcome {
    const known = conv.outcome as Outcome | undefined;
    const isKnown = known !== undefined && isRight(known, conv, this.time());
    return isKnown ? known : this.judge(conv).outcome;
  }

  /** What a conversation is made of now. */
  build(conv: Conv): Built {
    const known = conv.built as Built | undefined;
    const now = this.time();
    if (known && isRight(known.outcome, conv, now)) return known;
    if (known && conv.size > thresholds.largeConversation && now < known.builtAt + conv.size / 4) {
      // A large one that grows all the time is not built for each message; the next look comes by itself.
      this.checkAt(conv, known.builtAt + conv.size / 4);
      return known;
    }
    const built = this.judge(conv);
    conv.built = built;
    // Few of many conversations are looked at: the values of the others are not kept.
    const old = this.recent[this.recentNext];
    if (old && old !== conv) old.built = undefined;
    this.recent[this.recentNext] = conv;
    this.recentNext = (this.recentNext + 1) % bounds.builtConversations;
    return built;
  }

  private judge(conv: Conv): Built {
    const built = buildConversation(conv, this.time(), this.know);
    conv.outcome = built.outcome;
    return built;
  }
}

/** From the first of everything in a conversation to its last message; where it has none, to its last span. */
function timesOf(conv: Conv): Pick<Standing, "startedAt" | "lastAt"> {
  let startedAt = Infinity;
  let [lastMessage, last] = [0, 0];
  for (const { at, broker } of conv.nodes()) {
    if (at < startedAt) startedAt = at;
    if (at > last) last = at;
    if (at > lastMessage && broker !== "otlp") lastMessage = at;
  }
  return { startedAt, lastAt: lastMessage === 0 ? last : lastMessage };
}

/** Whether what a conversation came to is still what it comes to. */
function isRight({ revision, until }: Outcome, conv: Conv, time: number): boolean {
  return revision === conv.revision && (until === undefined || time < until);
}
