/** OpenSSL's errors name source files; the reason stands in the middle. */
export function tlsReason(message: string): string {
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message.replace(/^Connection error: /, "");
  return reason === "wrong version number" ? "the port does not speak TLS" : reason.trim();
}
