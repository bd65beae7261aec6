/**
 * What is worked out of names and words of the wire once, and asked for with every message. They come from whoever sends,
 * so what is kept is bounded: a sender that makes up names must not fill the memory.
 */
const mostKept = 10_000;
const longestKept = 128;

/** `make` with its answers kept; it must answer the same each time. */
export function remembered<V>(make: (word: string) => V): (word: string) => V {
  const kept = new Map<string, { readonly answer: V }>();
  return (word) => {
    const known = kept.get(word);
    if (known !== undefined) return known.answer;
    const answer = make(word);
    if (kept.size >= mostKept) kept.clear();
    if (word.length <= longestKept) kept.set(word, { answer });
    return answer;
  };
}

/** Answers kept by rows of words: a row is followed word by word, so no text has to be made of it to look it up. */
export class KeptByWords<V> {
  private readonly most: number;
  private steps = 0;
  private root: Step<V> = {};

  constructor(most: number) {
    this.most = most;
  }

  /** Where all rows begin. */
  start(): Step<V> {
    if (this.steps > this.most) {
      this.root = {};
      this.steps = 0;
    }
    return this.root;
  }

  /** Where `word` leads from there. */
  next(from: Step<V>, word: string): Step<V> {
    const behind = (from.behind ??= new Map<string, Step<V>>());
    let step = behind.get(word);
    if (step === undefined) {
      behind.set(word, (step = {}));
      this.steps++;
    }
    return step;
  }
}

/** A place in the rows; `answer` is that of the row that ends here. */
export interface Step<V> {
  answer?: V;
  behind?: Map<string, Step<V>>;
}

const slots = 1024;
const longestRepeated = 64;
const utf8 = new TextDecoder("utf-8");
const texts: Array<string | undefined> = Array.from({ length: slots });

/**
 * The text of a few bytes in UTF-8. Of those that come again and again, such as what headers call a message, the same
 * text is handed out each time: that is quicker than a decoder, and looking something up by it needs no new hash.
 */
export function repeatedText(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > longestRepeated) return utf8.decode(bytes);
  let hash = length;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  const slot = (hash ^ (hash >>> 10)) & (slots - 1);
  const kept = texts[slot];
  if (kept !== undefined && isWritten(kept, bytes)) return kept;
  const text = utf8.decode(bytes);
  // Only what is ASCII can be compared byte by byte; other texts are shorter than their bytes, or have U+FFFD for them.
  if (text.length === length) texts[slot] = text;
  return text;
}

function isWritten(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (text.charCodeAt(i) !== bytes[i]) return false;
  return true;
}
