import { Lexer, tokenKind, type TokenKind } from "./lexer.ts";

/** A token with the white space and comments before it. */
export interface Token {
  readonly kind: TokenKind;
  /** Where the trivia before the token starts: the end of the token before. */
  readonly triviaStart: number;
  readonly start: number;
  readonly end: number;
}

/** All tokens of a text; the last is the end, with what stands before it. */
export function tokenize(text: string): Token[] {
  const lexer = new Lexer(text, () => {});
  const tokens: Token[] = [];
  do {
    lexer.next();
    const triviaStart = tokens.length === 0 ? 0 : lexer.previousEnd;
    tokens.push({ kind: lexer.kind, triviaStart, start: lexer.start, end: lexer.end });
  } while (lexer.kind !== tokenKind.end);
  return tokens;
}

/** The text that tokens were made from, put together again from each token and its trivia. */
export function printTokens(text: string, tokens: readonly Token[]): string {
  let printed = "";
  for (const token of tokens)
    printed += text.slice(token.triviaStart, token.start) + text.slice(token.start, token.end);
  return printed;
}
