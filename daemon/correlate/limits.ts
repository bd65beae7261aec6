/**
 * Every threshold and every bound of correlation in one table, with what it means. Times are milliseconds.
 * They are starting values, measured on recordings of seven frameworks; nothing else in this folder holds a number
 * that decides what belongs together.
 */
export const thresholds = {
  /** How late a message may arrive behind the newest one before inferred decisions about its time are settled. */
  lateness: 2_000,
  /** Two uses of one conversation id further apart than this are two conversations. */
  conversationSession: 120_000,
  /** The same for strong ids without a known name, and for trace ids. */
  strongSession: 30_000,
  /** The same for business ids, until their own gaps are learned. */
  businessSession: 10_000,
  /** A gap between uses of a value ends a session where the gaps fall apart by at least this ratio. */
  gapRatio: 4,
  /** Gaps that must be seen on each side of that cut. */
  gapSupport: 3,
  /** Message types that share values are one flow when they do so in at least this part of the rarer one's sessions. */
  company: 0.5,
  /** Sessions that must be seen before two types can be said not to keep company. */
  companySupport: 4,
  /** Messages per type in one session, on average, above which a field names a thing and not a flow. */
  degree: 2.5,
  /** Messages per value from which a field's values are said to recur, and to be on whole flows. */
  recurring: 1.5,
  flowMessages: 3,
  /** One value on more messages than this is set aside... */
  valueMessages: 200,
  /** ...when these are also more than this part of all messages. */
  valueShare: 0.3,
  /** A value on this many messages never joins by inference, whatever its share. */
  valueMessagesInferred: 400,
  /** Fewer distinct values than this on many messages: the field is a category. */
  fieldDistinct: 3,
  fieldMessages: 30,
  /** How much earlier than its request a reply may seem to be, by the clocks: strong ids, and counters. */
  replyBefore: 5_000,
  counterReplyBefore: 50,
  /** Until when an answer is waited for, when neither the message nor the past says so. */
  replyDeadline: 30_000,
  /** Learned deadlines: from how many answers, and never shorter than this. */
  deadlineSupport: 20,
  fewSupport: 5,
  shortestDeadline: 1_000,
  /** Messages of one broker closer than this are siblings of one handler, not cause and effect. */
  siblings: 1.5,
  /** Clock error between a service and whoever saw its messages that is not taken for an order of spans and messages. */
  spanClock: 2_000,
  /** From this many messages and spans on, a trace is not looked at anew for each of them, but after a rest. */
  largeTrace: 256,
  largeTraceRest: 1_000,
  /** While messages come, earlier ones are looked through for those that got a name only so often. */
  namesRest: 1_000,
  /** Clock error between two brokers that is not taken for an order. */
  crossBroker: 5,
  /** Instances after which a family of sagas is known, and how often a type must have an effect to be expected to. */
  familySupport: 5,
  expected: 0.8,
  /** A type that has an effect less often than this may be the end of a saga. */
  terminal: 0.2,
  /** A flow of an unknown family is taken to be over after this much silence. */
  unknownQuiet: 10_000,
  /** What is said of a family counts an instance once it was silent for this long. */
  instanceQuiet: 2_000,
  /** Silence of a known family after which it is over: this many times its usual longest pause, within bounds. */
  quietFactor: 3,
  shortestQuiet: 500,
  longestQuiet: 60_000,
  /** How long what was handed to a service may be the cause of what it writes, unless it answers earlier... */
  window: 1_000,
  /** ...and at most, for requests that are answered late. */
  windowLongest: 30_000,
  /** Part of the effects that come in a window, and of the causes that are followed by one, for a pair to be believed. */
  windowCover: 0.9,
  windowRegular: 0.5,
  /** Part of the moments beside an effect at which a cause stands as near by chance. */
  windowChance: 0.25,
  windowShifts: [400, 1_100, 2_300],
  windowTypes: 4_000,
  windowOpen: 256,
  windowTimes: 256,
  windowWaiting: 64,
  /** From this many messages on, a conversation is not built anew for each of them. */
  largeConversation: 2_000,
  /** Two copies of one content on one channel within this time are a duplicate. */
  duplicateWithin: 60_000,
  /** ...when it is at least so long, where messages have no ids of their own. */
  duplicateBytes: 16,
  unnamedDuplicateWithin: 5_000,
} as const;

/** What is kept at most; at each bound the oldest goes first and a counter says how often. */
export const bounds = {
  messages: 100_000,
  occurrencesPerValue: 64,
  idsPerMessage: 64,
  bodyPaths: 64,
  bodyDepth: 5,
  headersPerMessage: 128,
  valueLength: 128,
  slots: 20_000,
  channels: 20_000,
  types: 5_000,
  joinedMessages: 10_000,
  familyTypes: 256,
  childTypes: 16,
  causeCandidates: 64,
  pendingDeliveries: 10_000,
  deliveriesPerMessage: 64,
  /** Messages that look the same, one of which a delivery may be of. */
  sameContent: 256,
  /** Queues that a message died in, as `x-death` lists them. */
  deaths: 64,
  /** Producers whose clocks are known, and those of whom it was learned who they are. */
  clocks: 20_000,
  producers: 20_000,
  /** Partitions that some group committed in, groups of one, commits of one of these. */
  committedPartitions: 20_000,
  groupsPerPartition: 256,
  commitsPerPartition: 10_000,
  /** Records that views are told of at once, for a commit or the end of a transaction. */
  recordsPerCommit: 1_000,
  /** Producers that ended a transaction, counted for each partition. */
  transactions: 20_000,
  gaps: 256,
  spans: 50_000,
  spansPerTrace: 2_000,
  comparisonsPerTrace: 2_000,
  sharedValueTypes: 24,
  /** Values that are known to be everywhere. */
  setAside: 1_000,
  /** Types, and pairs of them, of which it is counted in which fields they share values; pairs that came in one flow. */
  fieldTypes: 4_096,
  typesPerInstance: 24,
  typePairs: 100_000,
  /** What instances of one family show, kept once for all that show the same. */
  contributions: 24,
  /** Conversations whose built values are kept at hand; others are built again when asked for. */
  builtConversations: 4_000,
} as const;

/** How often a bound was met. */
export type Counters = Record<keyof typeof bounds, number>;

/** All counters at zero. */
export function newCounters(): Counters {
  return Object.fromEntries(Object.keys(bounds).map((name) => [name, 0])) as Counters;
}
