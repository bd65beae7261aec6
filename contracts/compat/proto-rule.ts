/** What a rule on .proto files is: the same element in both versions in, drafts of findings out. */
import type {
  EnumDescriptor,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  ServiceDescriptor,
} from "../proto/index.ts";
import type { Place } from "../source/index.ts";
import type { Fix, Version } from "./finding.ts";

/** An element as it was and as it is. */
export interface Pair<Element> {
  readonly before: Element;
  readonly after: Element;
}

/** All files of a module, in both versions, and what rules look up in them. */
export interface ModulePair {
  readonly before: readonly FileDescriptor[];
  readonly after: readonly FileDescriptor[];
}

/** What a rule found; the check adds what data can show of it, and whom it hurts. */
export interface Draft {
  /** One sentence: which element, in quotes, changed how. */
  readonly message: string;
  readonly place: Place;
  /** `after` unless the element's file is gone. */
  readonly placeVersion?: Version;
  readonly previous?: Place;
  /** Who breaks in code; said where no data breaks, and beside it. */
  readonly sourceConsequence: string;
  /** Where it differs from the rule's own. */
  readonly advice?: string;
  /** The data to try: this field, in these two versions of its message. */
  readonly proof?: Proof;
  /** The data to try: whole messages, of which one took the place of the other; `readers` says who reads them. */
  readonly messages?: Pair<MessageDescriptor> & { readonly readers: string };
  /** Why nobody can tell whether this breaks: a type that is not known, for example. The verdict is `unknown` then. */
  readonly undecided?: string;
  /** The name of what is gone: where the file cannot be read whole and still holds it, nothing is concluded. */
  readonly deleted?: string;
  /** `false` where generated code stays the same. */
  readonly breaksSource?: boolean;
  readonly fixes?: readonly Fix[];
  /** It is worth saying only to who named the rule: whether anybody is hurt, nobody here knows. */
  readonly onlyWhenAsked?: boolean;
}

/** A field of a message pair, by number, of which a witness is sought. */
export interface Proof extends Pair<MessageDescriptor> {
  readonly number: number;
  /** The value to try, where only one shows the change: an enum's number. */
  readonly value?: number;
  /** Whether it is a message without the field that shows the change. */
  readonly absent?: boolean;
  /** What a reader sees of the field where it is not sent, as JSON text, when that is what changed. */
  readonly defaults?: Pair<string>;
  /** The only side that is tried as the writer. */
  readonly writer?: Version;
  /** Whether only the wire is tried. */
  readonly wireOnly?: boolean;
}

/** What a rule may ask beside its pair. */
export interface Lookups {
  /** A field that both versions declare with this enum: where its values travel. */
  fieldOf(pair: Pair<EnumDescriptor>): Proof | undefined;
}

export type Report = (draft: Draft) => void;

/** What the documentation of a rule is made from. */
export interface RuleText {
  /** As users know it: `FIELD_SAME_TYPE`. */
  readonly id: string;
  /** One sentence that begins with "Checks that". */
  readonly purpose: string;
  /** Why it matters, in one or two sentences. */
  readonly why: string;
  /** What to do instead, in one sentence; it is the advice of the finding. */
  readonly advice: string;
  /** It breaks nobody yet: a hint, and only where no break was found at the same element. */
  readonly isAdvice?: true;
}

export type ProtoRule = RuleText &
  (
    | { readonly over: "modules"; check(pair: ModulePair, report: Report, lookups: Lookups): void }
    | { readonly over: "files"; check(pair: Pair<FileDescriptor>, report: Report, lookups: Lookups): void }
    | { readonly over: "messages"; check(pair: Pair<MessageDescriptor>, report: Report, lookups: Lookups): void }
    | { readonly over: "fields"; check(pair: Pair<FieldDescriptor>, report: Report, lookups: Lookups): void }
    | { readonly over: "enums"; check(pair: Pair<EnumDescriptor>, report: Report, lookups: Lookups): void }
    | { readonly over: "services"; check(pair: Pair<ServiceDescriptor>, report: Report, lookups: Lookups): void }
    | { readonly over: "methods"; check(pair: Pair<MethodDescriptor>, report: Report, lookups: Lookups): void }
  );
