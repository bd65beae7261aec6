/** What bytes are to those who look for secrets: some differ by nothing that matters, and fall into one column. */

/**
 * What words are made of, whatever their case. `2` stands for the digits that a card may begin with, `0` for itself, `9`
 * for the others; the last letter for every other byte.
 */
export const alphabet = "abcdefghijklmnopqrstuvwxyz029_-: /.\\\n".split("");

/** The column of each byte, below 64. */
export const columns = Uint8Array.from({ length: 256 }, (_, byte) => columnOf(String.fromCharCode(byte)));

/** The column of a letter. */
export function columnOf(written: string): number {
  const letter = written.toLowerCase();
  const column = alphabet.indexOf(/[2-6]/.test(letter) ? "2" : /[1789]/.test(letter) ? "9" : letter);
  return column < 0 ? alphabet.length - 1 : column;
}
