import type { MessageFacts } from "./pipeline-facts.ts";

/** What few messages have for themselves; all else they have in common with others of their channel. */
type Own = "seq" | "at" | "receivedAt" | "key";
type Shared = Omit<MessageFacts, Own>;

const perPage = 256;

/** Facts of messages with numbers that follow one another, in columns. */
interface Page {
  readonly at: number[];
  readonly receivedAt: number[];
  readonly keys: string[];
  readonly shared: Array<Shared | undefined>;
}

/** So many different facts of a channel are looked through for the same; of others each message has its own. */
const mostAlike = 16;
const mostChannels = 10_000;

/**
 * The facts of the newest messages. There are very many, and an object of its own for each, and for each of its times,
 * is what the collector would spend most of its time on: here they stand in columns, and are put together when asked.
 */
export class KnownFacts {
  private readonly pages = new Map<number, Page>();
  private readonly byChannel = new Map<string, Shared[]>();
  private readonly mostPages: number;

  /** Keeps those of the newest `most` messages at least. */
  constructor(most: number) {
    this.mostPages = Math.ceil(most / perPage) + 1;
  }

  get(seq: number): MessageFacts | undefined {
    const page = this.pages.get(Math.floor(seq / perPage));
    const place = seq % perPage;
    const shared = page?.shared[place];
    if (page === undefined || shared === undefined) return undefined;
    const at = page.at[place] as number;
    const receivedAt = page.receivedAt[place] as number;
    return { seq, at, receivedAt, key: page.keys[place] as string, ...shared };
  }

  /** Keeps facts, also in the place of others; returns the numbers of messages that gave way and break their contract. */
  set(facts: MessageFacts): readonly number[] {
    const number = Math.floor(facts.seq / perPage);
    let page = this.pages.get(number);
    let broken: readonly number[] = none;
    if (page === undefined) {
      page = newPage();
      this.pages.set(number, page);
      if (this.pages.size > this.mostPages) broken = this.dropOldest();
    }
    const place = facts.seq % perPage;
    page.at[place] = facts.at;
    page.receivedAt[place] = facts.receivedAt;
    page.keys[place] = facts.key;
    page.shared[place] = this.sharedOf(facts);
    return broken;
  }

  private dropOldest(): readonly number[] {
    for (const [number, { shared }] of this.pages) {
      this.pages.delete(number);
      return shared.flatMap((one, place) => (one?.check === "invalid" ? [number * perPage + place] : []));
    }
    return none;
  }

  private sharedOf(facts: MessageFacts): Shared {
    const alike = this.alikeIn(facts.channel);
    for (const one of alike) if (isSame(one, facts)) return one;
    const { seq: _seq, at: _at, receivedAt: _receivedAt, key: _key, ...shared } = facts;
    if (alike.length < mostAlike && isCommon(facts)) alike.push(shared);
    return shared;
  }

  private alikeIn(channel: string): Shared[] {
    let alike = this.byChannel.get(channel);
    if (alike === undefined) {
      if (this.byChannel.size >= mostChannels) this.byChannel.clear();
      alike = [];
      this.byChannel.set(channel, alike);
    }
    return alike;
  }
}

const none: readonly number[] = [];

const noTimes: readonly number[] = Array.from({ length: perPage }, () => Number.NaN);
const noKeys: readonly string[] = Array.from({ length: perPage }, () => "");
const nothingShared: ReadonlyArray<Shared | undefined> = Array.from({ length: perPage });

function newPage(): Page {
  return { at: noTimes.slice(), receivedAt: noTimes.slice(), keys: noKeys.slice(), shared: nothingShared.slice() };
}

/** Whether others may have the same: what is wrong with a message, and how long a span took, is its own. */
function isCommon(facts: MessageFacts): boolean {
  return facts.violation === undefined && facts.span === undefined;
}

function isSame(one: Shared, other: MessageFacts): boolean {
  return (
    one.tap === other.tap &&
    one.broker === other.broker &&
    one.format === other.format &&
    one.check === other.check &&
    one.definition === other.definition &&
    one.unroutable === other.unroutable &&
    one.bodyShed === other.bodyShed &&
    isCommon(other)
  );
}
