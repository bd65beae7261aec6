import type { Conversation, Edge, Journey, Participant, Parties, Seq, SpanStep } from "../correlate/model.ts";
import type { MessageFacts } from "../pipeline-facts.ts";
import type { Pipeline } from "../pipeline.ts";
import { count, list } from "./words.ts";

/** One conversation with what presenting it asks again and again, each found once. */
export class Subject {
  readonly conversation: Conversation;
  readonly pipeline: Pipeline;
  readonly now: number;
  private readonly incoming = new Map<Seq, Edge[]>();
  private edgesRead = false;
  private onlyMessages: readonly Seq[] | undefined;
  // A long conversation is walked through for its row, its sentence and its lanes: each answer is looked up once.
  private readonly knownFacts = new Map<Seq, MessageFacts | undefined>();
  private readonly knownJourneys = new Map<Seq, Journey>();
  private readonly knownParties = new Map<Seq, Parties>();

  constructor(conversation: Conversation, pipeline: Pipeline, now: number) {
    this.conversation = conversation;
    this.pipeline = pipeline;
    this.now = now;
  }

  /** The messages of the conversation; all of its spans where there are no others. */
  get messages(): readonly Seq[] {
    const { seqs, spans } = this.conversation;
    if (spans === undefined || this.isOnlySpans) return seqs;
    this.onlyMessages ??= withoutSpans(seqs, spans);
    return this.onlyMessages;
  }

  /** Work of services of which no message was seen. */
  get isOnlySpans(): boolean {
    const { seqs, spans } = this.conversation;
    return spans !== undefined && spans.length === seqs.length;
  }

  /** How many messages there are, and how many spans: in words, `4 messages and 3 spans`. */
  get size(): string {
    const { spans } = this.conversation;
    const inWords = [
      ...(this.isOnlySpans ? [] : [count(this.messages.length, "message")]),
      ...(spans === undefined || spans.length === 0 ? [] : [count(spans.length, "span")]),
    ];
    return list(inWords);
  }

  facts(seq: Seq): MessageFacts | undefined {
    const known = this.knownFacts.get(seq);
    if (known !== undefined || this.knownFacts.has(seq)) return known;
    const facts = this.pipeline.factsOf(seq);
    this.knownFacts.set(seq, facts);
    return facts;
  }

  name(seq: Seq): string {
    return this.pipeline.correlator.nameOf(seq);
  }

  journey(seq: Seq): Journey {
    let journey = this.knownJourneys.get(seq);
    if (journey === undefined) this.knownJourneys.set(seq, (journey = this.pipeline.correlator.journey(seq)));
    return journey;
  }

  writer(seq: Seq): Participant | undefined {
    return this.parties(seq).writer;
  }

  readers(seq: Seq): readonly Participant[] {
    return withoutOwnInstances(this.parties(seq).readers);
  }

  private parties(seq: Seq): Parties {
    let parties = this.knownParties.get(seq);
    if (parties === undefined) this.knownParties.set(seq, (parties = this.pipeline.correlator.parties(seq)));
    return parties;
  }

  /** What led to a message, the strongest first; edges that only link conversations come last. */
  causes(seq: Seq): readonly Edge[] {
    if (!this.edgesRead) {
      for (const edge of this.conversation.edges) {
        const known = this.incoming.get(edge.to);
        if (known === undefined) this.incoming.set(edge.to, [edge]);
        else known.push(edge);
      }
      for (const edges of this.incoming.values()) edges.sort(byStrength);
      this.edgesRead = true;
    }
    return this.incoming.get(seq) ?? [];
  }

  /** `pricing-svc +1`: the readers of a message in few words; empty when nobody is known to read it. */
  readersInWords(seq: Seq): string {
    const [first, ...others] = this.readers(seq);
    if (first === undefined) return "";
    return others.length === 0 ? first.name : `${first.name} +${others.length}`;
  }

  /** How often it was handed out of the queue that handed it out most: copies for several queues are no redeliveries. */
  timesDelivered(seq: Seq): number {
    return this.again(seq).reduce(
      (most, { nth }) => Math.max(most, nth),
      Math.min(1, this.journey(seq).deliveries.length),
    );
  }

  /** Deliveries beyond the first of each queue: the second is `nth` 2. */
  again(seq: Seq): ReadonlyArray<{ readonly delivery: Journey["deliveries"][number]; readonly nth: number }> {
    const perQueue = new Map<string, number>();
    return this.journey(seq).deliveries.flatMap((delivery) => {
      const nth = (perQueue.get(delivery.queue) ?? 0) + 1;
      perQueue.set(delivery.queue, nth);
      return nth === 1 ? [] : [{ delivery, nth }];
    });
  }

  /** Messages that break their contract, in order. */
  violations(): readonly MessageFacts[] {
    return this.conversation.seqs.flatMap((seq) => {
      const facts = this.facts(seq);
      return facts?.check === "invalid" ? [facts] : [];
    });
  }
}

function withoutSpans(seqs: readonly Seq[], spans: readonly SpanStep[]): readonly Seq[] {
  const left = new Set(spans.map(({ seq }) => seq));
  return seqs.filter((seq) => !left.has(seq));
}

/** `warehouse` and `warehouse-2` are one reader: the role that a contract names, and the instance that was seen. */
function withoutOwnInstances(readers: readonly Participant[]): readonly Participant[] {
  if (readers.length < 2) return readers;
  const roles = new Set(readers.map(({ name }) => name));
  return readers.filter(({ name }) => {
    const role = /^(.+)[-_.#]\d+$/.exec(name)?.[1];
    return role === undefined || !roles.has(role);
  });
}

const strengths = ["certain", "declared", "inferred", "possible"];

function byStrength(a: Edge, b: Edge): number {
  return Number(b.joins) - Number(a.joins) || strengths.indexOf(a.strength) - strengths.indexOf(b.strength);
}
