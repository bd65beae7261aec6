/**
 * The protocol between the daemon and its views (webview, plain page, extension, command line): JSON texts over a
 * WebSocket. Owned by the daemon. Both sides check `kind` and ignore what they do not know; `protocolVersion` changes
 * only when an old side would misunderstand. Values here are plain JSON; the daemon converts by hand (present.ts).
 *
 * The socket is at `/live`. A program shows the token of the connection file as `Authorization: Bearer ...`; the plain
 * page shows the cookie that it got for its one-time code. Texts larger than 256 KiB from a view end the connection.
 *
 * A view is a cursor: it says what it wants to see (`watch...`), gets a snapshot with the daemon's `revision`, then
 * ranges of changes. After a reconnect it says `resume` with the last revision and misses nothing.
 */
export const protocolVersion = 1;

// ------------------------------------------------------------------------------------------------ view -> daemon

export type ClientMessage =
  | {
      /** First message of every connection. `revision`: the last one seen, 0 on a first visit. */
      readonly kind: "hello";
      readonly protocolVersion: number;
      readonly client: "webview" | "page" | "extension" | "cli";
      readonly captureId?: string;
      readonly revision: number;
    }
  | {
      /** Sets the window of the conversation list; replaces the one before. */
      readonly kind: "watchConversations";
      readonly filter: ConversationFilter;
      /** The first row wanted, of the ordered list, and how many. */
      readonly first: number;
      readonly count: number;
      /** Freeze this view's order and content at this revision (pause); absent: live. */
      readonly atRevision?: number;
    }
  | {
      /** Follow one conversation (it is sent again when it changes); `null` ends that. */
      readonly kind: "watchConversation";
      readonly id: string | null;
    }
  | { readonly kind: "getMessage"; readonly request: number; readonly seq: number }
  | {
      /** Take part in what was last seen of each message definition, for the editor. */
      readonly kind: "watchDefinitions";
      readonly on: boolean;
    }
  | {
      /** Each message as it is stored, decoded, in order, from `afterSeq` on; for `contrail tap`. */
      readonly kind: "watchMessages";
      readonly afterSeq: number;
    }
  | { readonly kind: "dismiss"; readonly id: string; readonly dismissed: boolean }
  | { readonly kind: "clear" }
  | { readonly kind: "retryTap"; readonly tap: string }
  | { readonly kind: "getReport"; readonly request: number }
  | {
      /**
       * Tap these from now on; taps that are not named end, those named already go on. Only from programs that hold the
       * token (extension, command line), never from a page or a webview. Answered by `configured` or `refused`.
       */
      readonly kind: "configure";
      readonly request: number;
      readonly taps: readonly TapSettings[];
      /** Hosts beyond this machine that the user agreed to; a workspace's setting alone is not consent. */
      readonly allowRemote?: readonly string[];
      /** What a broker advertises -> where it can be reached from here, both `host:port` (or only hosts). */
      readonly addressMap?: Readonly<Record<string, string>>;
      /** Where schemas come from that messages only name by an id; `null`: nowhere any more; absent: as before. */
      readonly registry?: RegistrySettings | null;
      /** Begin anew even where just these are tapped already: a recording that was played is played again. */
      readonly again?: boolean;
    }
  | {
      /** A loopback address with a one-time code, for a browser. Only from programs that hold the token. */
      readonly kind: "getBrowserAddress";
      readonly request: number;
    }
  | {
      /** Ends the daemon in order, for every view. Only from programs that hold the token. */
      readonly kind: "shutdown";
    };

/** What to tap. Holds credentials: it goes over the token's connection or standard input, never into an argument list. */
export type TapSettings =
  | {
      readonly kind: "kafka";
      /** `host:port`, several with commas between. */
      readonly brokers: string;
      /** Topics by name or pattern (`orders.*`); absent: all. */
      readonly topics?: readonly string[];
      /**
       * Absent: from now on. A number is a time, milliseconds since the epoch. Offsets name what is read next in each
       * partition of a topic, `{ offsets: { orders: { "0": 1041 } } }`; what they do not name is read from now on.
       */
      readonly from?: "now" | "beginning" | number | { readonly offsets: StartOffsets };
      readonly sasl?: {
        readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
        readonly username: string;
        readonly password: string;
      };
      /** `ca`: PEM text of the authorities to trust, where the broker's certificate is not signed by a public one. */
      readonly tls?: boolean | { readonly ca?: string };
    }
  | {
      readonly kind: "rabbitmq";
      /** `amqp://user:password@host:port/vhost`; several virtual hosts of one broker are several settings. */
      readonly url: string;
      /** Where RabbitMQ is managed, when that is not on the usual port. */
      readonly managementUrl?: string;
      /** Where tracing is not permitted: the exchanges to watch by bindings; absent: all that can be listed. */
      readonly exchanges?: readonly string[];
      /** For `amqps://`. `ca`: PEM text of the authority that signed the broker's certificate; absent: those known here. */
      readonly tls?: { readonly ca?: string };
    }
  | {
      /** Spans of services, gateways and meshes, which they send here: OTLP over HTTP, on this machine only. */
      readonly kind: "otlp";
      /** Where exporters send to; absent: 4318, which they use unasked. */
      readonly port?: number;
    }
  | {
      /** A capture file: `recording` is played at its pace as if it happened now, `capture` is shown at once, read only. */
      readonly kind: "capture";
      readonly file: string;
      readonly as: "recording" | "capture";
      /** 1: as recorded; 10: ten times as fast. Only for `recording`. */
      readonly pace?: number;
    };

/** By topic and partition number, the offset to read next. */
export type StartOffsets = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A schema registry that speaks Confluent's API. Its host needs the same consent as a broker's. */
export interface RegistrySettings {
  /** `http://127.0.0.1:8081`; Apicurio's API of the same form: `http://127.0.0.1:8080/apis/ccompat/v7`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export interface ConversationFilter {
  /**
   * Words; each must be found in name, key, channel, id, participant or state, or begin a word in the channel, key,
   * headers or decoded body of a message; `field=value` looks for a member of a body.
   */
  readonly text: string;
  readonly states: readonly ConversationState[];
  readonly needsLook?: boolean;
  /** Only conversations active in this span of time, milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
}

// ------------------------------------------------------------------------------------------------ daemon -> view

export type ServerMessage =
  | {
      /** Answer to `hello`. A view that held another `captureId` throws away what it has. */
      readonly kind: "welcome";
      readonly protocolVersion: number;
      readonly captureId: string;
      readonly revision: number;
      readonly resumed: boolean;
      readonly status: Status;
    }
  | { readonly kind: "status"; readonly status: Status }
  | {
      readonly kind: "conversations";
      readonly revision: number;
      /** Rows pinned under "Needs a look", at most five, and none where the filter asks for states; `needsLookTotal` counts all. */
      readonly needsLook: readonly ConversationRow[];
      readonly needsLookTotal: number;
      /** Rows `first` ... of all that pass the filter and are not pinned, newest start first; `total` counts these. */
      readonly first: number;
      readonly rows: readonly ConversationRow[];
      readonly total: number;
      readonly counts: Readonly<Record<ConversationState | "all", number>>;
      readonly histogram: Histogram;
      /**
       * Where problems lie in the whole list: at most 200 slices of equally many rows, top first; the view draws them
       * beside the scrollbar. Absent or empty: not known.
       */
      readonly ruler?: ReadonlyArray<{ readonly errors: number; readonly warnings: number }>;
      /** Messages that were not looked through yet for the filter's words; the list is sent again as they are. */
      readonly searchBehind?: number;
      /** A word of the filter is on more messages than these, of which the newest count. */
      readonly searchCut?: number;
      /** Messages seen since `atRevision`, when the view is paused. */
      readonly behind?: number;
    }
  | { readonly kind: "conversation"; readonly revision: number; readonly detail: ConversationDetail }
  | { readonly kind: "conversationGone"; readonly id: string; readonly into?: string }
  | { readonly kind: "message"; readonly request: number; readonly message: MessageDetail | null }
  | { readonly kind: "messages"; readonly messages: readonly MessageSummary[] }
  | { readonly kind: "definitions"; readonly definitions: readonly DefinitionSeen[] }
  | { readonly kind: "report"; readonly request: number; readonly reports: readonly TapReportView[] }
  | { readonly kind: "configured"; readonly request: number }
  | { readonly kind: "browserAddress"; readonly request: number; readonly address: string }
  | {
      /** Something the view asked for could not be done: one sentence that says what to do. */
      readonly kind: "refused";
      readonly request?: number;
      readonly reason: string;
    };

export const conversationStates = [
  "running",
  "completed",
  "failed",
  "compensating",
  "compensated",
  "stuck",
  "late",
] as const;
export type ConversationState = (typeof conversationStates)[number];
export type StepState =
  | "done"
  | "running"
  | "compensated"
  | "compensating"
  | "stuck"
  | "late"
  | "failed"
  | "compensation missing"
  | "not reached";
/** Where a message was seen; `otlp`: a span that a service or a mesh reported, no message of a broker. */
export type BrokerKind = "kafka" | "rabbitmq" | "otlp";

export interface Status {
  /** `live`: taps on brokers; `recording`: the bundled or a given recording is being played; `capture`: a file, read only. */
  readonly mode: "live" | "recording" | "capture";
  /** What is played or opened: `the sample shop, recorded 2026-11-21`. */
  readonly source?: string;
  readonly taps: readonly TapView[];
  readonly seen: number;
  readonly shed: number;
  readonly masked: number;
  readonly shedSince?: number;
  readonly overload?: string;
  /** What `shed` is made of: given up here for lack of speed, and dropped at the taps' own queues. */
  readonly shedOf?: { readonly bodies: number; readonly messages: number; readonly atTaps: number };
  /** Bounds that were met beside these: what was let go or left out there, half a sentence each, and how often. */
  readonly bounds?: ReadonlyArray<{ readonly what: string; readonly count: number }>;
  /** Correlation follows behind storing: how many stored messages it has not taken in yet, and how long it is behind. */
  readonly behind?: { readonly messages: number; readonly ms: number };
  readonly capture?: {
    readonly name: string;
    readonly bytes: number;
    readonly problem?: string;
    /** Since when messages are kept in memory only, as `problem` says. */
    readonly inMemorySince?: number;
    /** How many of the oldest messages went because of the limits of age, count and bytes. */
    readonly dropped?: number;
  };
  /**
   * The index for searches: how many messages it is behind (a search reads these one by one), and what is wrong with
   * it, in a sentence. Absent where a search reads everything anyway.
   */
  readonly search?: { readonly behind: number; readonly problem?: string };
  /** What else the user should know: a sentence each, such as tracing that an earlier run could not put back. */
  readonly notes?: readonly string[];
  /** The daemon's clock when this was sent; in a recording or capture, the time of what is shown. */
  readonly now: number;
  readonly contracts: { readonly definitions: number; readonly problems: readonly string[] };
}

export interface TapView {
  readonly tap: string;
  readonly broker: BrokerKind | "capture";
  readonly address: string;
  readonly phase: "connecting" | "live" | "reconnecting" | "failed" | "stopped" | "ended";
  readonly since: number;
  readonly detail?: string;
  readonly mode?: string;
  readonly nextTryAt?: number;
  readonly shed: number;
  /** The number of the last message seen before the tap was interrupted. */
  readonly lastSeq?: number;
  /** What no tap of this kind and mode can see: half a sentence each. */
  readonly cannotSee?: readonly string[];
  /** Kafka: what consumer groups have committed, a line a group and topic. */
  readonly groups?: readonly GroupLag[];
  /** How many more lines there are, with less lag. */
  readonly moreGroups?: number;
}

/** How far a consumer group has committed one topic. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Records of the topic that the group has not committed past, over all of its partitions. */
  readonly lag: number;
  /** When it last committed; absent: not known. */
  readonly committedAt?: number;
}

export interface Histogram {
  readonly from: number;
  readonly bucketMs: number;
  readonly buckets: ReadonlyArray<{
    readonly messages: number;
    readonly errors: number;
    readonly warnings: number;
    readonly shed: boolean;
  }>;
}

export interface StepGlyph {
  readonly name: string;
  readonly state: StepState;
  readonly compensation?: string;
  readonly ms?: number;
}

export interface ConversationRow {
  readonly id: string;
  readonly revision: number;
  readonly kind: "saga" | "exchange" | "flow";
  readonly name: string;
  readonly key: string;
  readonly state: ConversationState;
  readonly inferred: boolean;
  readonly steps: readonly StepGlyph[];
  /** The last message of a healthy row, the problem of an ill one. `squiggle`: how much of its start is underlined. */
  readonly latest: { readonly text: string; readonly squiggle: number };
  readonly participants: readonly string[];
  readonly errors: number;
  readonly warnings: number;
  readonly messages: number;
  readonly startedAt: number;
  readonly lastAt: number;
  readonly tookMs?: number;
  readonly needsLook: boolean;
}

/** A piece of a sentence: plain, code (a name of the wire), or a link to a message. */
export type TextRun =
  { readonly text: string } | { readonly code: string } | { readonly link: string; readonly seq: number };

export interface ConversationDetail {
  readonly row: ConversationRow;
  readonly sentence: readonly TextRun[];
  readonly steps: readonly StepGlyph[];
  /** Where to look first, under the sentence: `Go to BookShipment`. */
  readonly goTo?: { readonly text: string; readonly seq: number };
  /** Which step is the current one, from 0, when the conversation is a saga under way. */
  readonly currentStep?: number;
  readonly lanes: readonly Lane[];
  readonly rows: readonly LaneRow[];
}

export interface Lane {
  readonly id: string;
  readonly name: string;
  readonly kind: "participant" | "channel";
  readonly basis: "declared" | "observed" | "placeholder";
}

export interface LaneRow {
  readonly kind: "message" | "delivery" | "dead letter" | "gap" | "missing" | "timeout";
  /** The message it is about; absent for a gap. */
  readonly seq?: number;
  readonly at: number;
  /** From the start of the conversation; absent for `missing`. */
  readonly offsetMs?: number;
  readonly name: string;
  /** `delivery 2`, `not seen`, `x2`, `4 min 2 s, nothing since`. */
  readonly note?: string;
  readonly broker?: BrokerKind;
  /** Indices of lanes; `to` may be several for an event read by several. */
  readonly from?: number;
  readonly to: readonly number[];
  readonly arrow: "command" | "event" | "reply";
  readonly line: "declared" | "inferred" | "missing";
  readonly channel?: string;
  /** Latency of a reply, milliseconds. */
  readonly latencyMs?: number;
  readonly state?: "late" | "failed" | "stuck" | "compensation";
  readonly violation: boolean;
  readonly count: number;
  /** The step this row undoes: index of the row. */
  readonly compensates?: number;
  /** The row that caused it, and why. */
  readonly cause?: { readonly row: number; readonly evidence: readonly EvidenceLine[] };
}

export interface EvidenceLine {
  readonly role: "decides" | "agrees" | "silent" | "disagrees";
  /** `correlation_id 7d4e... on both`, in words. */
  readonly text: string;
  readonly strength: "certain" | "declared" | "inferred" | "possible";
}

export interface MessageSummary {
  readonly seq: number;
  readonly at: number;
  readonly broker: BrokerKind;
  readonly channel: string;
  readonly name: string;
  readonly key?: string;
  readonly format: string;
  readonly bodySize: number;
  readonly body: string;
  readonly check: "valid" | "invalid" | "unchecked";
  readonly conversation?: string;
  readonly tap: string;
}

export interface ContractLink {
  readonly definition: string;
  readonly format: string;
  /** Absolute path where the daemon runs; empty for a recording's own contracts that are not in a workspace. */
  readonly file: string;
  /** Relative to the workspace, for showing. */
  readonly path: string;
  readonly line: number;
  readonly character: number;
}

export interface MessageDetail extends MessageSummary {
  /** `Kafka topic orders, partition 2, offset 1041`, ... in order of interest. */
  readonly coordinates: ReadonlyArray<{ readonly label: string; readonly value: string }>;
  readonly headers: ReadonlyArray<{
    readonly name: string;
    readonly value: string;
    readonly evidence: boolean;
    readonly masked: boolean;
  }>;
  readonly tree: readonly TreeNode[];
  /** At most 4 KiB, as hex pairs without spaces; `bodySize` tells the whole. */
  readonly hex: string;
  readonly hexCut: boolean;
  readonly contract?: ContractLink & { readonly evidence: string };
  readonly violations: ReadonlyArray<{
    readonly path: string;
    readonly message: string;
    readonly contract?: ContractLink;
  }>;
  readonly attempts: ReadonlyArray<{ readonly format: string; readonly definition?: string; readonly failure: string }>;
  readonly why: ReadonlyArray<{
    readonly text: string;
    readonly seq?: number;
    readonly evidence: readonly EvidenceLine[];
  }>;
  readonly writer?: string;
  readonly readers: readonly string[];
  /** What happened to it after it was written, in order; `at` is absent where the broker tells no time. */
  readonly journey: ReadonlyArray<{
    readonly text: string;
    readonly at?: number;
    /** `warn`: worth a look; `bad`: it went wrong. */
    readonly mark?: "warn" | "bad";
  }>;
  /** Of the messages seen with this definition: who wrote them, how many, how many broke it. */
  readonly writers: ReadonlyArray<{ readonly name: string; readonly messages: number; readonly broken: number }>;
}

export interface TreeNode {
  readonly name: string;
  readonly kind: "object" | "array" | "string" | "number" | "boolean" | "null" | "masked";
  readonly text: string;
  readonly violation?: string;
  /** The type the contract gives it: `int32 = 3`. */
  readonly type?: string;
  /** What stood on the wire, when it was read as something else. */
  readonly wire?: string;
  /** Its first byte in the body and how many there are, when known. */
  readonly bytes?: readonly [offset: number, length: number];
  readonly children: readonly TreeNode[];
}

/** What was seen live of one message definition; the editor shows it on the definition's line. */
export interface DefinitionSeen {
  readonly definition: string;
  readonly file: string;
  readonly line: number;
  readonly count: number;
  readonly broken: number;
  readonly lastAt: number;
  /** The newest violations, at most three, each with where the contract says otherwise. */
  readonly violations: ReadonlyArray<{
    readonly seq: number;
    readonly path: string;
    readonly message: string;
    readonly line: number;
    readonly at: number;
    readonly writer?: string;
  }>;
}

export interface TapReportView {
  readonly tap: string;
  readonly touched: readonly string[];
  readonly neverTouched: readonly string[];
  readonly messages: number;
  readonly bytes: number;
  /** What it cost the broker so far, one sentence each. */
  readonly cost?: readonly string[];
}
