/** The records that correlation keeps: one per message, one per place where ids stand. Internal to this folder. */
import type { Seq } from "./model.ts";
import type { IdStrength } from "./ids.ts";
import type { Field } from "./fields.ts";
import type { Clock } from "./clocks.ts";
import type { Author, Kind, Spot } from "./common.ts";
import type { Figures } from "./figures.ts";
import type { Group, Link } from "./groups.ts";
import type { Offset } from "./offsets.ts";
import type { PairEntry } from "./pairs.ts";
import type { JourneyRecord } from "./deliveries.ts";
import type { Entry } from "./value-entry.ts";

/** What an id does for its message; see `HeaderRole` for the meanings. `learned` has no known name. */
export type Role =
  | "self"
  | "cause"
  | "in reply to"
  | "pair"
  | "conversation"
  | "correlation"
  | "contract"
  | "trace"
  | "learned"
  | "business"
  | "key"
  | "idempotency";

/** A place where ids stand: one header name or body path, over all messages. */
export interface Slot {
  /** `header correlation-id`, `body orderId`, `property reply_to`, `key`. */
  readonly where: string;
  /** What the field is about (`order`), and whether that is a party or thing, which never joins. */
  readonly stem: string;
  /** The field's whole name in words: `order_number` and `order_id` are different fields about the same. */
  readonly field: string;
  readonly named: boolean;
  readonly thing: boolean;
  /** In which ways ids were seen here. */
  readonly ways: IdKind[];
}

/** What all ids of one place have in common that have one role and prove equally much. */
export interface IdKind {
  readonly slot: Slot;
  readonly role: Role;
  readonly strength: IdStrength;
  /** The name under which it is known is a framework's own, which is never used for something else. */
  readonly framework: boolean;
  /** What it says is decided on a tick, and revisable. */
  readonly soft: boolean;
  /** Under what name it tells groups apart; `undefined` where it does not. */
  readonly tells: string | undefined;
  /** It may be shared by a message and its answer. */
  readonly pairs: boolean;
  /** What is learned of its place as a field, or as a general correlation id; found once. */
  field: Field | undefined;
}

const softRoles: ReadonlySet<Role> = new Set(["learned", "business", "key", "trace", "idempotency"]);

/** The kind of an id in a place. */
export function idKind(slot: Slot, role: Role, strength: IdStrength, framework: boolean): IdKind {
  for (const way of slot.ways) {
    if (way.role === role && way.strength === strength && way.framework === framework) return way;
  }
  const soft = softRoles.has(role);
  const tells = tellsOf(slot, role, strength);
  const pairs = strength !== "weak" && (role === "pair" || role === "correlation" || role === "contract");
  const kind = { slot, role, strength, framework, soft, tells, pairs, field: undefined };
  slot.ways.push(kind);
  return kind;
}

function tellsOf(slot: Slot, role: Role, strength: IdStrength): string | undefined {
  if (strength === "weak") return undefined;
  if (role === "conversation" || role === "correlation") return `${role} ${slot.where}`;
  return role === "business" ? slot.field : undefined;
}

/** One id in one place of one message. */
export class Found {
  readonly kind: IdKind;
  /** Equal texts are one text, as soon as that is noticed. */
  value: string;
  /** The message; set when the message's record is made, right after its ids. */
  node: Node = undefined as unknown as Node;
  /** The next id of the message. */
  next: Found | undefined = undefined;
  /** All uses of the value, once there are several. */
  entry: Entry | undefined = undefined;

  constructor(kind: IdKind, value: string) {
    this.kind = kind;
    this.value = value;
  }

  get slot(): Slot {
    return this.kind.slot;
  }

  get role(): Role {
    return this.kind.role;
  }

  get strength(): IdStrength {
    return this.kind.strength;
  }

  get framework(): boolean {
    return this.kind.framework;
  }
}

/** What few messages say of themselves. */
export interface Remarks {
  readonly rawCorrelation: string | undefined;
  readonly replyAddress: string | undefined;
  readonly expectsReply: boolean;
  readonly isReplyByIntent: boolean;
  /** Milliseconds it may take, by the message itself. */
  readonly expiresAfter: number | undefined;
  readonly failed: boolean;
  readonly sagaType: string | undefined;
  readonly transactional: boolean;
}

export const noRemarks: Remarks = {
  rawCorrelation: undefined,
  replyAddress: undefined,
  expectsReply: false,
  isReplyByIntent: false,
  expiresAfter: undefined,
  failed: false,
  sagaType: undefined,
  transactional: false,
};

/** What is found out about few messages. */
class Findings {
  original: OriginalPlace | undefined = undefined;
  pairsAsked: PairEntry[] | undefined = undefined;
  pairsAnswered: PairEntry[] | undefined = undefined;
  deadline: Patience | undefined = undefined;
  duplicateOf: Node | undefined = undefined;
  windowCause: Node | undefined = undefined;
}

interface Patience {
  readonly wait: number;
  readonly basis: "message" | "declared" | "learned" | "default";
}

/** How many numbers a message keeps among figures. */
export const figuresPerNode = 4;

/** What is known of a message when its record is made. */
export type NodeParts = Pick<Node, "seq" | "at" | "receivedAt" | "timestamp" | "spot" | "kind" | "author" | "remarks"> &
  Pick<Node, "found" | "hash" | "bodySize" | "key" | "offset">;

/** One message. There are very many of these: what messages have in common stands once, in what they share. */
export class Node {
  readonly seq: Seq;
  readonly spot: Spot;
  readonly kind: Kind;
  readonly author: Author;
  readonly remarks: Remarks;
  /** The first of its ids; each knows the next. */
  readonly found: Found | undefined;
  readonly bodySize: number;
  /** One text with the same value among its ids, as soon as that is noticed. */
  key: string | undefined;
  /** In its partition; -1 where it is in none. */
  readonly offset: Offset;

  /** Set by whoever takes the record into a group, at once. */
  group: Group = undefined as unknown as Group;
  /** The next message of its group, and the first of its links. */
  next: Node | undefined = undefined;
  links: Link | undefined = undefined;
  settled = false;
  /** The clock that its timestamp was read from. */
  clock: Clock | undefined = undefined;
  journey: JourneyRecord | undefined = undefined;
  private findings: Findings | undefined = undefined;
  private readonly page: number[];
  private readonly slot: number;

  constructor(of: NodeParts, figures: Figures) {
    this.seq = of.seq;
    this.spot = of.spot;
    this.kind = of.kind;
    this.author = of.author;
    this.remarks = of.remarks;
    this.found = of.found;
    this.bodySize = of.bodySize;
    this.key = of.key;
    this.offset = of.offset;
    const { page, slot } = figures.next();
    this.page = page;
    this.slot = slot;
    page[slot] = of.at;
    page[slot + 1] = of.receivedAt;
    page[slot + 2] = of.timestamp ?? Number.NaN;
    page[slot + 3] = of.hash;
  }

  /** Effective time; may move while the clocks of the brokers are still being learned. */
  get at(): number {
    return this.page[this.slot] as number;
  }

  set at(at: number) {
    this.page[this.slot] = at;
  }

  get receivedAt(): number {
    return this.page[this.slot + 1] as number;
  }

  get timestamp(): number | undefined {
    const timestamp = this.page[this.slot + 2] as number;
    return Number.isNaN(timestamp) ? undefined : timestamp;
  }

  /** Of its body. */
  get hash(): number {
    return this.page[this.slot + 3] as number;
  }

  hasId(test: (found: Found) => boolean): boolean {
    return this.findId(test) !== undefined;
  }

  findId(test: (found: Found) => boolean): Found | undefined {
    for (let found = this.found; found; found = found.next) if (test(found)) return found;
    return undefined;
  }

  idsWhere(test: (found: Found) => boolean): Found[] {
    const ids: Found[] = [];
    for (let found = this.found; found; found = found.next) if (test(found)) ids.push(found);
    return ids;
  }

  get broker(): Spot["broker"] {
    return this.spot.broker;
  }

  get tap(): Spot["tap"] {
    return this.spot.tap;
  }

  get channel(): Spot["channel"] {
    return this.spot.channel;
  }

  get exchange(): Spot["exchange"] {
    return this.spot.exchange;
  }

  get routingKeys(): Spot["routingKeys"] {
    return this.spot.routingKeys;
  }

  get queues(): Spot["queues"] {
    return this.spot.queues;
  }

  get partition(): Spot["partition"] {
    return this.spot.partition;
  }

  get channelClass(): Kind["channelClass"] {
    return this.kind.channelClass;
  }

  get purpose(): Kind["purpose"] {
    return this.kind.purpose;
  }

  get name(): Kind["name"] {
    return this.kind.name;
  }

  get typed(): Kind["typed"] {
    return this.kind.typed;
  }

  get type(): Kind["type"] {
    return this.kind.type;
  }

  get producer(): Author["producer"] {
    return this.author.producer;
  }

  get producerLabel(): Author["producerLabel"] {
    return this.author.producerLabel;
  }

  get connection(): Author["connection"] {
    return this.author.connection;
  }

  get sender(): Author["sender"] {
    return this.author.sender;
  }

  get rawCorrelation(): Remarks["rawCorrelation"] {
    return this.remarks.rawCorrelation;
  }

  get replyAddress(): Remarks["replyAddress"] {
    return this.remarks.replyAddress;
  }

  get expectsReply(): Remarks["expectsReply"] {
    return this.remarks.expectsReply;
  }

  get isReplyByIntent(): Remarks["isReplyByIntent"] {
    return this.remarks.isReplyByIntent;
  }

  get expiresAfter(): Remarks["expiresAfter"] {
    return this.remarks.expiresAfter;
  }

  get failed(): Remarks["failed"] {
    return this.remarks.failed;
  }

  get sagaType(): Remarks["sagaType"] {
    return this.remarks.sagaType;
  }

  get transactional(): Remarks["transactional"] {
    return this.remarks.transactional;
  }

  /** Where it was republished from; set as well when its content is found to have been written elsewhere before. */
  get original(): OriginalPlace | undefined {
    return this.findings?.original;
  }

  set original(original: OriginalPlace | undefined) {
    this.note().original = original;
  }

  get pairsAsked(): PairEntry[] | undefined {
    return this.findings?.pairsAsked;
  }

  set pairsAsked(pairs: PairEntry[] | undefined) {
    this.note().pairsAsked = pairs;
  }

  get pairsAnswered(): PairEntry[] | undefined {
    return this.findings?.pairsAnswered;
  }

  set pairsAnswered(pairs: PairEntry[] | undefined) {
    this.note().pairsAnswered = pairs;
  }

  /** Fixed when the request settles, so that what is learned later does not change it. */
  get deadline(): Patience | undefined {
    return this.findings?.deadline;
  }

  set deadline(deadline: Patience | undefined) {
    this.note().deadline = deadline;
  }

  get duplicateOf(): Node | undefined {
    return this.findings?.duplicateOf;
  }

  set duplicateOf(node: Node | undefined) {
    this.note().duplicateOf = node;
  }

  /** What it was caused by as far as timing tells. */
  get windowCause(): Node | undefined {
    return this.findings?.windowCause;
  }

  set windowCause(node: Node | undefined) {
    this.note().windowCause = node;
  }

  private note(): Findings {
    return (this.findings ??= new Findings());
  }
}

/** Where a republished message says that it came from. */
export interface OriginalPlace {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly exchange?: string;
  readonly routingKey?: string;
}

/** Order of messages everywhere: effective time, then what the broker says, then the number. */
export function compareNodes(a: Node, b: Node): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.spot === b.spot) return a.broker === "kafka" ? compareOffsets(a, b) : compareContents(a, b);
  if (a.tap !== b.tap) return a.tap < b.tap ? -1 : 1;
  if (a.broker === "kafka" && a.channel === b.channel && a.partition === b.partition) {
    return compareOffsets(a, b);
  }
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1;
  return compareContents(a, b);
}

/** The list itself, in order. Most are short and nearly in order already. */
export function inOrder(nodes: Node[]): Node[] {
  if (nodes.length > 16) return nodes.sort(compareNodes);
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i] as Node;
    let at = i;
    for (; at > 0 && compareNodes(nodes[at - 1] as Node, node) > 0; at--) nodes[at] = nodes[at - 1] as Node;
    nodes[at] = node;
  }
  return nodes;
}

function compareOffsets(a: Node, b: Node): number {
  return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : a.seq - b.seq;
}

function compareContents(a: Node, b: Node): number {
  return a.hash === b.hash ? a.seq - b.seq : a.hash - b.hash;
}
