/**
 * What every part of the parser stands on: the current token, one problem a mistake, and the way back into the text
 * behind a mistake.
 */
import type { Problem } from "../source/index.ts";
import { Lexer, tokenKind } from "./lexer.ts";

/** Words that start a statement somewhere. Behind a mistake, one of them on a new line is a good place to go on. */
const statementWords = new Set(
  "syntax edition package import option message enum service extend export local oneof reserved extensions rpc optional required repeated map returns group".split(
    " ",
  ),
);

export class Cursor extends Lexer {
  readonly path: string;
  readonly problems: Problem[];
  /** Set once the statement at hand has a problem: what follows from a mistake is not told as a second one. */
  private quiet = false;
  private readonly words = new Map<string, string>();
  /** How many brackets, and how many braces of literals, are open in the statement at hand; recovery looks for their ends. */
  open = 0;
  openBraces = 0;
  /** Why bodies are not closed at the end of the file is told already: recovery went there, or a brace was too many. */
  lostAtEnd = false;
  private statementStart = 0;

  constructor(path: string, text: string) {
    const problems: Problem[] = [];
    let quietly: (() => void) | undefined;
    super(text, (start, end, message) => {
      problems.push({
        path,
        span: { start, end: Math.min(end, text.length) },
        code: "proto-syntax",
        severity: "error",
        message,
      });
      quietly?.();
    });
    this.path = path;
    this.problems = problems;
    quietly = () => {
      this.quiet = true;
      // A text that is never closed has swallowed what would close the brackets.
      this.open = 0;
    };
    this.next();
    this.quiet = false;
  }

  /** The text of the current token. */
  word(): string {
    return this.text.slice(this.start, this.end);
  }

  /** A part of the text that is kept; the same string for the same words, as names and types come again and again. */
  shared(start: number, end: number): string {
    const text = this.text.slice(start, end);
    const known = this.words.get(text);
    if (known !== undefined) return known;
    this.words.set(text, text);
    return text;
  }

  isWord(word: string): boolean {
    return (
      this.kind === tokenKind.word && this.end - this.start === word.length && this.text.startsWith(word, this.start)
    );
  }

  isChar(code: number): boolean {
    return this.char === code;
  }

  /** Moves on when the current token is the punctuation `code`. */
  takeChar(code: number): boolean {
    if (this.char !== code) return false;
    this.next();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.next();
    return true;
  }

  atEnd(): boolean {
    return this.kind === tokenKind.end;
  }

  beginStatement(): void {
    this.statementStart = this.start;
    // A bad token was told when it was read, and it was read as the one token of look-ahead.
    this.quiet = this.kind === tokenKind.bad;
    this.open = 0;
    this.openBraces = 0;
  }

  /** Whether the statement at hand has had a problem. */
  get failed(): boolean {
    return this.quiet;
  }

  /** Reports a problem of the grammar, unless the statement already has one. */
  syntaxProblem(start: number, end: number, message: string): void {
    if (this.quiet) return;
    this.quiet = true;
    this.problem("proto-syntax", start, end, message);
  }

  /** Reports a mistake that the grammar survives: it never hides another. */
  problem(code: string, start: number, end: number, message: string): void {
    this.problems.push({
      path: this.path,
      span: { start, end: Math.max(end, start) },
      code,
      severity: "error",
      message,
    });
  }

  /** Says what was expected where the current token stands. */
  expected(what: string): void {
    if (this.kind === tokenKind.bad) {
      this.quiet = true;
      return;
    }
    // A brace too many takes another's end: that one then misses at the end of the file.
    if (this.char === 123) this.lostAtEnd = true;
    this.syntaxProblem(this.start, this.end, `Expected ${what}, but found ${this.describe()}.`);
  }

  describe(): string {
    if (this.kind === tokenKind.end) return "the end of the file";
    const shown = this.text.slice(this.start, Math.min(this.end, this.start + 40));
    return this.kind === tokenKind.string ? shown : `"${shown}"`;
  }

  /** Takes the punctuation `code`, or says that it is missing. */
  expectChar(code: number): boolean {
    if (this.takeChar(code)) return true;
    this.expected(`"${String.fromCharCode(code)}"`);
    return false;
  }

  /** Takes the `;` of a statement; without it, goes to the end of the statement. Gives the statement's end. */
  endStatement(): number {
    if (this.char === 59) {
      this.next();
      return this.previousEnd;
    }
    const end = this.previousEnd;
    this.expected(`";"`);
    this.recover();
    return end;
  }

  /** Skips the rest of a broken statement: behind its `;` or block, or to where the next one seems to start. */
  recover(): void {
    let depth = Math.max(0, this.open);
    let braces = Math.max(0, this.openBraces);
    this.open = 0;
    this.openBraces = 0;
    this.quiet = true;
    while (this.kind !== tokenKind.end) {
      const code = this.char;
      if (code === 123) {
        braces++;
      } else if (code === 125) {
        if (braces === 0) return;
        if (--braces === 0 && depth === 0) {
          this.next();
          this.takeChar(59);
          return;
        }
      } else if (braces === 0) {
        if (code === 59) {
          this.next();
          return;
        }
        if (code === 91 || code === 40) depth++;
        else if (code === 93 || code === 41) depth = Math.max(0, depth - 1);
        else if (this.resumesHere(depth)) return;
      }
      this.next();
    }
    this.lostAtEnd = true;
  }

  /** Skips a block from its `{` to its `}` without descending into it. */
  skipBlock(): void {
    let depth = 0;
    while (this.kind !== tokenKind.end) {
      if (this.char === 123) depth++;
      else if (this.char === 125 && --depth === 0) {
        this.next();
        return;
      }
      this.next();
    }
  }

  /**
   * Whether what stands here can only be a declaration outside of the body at hand, so that the body's brace is missing:
   * one of `foreign` with what must follow it.
   */
  startsForeign(foreign: ReadonlySet<string>): boolean {
    if (this.kind !== tokenKind.word) return false;
    const word = this.word();
    if (!foreign.has(word)) return false;
    const back = this.previousEnd;
    this.next();
    let result: boolean;
    if (word === "reserved" || word === "extensions" || word === "import") {
      result = this.startsValue();
    } else {
      while (this.isNamePart()) this.next();
      result = this.char === (word === "rpc" ? 40 : 123);
    }
    this.seek(back);
    return result;
  }

  private startsValue(): boolean {
    return this.kind === tokenKind.int || this.kind === tokenKind.string;
  }

  private isNamePart(): boolean {
    return this.kind === tokenKind.word || this.char === 46;
  }

  /** Whether `type name =` stands here, which begins a field and no enum value. */
  startsField(): boolean {
    if (this.kind !== tokenKind.word || this.isWord("option")) return false;
    const back = this.previousEnd;
    let words = 0;
    while (this.isNamePart()) {
      if (this.char !== 46) words++;
      this.next();
    }
    const result = words >= 2 && this.char === 61;
    this.seek(back);
    return result;
  }

  /** Whether the next statement seems to start here; the broken one itself is never taken for it. */
  private resumesHere(depth: number): boolean {
    if (this.kind !== tokenKind.word || this.start === this.statementStart) return false;
    return this.startsLine() && this.startsStatement(depth);
  }

  private startsLine(): boolean {
    const at = this.text.indexOf("\n", this.previousEnd);
    return at >= 0 && at < this.start;
  }

  /** Whether the words here read like a declaration; inside of brackets only a clear keyword counts. */
  private startsStatement(depth: number): boolean {
    const keyword = statementWords.has(this.word());
    const back = this.previousEnd;
    this.next();
    let result: boolean;
    if (depth > 0) result = keyword && this.kind === tokenKind.word;
    else if (
      keyword &&
      (this.kind !== tokenKind.punctuation || this.char === 40 || this.char === 60 || this.char === 46)
    )
      result = true;
    else {
      while (this.char === 46) {
        this.next();
        if (this.kind === tokenKind.word) this.next();
      }
      if (this.kind === tokenKind.word) this.next();
      result = this.char === 61;
    }
    this.seek(back);
    return result;
  }
}
