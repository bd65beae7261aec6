/**
 * The tokens of a .proto text, one at a time.
 *
 * The lexer looks at character codes only and makes no object for a token: whoever reads looks at `kind`, `start`,
 * `end`. White space and comments lie between the end of one token and the start of the next, so nothing is lost:
 * `tokens.ts` prints a text back from them.
 */

/** What a token is. `bad` is something no .proto may hold; `end` is the end of the text. */
export const tokenKind = { end: 0, word: 1, int: 2, float: 3, string: 4, punctuation: 5, bad: 6 } as const;
export type TokenKind = (typeof tokenKind)[keyof typeof tokenKind];

/** Something that cannot be a token, in the words of the user. */
export type LexicalProblem = (start: number, end: number, message: string) => void;

const letter = 1;
const digit = 2;
const space = 4;

/** The class of each ASCII character; everything beyond ASCII belongs to no class. */
const classes = new Uint8Array(128);
for (let code = 97; code <= 122; code++) classes[code] = letter;
for (let code = 65; code <= 90; code++) classes[code] = letter;
for (let code = 48; code <= 57; code++) classes[code] = digit;
classes[95] = letter;
for (const code of [9, 10, 11, 12, 13, 32]) classes[code] = space;

const slash = 47;
const star = 42;
const newline = 10;
const backslash = 92;
const dot = 46;

/** Whether `code` may stand in an identifier behind its first character. */
function isWordPart(code: number): boolean {
  return code < 128 && ((classes[code] ?? 0) & (letter | digit)) !== 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

export class Lexer {
  readonly text: string;
  /** The current token. */
  kind: TokenKind = tokenKind.end;
  start = 0;
  end = 0;
  /** The character code of a punctuation token, else 0. */
  char = 0;
  /** The end of the token before: trivia lies from there to `start`. */
  previousEnd = 0;
  private readonly onProblem: LexicalProblem;
  /** Problems are told once, although a parser that looks ahead passes the same text twice. */
  private reportedUpTo = -1;

  constructor(text: string, onProblem: LexicalProblem) {
    this.text = text;
    this.onProblem = onProblem;
    if (text.charCodeAt(0) === 0xfeff) this.end = 1;
  }

  /** Goes back to a token that starts at `start` and follows one that ended at `previousEnd`. */
  seek(previousEnd: number): void {
    this.end = previousEnd;
    this.next();
  }

  /** Moves to the next token. */
  next(): void {
    const text = this.text;
    this.previousEnd = this.end;
    const start = this.skipTrivia(this.end);
    this.start = start;
    this.char = 0;
    if (start >= text.length) {
      this.kind = tokenKind.end;
      this.end = start;
      return;
    }
    const code = text.charCodeAt(start);
    const kind = code < 128 ? (classes[code] ?? 0) : 0;
    if (kind === letter) {
      let at = start + 1;
      while (isWordPart(text.charCodeAt(at))) at++;
      this.kind = tokenKind.word;
      this.end = at;
    } else if (kind === digit || (code === dot && isDigit(text.charCodeAt(start + 1)))) {
      this.number(start);
    } else if (code === 34 || code === 39) {
      this.string(start, code);
    } else if (code > 32 && code < 127 && code !== 35 && code !== 36 && code !== 64 && code !== 96 && code !== 92) {
      this.kind = tokenKind.punctuation;
      this.char = code;
      this.end = start + 1;
    } else {
      this.bad(start);
    }
  }

  private skipTrivia(from: number): number {
    const text = this.text;
    let at = from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 32 || (code >= 9 && code <= 13)) {
        at++;
      } else if (code === slash) {
        const second = text.charCodeAt(at + 1);
        if (second === slash) {
          const close = text.indexOf("\n", at + 2);
          at = close < 0 ? text.length : close + 1;
        } else if (second === star) {
          const close = text.indexOf("*/", at + 2);
          if (close < 0) {
            this.report(at, at + 2, `This comment is never closed. End it with "*/".`);
            at = text.length;
          } else {
            at = close + 2;
          }
        } else {
          return at;
        }
      } else {
        return at;
      }
    }
  }

  private number(start: number): void {
    const text = this.text;
    let at = start;
    let isFloat = false;
    let wellFormed = true;
    const second = text.charCodeAt(start + 1) | 32;
    if (text.charCodeAt(start) === 48 && second === 120) {
      at = start + 2;
      while (isHexDigit(text.charCodeAt(at))) at++;
      wellFormed = at > start + 2;
    } else {
      while (isDigit(text.charCodeAt(at))) at++;
      const wholeEnd = at;
      if (text.charCodeAt(at) === dot) {
        isFloat = true;
        at++;
        while (isDigit(text.charCodeAt(at))) at++;
      }
      if ((text.charCodeAt(at) | 32) === 101) {
        isFloat = true;
        at++;
        const sign = text.charCodeAt(at);
        if (sign === 43 || sign === 45) at++;
        const exponentStart = at;
        while (isDigit(text.charCodeAt(at))) at++;
        wellFormed = at > exponentStart;
      }
      // A float may end with "f", as in C; the language has it from protoc.
      if (isFloat && (text.charCodeAt(at) | 32) === 102 && !isWordPart(text.charCodeAt(at + 1))) at++;
      if (!isFloat && wholeEnd > start + 1 && text.charCodeAt(start) === 48) {
        for (let i = start; i < wholeEnd; i++) if (text.charCodeAt(i) > 55) wellFormed = false;
      }
    }
    while (isWordPart(text.charCodeAt(at)) || text.charCodeAt(at) === dot) {
      wellFormed = false;
      at++;
    }
    this.end = at;
    this.kind = isFloat ? tokenKind.float : tokenKind.int;
    if (!wellFormed) {
      this.report(start, at, `"${text.slice(start, Math.min(at, start + 40))}" is not a number.`);
    }
  }

  private string(start: number, quote: number): void {
    const text = this.text;
    let at = start + 1;
    this.kind = tokenKind.string;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.end = at + 1;
        return;
      }
      if (at >= text.length || code === newline) {
        this.end = at;
        this.report(
          start,
          at,
          `This text is never closed. End it with ${String.fromCharCode(quote)} on the same line.`,
        );
        return;
      }
      if (code === backslash) {
        const length = escapeLength(text, at);
        if (length === 0)
          this.report(at, at + 2, `"${text.slice(at, at + 2)}" is not an escape that .proto texts know.`);
        // A backslash at the end of a line does not take the line break with it.
        at += length === 0 ? (text.charCodeAt(at + 1) === newline ? 1 : 2) : length;
      } else if (code === 0) {
        this.report(at, at + 1, "A text cannot hold the character with the code 0; write it as \\0.");
        at++;
      } else {
        at++;
      }
    }
  }

  /** A run of characters that no token starts with becomes one token, so that a binary file gives few problems. */
  private bad(start: number): void {
    const text = this.text;
    let at = start + 1;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code < 128 && (code > 32 || (classes[code] ?? 0) !== 0)) break;
      at++;
    }
    this.kind = tokenKind.bad;
    this.end = at;
    const code = text.charCodeAt(start);
    const shown =
      code > 32 && code !== 127
        ? `"${String.fromCodePoint(text.codePointAt(start) ?? code)}"`
        : `The character with code ${code}`;
    this.report(start, at, `${shown} has no meaning here. Remove it.`);
  }

  private report(start: number, end: number, message: string): void {
    if (start <= this.reportedUpTo) return;
    this.reportedUpTo = start;
    this.onProblem(start, end, message);
  }
}

/** The length of the escape at `at` (the backslash included), or 0 where there is no such escape. */
export function escapeLength(text: string, at: number): number {
  const code = text.charCodeAt(at + 1);
  // a b f n r t v \ ' " ?
  if ("abfnrtv\\'\"?".includes(text.charAt(at + 1)) && at + 1 < text.length) return 2;
  if (code >= 48 && code <= 55) {
    let length = 2;
    while (length < 4 && text.charCodeAt(at + length) >= 48 && text.charCodeAt(at + length) <= 55) length++;
    return length;
  }
  if (code === 120 || code === 88) {
    let length = 2;
    while (length < 4 && isHexDigit(text.charCodeAt(at + length))) length++;
    return length > 2 ? length : 0;
  }
  const wanted = code === 117 ? 4 : code === 85 ? 8 : 0;
  if (wanted === 0) return 0;
  for (let i = 0; i < wanted; i++) if (!isHexDigit(text.charCodeAt(at + 2 + i))) return 0;
  return wanted + 2;
}
