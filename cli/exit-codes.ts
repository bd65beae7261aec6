/** What a subcommand ends with; scripts rely on it. */
export const exitCodes = { clean: 0, found: 1, failed: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
