/**
 * Words inside names: what a field or message is about, and whether a name speaks of undoing, failing or answering.
 * These are lists of data; a name alone never decides, the rules that use them ask for more.
 */
import { bounds } from "./limits.ts";

/** Fields named after these are about parties and things, not about one flow: they never join messages. */
const thingNouns = new Set(
  (
    "customer user account tenant device host sku product item warehouse store currency country region city company org " +
    "organization organisation merchant supplier vendor partner seller buyer client person member employee driver vehicle " +
    "carrier category catalog brand shop site location zone machine node instance cluster pod container version schema " +
    "locale language channel topic queue exchange group role policy plan template sensor asset address phone email zip " +
    "postcode postal iban card build commit hash checksum digest fingerprint etag session profile owner author creator " +
    "line quantity amount price total rate tax discount coupon promo status state code reason error"
  ).split(" "),
);

const idSuffix = /^(.*?)[-_. ]?(?:ids?|uuid|guid|number|numbers|no|nr|num|ref|reference|key|identifier|urn|token)$/;

/** What a field is about, and whether its name says that it is an id. `order_id`, `orderNumber`, `order.id` -> order. */
export interface FieldName {
  readonly stem: string;
  /** All of its words. */
  readonly field: string;
  readonly named: boolean;
  /** It names a party or a thing. */
  readonly thing: boolean;
}

/** Reads a field's name: the last part of its path, and the part before for names as short as `id`. */
export function fieldName(path: readonly string[]): FieldName {
  const last = wordsOf(path[path.length - 1] ?? "").join("_");
  const match = idSuffix.exec(last);
  let stem = match ? (match[1] ?? "").replace(/_+$/, "") : last;
  const named = match !== null;
  if (stem === "" && path.length > 1) {
    const parent = wordsOf(path[path.length - 2] ?? "").join("_");
    if (!["data", "payload", "body", "message", "event", "detail", "details", "content"].includes(parent)) {
      stem = parent.replace(/s$/, "");
    }
  }
  const words = stem.split("_");
  const noun = words[words.length - 1] ?? "";
  const field = stem === "" || last.startsWith(stem) ? last : `${stem}_${last}`;
  return {
    stem: stem === "" ? "id" : stem,
    field,
    named,
    thing: thingNouns.has(noun) || thingNouns.has(noun.replace(/s$/, "")),
  };
}

/** `OrderPlaced`, `order_placed`, `order.placed-v1` -> order, placed. Lower case, versions left out. */
export const wordsOf: (name: string) => readonly string[] = remembered((name) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "" && !/^v\d+$/.test(word)),
);

const undoing =
  /^(cancel|refund|releas|void|revert|undo|undid|undone|compensat|rollback|rolledback|revers|withdraw|unreserv|deallocat|chargeback)/;
const failing =
  /^(fail|reject|declin|refus|denied|deny|error|invalid|unavailab|expired|insufficient|abort|exception|timeout|timedout|fault|unable|outofstock|unreachable|dead)/;
const answering = /(?:^|[^a-z])(?:repl(?:y|ies)|respon\w*|results?|answers?|acks?)(?:[^a-z]|$)/i;
const generic = new Set(
  (
    "event command message request reply response result v1 v2 requested received started done completed succeeded " +
    "processed finished ok the a of to for and"
  ).split(" "),
);

/** Whether the name says that something done is undone. */
export const isUndoing: (name: string) => boolean = remembered((name) => {
  const words = wordsOf(name);
  return words.some((word) => undoing.test(word)) && !words.some((word) => failing.test(word));
});

/** Whether the name says that something went wrong. */
export const isFailing: (name: string) => boolean = remembered((name) => {
  const words = wordsOf(name);
  if (words.some((word) => failing.test(word))) return true;
  const joined = words.join("");
  return joined.includes("outofstock") || joined.includes("timedout") || joined.includes("couldnot");
});

/** Whether a channel, header or type name speaks of answers. */
export const isAnswering: (name: string) => boolean = remembered((name) =>
  answering.test(name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")),
);

/** Which forward words each undoing word undoes, for when the nouns do not tell. */
const undoes: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/^(refund|revers|chargeback)/, /^(pay|paid|charg|captur|bill|debit|payment|invoice)/],
  [/^(releas|unreserv|deallocat)/, /^(reserv|hold|held|allocat|lock|stock|inventory)/],
  [/^(void)/, /^(author|invoic|charg|pay)/],
  [/^(cancel|withdraw)/, /^(plac|creat|book|order|submit|schedul|ship|request|register)/],
];

/** How well `undo` fits as the undoing of `forward`: 0 is not at all. Shared nouns count most. */
export function undoingFit(undo: string, forward: string): number {
  if (isUndoing(forward) || isFailing(forward)) return 0;
  const undoWords = wordsOf(undo);
  const forwardWords = wordsOf(forward);
  let fit = 0;
  for (const word of undoWords) {
    if (undoing.test(word) || generic.has(word)) continue;
    if (forwardWords.some((other) => sameWord(word, other))) fit += 3;
  }
  for (const word of undoWords) {
    for (const [undoer, undone] of undoes) {
      if (undoer.test(word) && forwardWords.some((other) => undone.test(other))) fit += 2;
    }
  }
  return fit;
}

/** How many words that mean something both names share, by their stems: ReserveStock and StockReserved share two. */
export function sharedWords(a: string, b: string): number {
  const others = wordsOf(b).filter((word) => !generic.has(word));
  return wordsOf(a).filter((word) => !generic.has(word) && others.some((other) => sameWord(word, other))).length;
}

function sameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const length = Math.min(a.length, b.length);
  if (length < 3) return false;
  const stem = Math.max(3, length - 2);
  return a.slice(0, stem) === b.slice(0, stem);
}

/**
 * The same answer without asking again. A stream has few names and asks for each of them with every message; when there
 * are many after all, everything is forgotten at the bound.
 */
export function remembered<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let answer = known.get(name);
    if (answer === undefined) {
      answer = ask(name);
      if (known.size >= bounds.types) known.clear();
      known.set(name, answer);
    }
    return answer;
  };
}
