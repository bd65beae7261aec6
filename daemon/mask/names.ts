/**
 * Which names of headers and fields hold secrets. A name is taken apart into lower-case words first, so that
 * `accessToken`, `access-token` and `ACCESS_TOKEN` are the same name.
 */

const secretWords = new Set([
  "authorization",
  "cookie",
  "cookies",
  "password",
  "passwords",
  "passwd",
  "passphrase",
  "pwd",
  "pin",
  "secret",
  "secrets",
  "token",
  "apikey",
  "ssn",
  "iban",
  "card",
  "cvv",
  "cvc",
  "credential",
  "credentials",
]);

const secretPairs = new Set([
  "api key",
  "access key",
  "private key",
  "secret key",
  "signing key",
  "account key",
  "card number",
  "card no",
  "card num",
  "card pan",
  "password hash",
  "secret value",
  "token value",
]);

/** Tokens that name a place in a list or a repetition, and open nothing. */
const harmlessTokens = new Set(["page", "next", "continuation", "sync", "idempotency", "correlation", "trace", "saga"]);

const known = new Map<string, boolean>();

/** Whether what stands under `name` is masked whatever it looks like. */
export function isSecretName(name: string): boolean {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const answer = judge(name);
  // Names come from the wire: a sender that makes up names must not fill the memory.
  if (known.size > 10_000) known.clear();
  if (name.length <= 128) known.set(name, answer);
  return answer;
}

function judge(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1);
  if (last === undefined) return false;
  const before = words.at(-2);
  if (before !== undefined && secretPairs.has(`${before} ${last}`)) return true;
  if (last === "token" && before !== undefined && harmlessTokens.has(before)) return false;
  return secretWords.has(last);
}
