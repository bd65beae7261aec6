/** One line about what the set-up is doing, so that a person who waits knows for what. */
export function say(line: string): void {
  console.log(`set-up: ${line}`);
}
