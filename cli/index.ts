/**
 * What `npm start` has in common with the command: the flags that name sources, and how flags are read and explained.
 *
 * Takes in: arguments. Hands out: what to tap, or one sentence that says what is wrong with them.
 */
export { aboutPasswords, sourceFlags, sourcesOf, type Sources } from "./source-flags.ts";
export { grouped, helpText, parseCommand, UsageError, type Command, type ParsedArguments } from "./usage.ts";
