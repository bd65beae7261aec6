/** Whether a server refused the connection because the client showed no certificate. */
export function wantsCertificate(code: string): boolean {
  return /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED)/.test(code);
}

/** Why a TLS connection could not be made. OpenSSL's errors name source files; the reason stands in the middle. */
export function tlsReason(message: string): string {
  if (/unable to (verify|get)|self.signed/i.test(message))
    return "no authority that is trusted here signed its certificate";
  if (/disconnected before secure/.test(message)) return "the port hung up, so it may not speak TLS";
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message.replace(/^Connection error: /, "");
  return reason === "wrong version number" ? "the port does not speak TLS" : reason.trim();
}
