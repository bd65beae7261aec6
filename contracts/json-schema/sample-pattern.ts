/**
 * A short word for a regular expression, for readable witnesses. Covers what contracts use: literals, classes,
 * groups, alternatives, counters, anchors. Whoever asks tests the word against the pattern; a wrong one costs nothing.
 */
export function samplePattern(source: string): string | undefined {
  const sampler = new Sampler(source);
  const word = sampler.alternatives();
  return sampler.failed || !sampler.atEnd ? undefined : word;
}

const maxRepeat = 200;

class Sampler {
  failed = false;
  private readonly source: string;
  private offset = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
  }

  get atEnd(): boolean {
    return this.offset >= this.source.length;
  }

  /** The first of the alternatives; the others are read over. */
  alternatives(): string {
    if (++this.depth > 50) this.failed = true;
    let word = this.sequence();
    while (!this.failed && this.source[this.offset] === "|") {
      this.offset++;
      const other = this.sequence();
      if (word === "") word = other;
    }
    this.depth--;
    return word;
  }

  private sequence(): string {
    let word = "";
    while (!this.failed && !this.atEnd) {
      const char = this.source[this.offset];
      if (char === "|" || char === ")") break;
      const atom = this.atom();
      word += atom.repeat(this.repeats(atom));
    }
    return word;
  }

  private repeats(atom: string): number {
    const rest = this.source.slice(this.offset);
    const counter = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(rest);
    if (counter === null) return 1;
    this.offset += counter[0].length;
    if (counter[1] !== undefined) {
      const least = Number(counter[1]);
      if (least > maxRepeat) this.failed = true;
      // A word of no letters reads badly where one letter is allowed too.
      return Math.min(least, maxRepeat);
    }
    return counter[0].startsWith("+") ? Math.max(1, Math.floor(3 / Math.max(1, atom.length))) : 0;
  }

  private atom(): string {
    const { source } = this;
    const char = source[this.offset++] ?? "";
    if (char === "^" || char === "$") return "";
    if (char === ".") return "x";
    if (char === "(") return this.group();
    if (char === "[") return this.characterClass();
    if (char === "\\") return this.escape();
    return char;
  }

  private group(): string {
    const rest = this.source.slice(this.offset);
    const prefix = /^\?(?::|<[A-Za-z_]\w*>)/.exec(rest);
    if (prefix !== null) this.offset += prefix[0].length;
    else if (rest.startsWith("?")) this.failed = true;
    const word = this.alternatives();
    if (this.source[this.offset++] !== ")") this.failed = true;
    return word;
  }

  private escape(): string {
    const char = this.source[this.offset++] ?? "";
    if (/[bB]/.test(char)) return "";
    if (/[1-9kpPuxcDWS]/.test(char)) {
      if (char === "D" || char === "W" || char === "S") return char === "D" ? "a" : "-";
      this.failed = true;
      return "";
    }
    return { d: "1", w: "a", s: " ", n: "\n", t: "\t", r: "\r" }[char] ?? char;
  }

  private characterClass(): string {
    const end = classEnd(this.source, this.offset);
    if (end === undefined) {
      this.failed = true;
      return "";
    }
    const text = this.source.slice(this.offset - 1, end + 1);
    this.offset = end + 1;
    let test: RegExp;
    try {
      test = new RegExp(`^${text}$`, "u");
    } catch {
      this.failed = true;
      return "";
    }
    const found = "a1A0bxXzZ9_- .:/@#éß中".split("").find((char) => test.test(char));
    if (found !== undefined) return found;
    for (let code = 33; code < 0x3000; code++) {
      const char = String.fromCharCode(code);
      if (test.test(char)) return char;
    }
    this.failed = true;
    return "";
  }
}

function classEnd(source: string, from: number): number | undefined {
  for (let i = from; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "]" && i > from) return i;
  }
  return undefined;
}
