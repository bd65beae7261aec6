/**
 * The first look at every text: one walk over its bytes by a table, which tells what kinds of secrets it may hold.
 * Nearly every text holds none and is done with here; most bytes not even come so far, as glance.ts sees nothing in them.
 *
 * The table is an automaton made once of the words below, whatever their case. It may say yes too often, never no where
 * a detector would find something: everything that detectors.ts, names.ts and text-fields.ts look for has its word here.
 */
import { isWorthALook, leastDigits } from "./glance.ts";
import { alphabet, columns } from "./letters.ts";

/** What a text may hold: bits, so that only those detectors run that can find something. */
export const hints = {
  name: 1,
  jwt: 2,
  privateKey: 4,
  awsKey: 8,
  googleKey: 16,
  githubKey: 32,
  slackKey: 64,
  stripeKey: 128,
  credentials: 256,
  address: 512,
  card: 1024,
  escaped: 2048,
} as const;

/** `~` stands for anything between two words of one name, and for nothing; `$` for the end of a name's last word. */
const words: ReadonlyArray<readonly [word: string, hint: number]> = [
  ["authorization$", hints.name],
  ["cookie$", hints.name],
  ["cookies$", hints.name],
  ["password$", hints.name],
  ["passwords$", hints.name],
  ["password~hash$", hints.name],
  ["passwd$", hints.name],
  ["passphrase$", hints.name],
  ["pwd$", hints.name],
  ["pin$", hints.name],
  ["secret$", hints.name],
  ["secrets$", hints.name],
  ["secret~value$", hints.name],
  ["secret~key$", hints.name],
  ["token$", hints.name],
  ["token~value$", hints.name],
  ["api~key$", hints.name],
  ["access~key$", hints.name],
  ["private~key$", hints.name],
  ["signing~key$", hints.name],
  ["account~key$", hints.name],
  ["ssn$", hints.name],
  ["iban$", hints.name],
  ["card$", hints.name],
  ["card~number$", hints.name],
  ["card~no$", hints.name],
  ["card~num$", hints.name],
  ["card~pan$", hints.name],
  ["cvv$", hints.name],
  ["cvc$", hints.name],
  ["credential$", hints.name],
  ["credentials$", hints.name],
  // A name may be written so that its letters cannot be seen.
  ["\\u00", hints.escaped],
  ["eyj", hints.jwt],
  ["private key", hints.privateKey],
  ["akia", hints.awsKey],
  ["asia", hints.awsKey],
  ["aiza", hints.googleKey],
  ["ghp_", hints.githubKey],
  ["gho_", hints.githubKey],
  ["ghu_", hints.githubKey],
  ["ghs_", hints.githubKey],
  ["ghr_", hints.githubKey],
  ["xoxa-", hints.slackKey],
  ["xoxb-", hints.slackKey],
  ["xoxp-", hints.slackKey],
  ["xoxr-", hints.slackKey],
  ["xoxs-", hints.slackKey],
  ["k_live_", hints.stripeKey],
  ["bearer ", hints.credentials],
  ["basic ", hints.credentials],
  ["://", hints.address],
];

interface Gate {
  /** The next state, by `state << 6 | column`. */
  readonly next: Uint16Array;
  /** States from here on say something. */
  readonly telling: number;
  readonly tells: Uint16Array;
}

/** Made when the first text comes, and small enough to stay in the processor's nearest memory. */
let made: Gate | undefined;

/** What is looked for is not longer than this, so a text may be looked through in two parts that overlap so far. */
const longest = 64;

/** What `bytes` may hold: bits of `hints`, 0 for nothing at all. Addresses without an `@` carry no user. */
export function hintsIn(bytes: Uint8Array): number {
  if (!isWorthALook(bytes)) return 0;
  const { next, telling, tells } = (made ??= build());
  const { length } = bytes;
  let state = 0;
  let found = 0;
  if (length < 3 * longest) {
    for (let i = 0; i < length; i++) {
      state = next[(state << 6) | (columns[bytes[i] as number] as number)] as number;
      if (state >= telling) found |= tells[state] as number;
    }
  } else {
    // Each step waits for the one before it; two parts at once take hardly longer than one.
    let other = 0;
    let j = (length - longest) >> 1;
    const end = length - j;
    for (let i = 0; i < end; i++, j++) {
      state = next[(state << 6) | (columns[bytes[i] as number] as number)] as number;
      other = next[(other << 6) | (columns[bytes[j] as number] as number)] as number;
      if (state >= telling) found |= tells[state] as number;
      if (other >= telling) found |= tells[other] as number;
    }
  }
  return (found & hints.address) !== 0 && bytes.indexOf(0x40) < 0 ? found & ~hints.address : found;
}

/** The same for a text; characters beyond latin1 are as any other. */
export function hintsInText(text: string): number {
  const { next, telling, tells } = (made ??= build());
  let state = 0;
  let found = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    state = next[(state << 6) | (columns[code > 255 ? 255 : code] as number)] as number;
    if (state >= telling) found |= tells[state] as number;
  }
  return (found & hints.address) !== 0 && !text.includes("@") ? found & ~hints.address : found;
}

// ------------------------------------------------------------------------------------------------ the automaton

/** A place in a word, or in a row of digits; `any` is on its way through all of them. */
interface Place {
  readonly word: number;
  readonly at: number;
}

function build(): Gate {
  const states = new Map<string, number>();
  const sets: Array<readonly Place[]> = [];
  const digitsAfter: number[] = [];
  const afterName: boolean[] = [];
  const rows: number[][] = [];
  /** A state is: which words are how far, how many digits of a card came (-1: none may begin here), and after what. */
  const stateOf = (places: readonly Place[], digits: number, isAfterName: boolean): number => {
    const key = `${places.map(({ word, at }) => `${word}.${at}`).join(" ")}|${digits}|${isAfterName ? 1 : 0}`;
    let state = states.get(key);
    if (state === undefined) {
      state = sets.length;
      states.set(key, state);
      sets.push(places);
      digitsAfter.push(digits);
      afterName.push(isAfterName);
    }
    return state;
  };
  stateOf([], 0, false);
  for (let state = 0; state < sets.length; state++) {
    rows.push(
      alphabet.map((letter) => {
        const digits = digitsBehind(digitsAfter[state] ?? 0, afterName[state] === true, letter);
        return stateOf(placesBehind(sets[state] ?? [], letter), digits, /[a-z0-9.-]/.test(letter));
      }),
    );
  }
  const told = sets.map((places, state) => {
    const byWords = places.reduce(
      (sum, { word, at }) => sum | (at === lengthOf(word) ? (words[word]?.[1] ?? 0) : 0),
      0,
    );
    return byWords | (digitsAfter[state] === leastDigits * 2 ? hints.card : 0);
  });
  // States that tell something come last, so that one comparison finds them.
  const order = [...sets.keys()].sort((a, b) => Number(told[a] !== 0) - Number(told[b] !== 0) || a - b);
  const number = new Map(order.map((state, i) => [state, i]));
  const next = new Uint16Array(sets.length << 6);
  for (const [state, row] of rows.entries()) {
    for (const [column, to] of row.entries()) next[((number.get(state) ?? 0) << 6) | column] = number.get(to) ?? 0;
  }
  return {
    next,
    telling: told.filter((hint) => hint === 0).length,
    tells: Uint16Array.from(order, (state) => told[state] ?? 0),
  };
}

function lengthOf(word: number): number {
  return words[word]?.[0].length ?? 0;
}

const beginning = new Map(
  alphabet.map((letter) => [letter, [...words.keys()].filter((word) => words[word]?.[0].startsWith(letter))]),
);

function placesBehind(places: readonly Place[], letter: string): readonly Place[] {
  const result = new Map<string, Place>();
  const reach = (word: number, at: number) => result.set(`${word}.${at}`, { word, at });
  const step = (word: number, at: number) => {
    const text = words[word]?.[0] ?? "";
    const expected = text[at];
    if (expected === letter) reach(word, at + 1);
    else if (expected === "$" && !/[a-z0-9]/.test(letter)) reach(word, at + 1);
    else if (expected === "~") {
      if (!/[a-z0-9]/.test(letter)) reach(word, at);
      else if (text[at + 1] === letter) reach(word, at + 2);
    }
  };
  for (const { word, at } of places) step(word, at);
  for (const word of beginning.get(letter) ?? []) reach(word, 1);
  return [...result.values()].sort((a, b) => a.word - b.word || a.at - b.at);
}

/** Digits times two, and one more behind a single blank or dash between them; 0 where no card is under way. */
function digitsBehind(before: number, isAfterName: boolean, letter: string): number {
  const count = before >> 1;
  if (/[029]/.test(letter)) {
    if (count > 0) return Math.min(count + 1, leastDigits) * 2;
    return letter === "2" && !isAfterName ? 2 : 0;
  }
  return count > 0 && before % 2 === 0 && (letter === " " || letter === "-") ? before + 1 : 0;
}
