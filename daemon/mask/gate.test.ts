import { describe, expect, it } from "vitest";
import { findSecrets } from "./detectors.ts";
import { hints, hintsIn, hintsInText } from "./gate.ts";
import { secretFieldsOf } from "./text-fields.ts";

const pieces = [
  ...[
    '"password":"x1"',
    "access_token=abc",
    "<iban>DE1</iban>",
    '"api key" : 7',
    '"cardNumber":12',
    '"PIN":1',
    "Bearer abcdefgh1",
    '\\"password\\":\\"x1\\"',
    "\ntoken: abc",
    '"secrets":["x"]',
  ],
  ...["eyJhbGciOi.eyJzdWIi.c2ln", "AKIAIOSFODNN7EXAMPLE", "amqp://u:p@h/", "4111 1111 1111 1111", "5555555555554444"],
  ...["-----BEGIN PRIVATE KEY-----abc", "ghp_0123456789012345678901234567890123456789", "xoxb-123456789012"],
  ...[
    "sk_live_0123456789abcdef",
    "AIzaSyA-0123456789abcdefghijklmnopqrstu",
    "https://host/path?q=1",
    "1763719123456789",
  ],
  ...[
    '"shipping":"card-ish"',
    '"discarded":"tokens"',
    "see you @ home",
    " ",
    "\n",
    '"',
    ":",
    "-",
    "4",
    "0",
    "é😀",
    "\u0000\u0010",
  ],
];

/** One for each word that names or values are known by. */
const examples = [
  ...[
    "authorization",
    "cookie",
    "cookies",
    "password",
    "passwords",
    "secrets",
    "password_hash",
    "passwd",
    "passphrase",
    "pwd",
    "pin",
    "secret",
  ],
  ...["secret.value", "secret key", "token", "token-value", "api key", "apikey", "access_key", "private-key"],
  ...["signing.key", "account key", "ssn", "iban", "card", "card-number", "card no", "card_num", "card.pan", "cvv"],
  ...["cvc", "credential", "credentials", "\\u0070", "eyjhb", "private key", "akia", "asia", "aiza", "ghp_", "gho_"],
  ...["ghu_", "ghs_", "ghr_", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "k_live_", "bearer ", "basic ", "://u:p@h"],
  ...[" 4111111111111111", " 5500 0000 0000 0004", ":6011-0000-0000-0004", " 2 2 2 2 2 2 2 2 2 2 2 2 2"],
];

/** Rows of pieces, the same in every run. */
function* texts(count: number): Generator<string> {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < count; i++) {
    const parts = Array.from({ length: 1 + random(30) }, () => pieces[random(pieces.length)] ?? "");
    const text = parts.join(random(2) === 0 ? "" : " ");
    // Case and cut ends make other texts of them.
    yield (
      [text, text.toUpperCase(), text.slice(random(text.length)), text.slice(0, random(text.length))][random(4)] ?? ""
    );
  }
}

describe("the first look at a text", () => {
  it("never misses what a detector or a name would find, in short texts and in long ones", () => {
    let found = 0;
    let quiet = 0;
    for (const text of texts(20_000)) {
      const bytes = Buffer.from(text);
      const latin1 = bytes.toString("latin1");
      const seen = hintsIn(bytes);
      const all = findSecrets(latin1, -1);
      expect(findSecrets(latin1, seen), text).toEqual(all);
      if (secretFieldsOf(latin1).length > 0) expect(seen & hints.name, text).not.toBe(0);
      if (hintsInText(latin1) !== seen) expect(seen & hintsInText(latin1), text).toBe(hintsInText(latin1));
      if (all.length > 0) found++;
      else if (seen === 0) quiet++;
    }
    expect(found).toBeGreaterThan(1_000);
    expect(quiet).toBeGreaterThan(300);
  });

  it("knows each word at every place of a text, whatever its case and however long the text is", () => {
    for (const example of examples) {
      for (const text of [`${example}"`, `${example.toUpperCase()} `]) {
        for (let at = 0; at < 4; at++) {
          for (const long of [0, 400]) {
            const around = `${"-".repeat(at)}${text}${".".repeat(long)}`;
            expect(hintsIn(Buffer.from(around)), around).toBe(hintsInText(around));
            expect(hintsIn(Buffer.from(around)), around).not.toBe(0);
          }
        }
      }
    }
  });

  it("says nothing of ordinary messages", () => {
    for (const text of [
      '{"eventId":"evt-1","orderId":"ord-1","sentAt":1790000000000.123,"status":"PLACED","shippingAddress":{"street":"x"}}',
      '{"monkey":"discards","page":{"keys":["a","b"]},"link":"https://example.com/a/b?c=d","cardinality":4111}',
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "c0ffee00-0000-4000-8000-aaaaaaaaaaaa",
    ]) {
      expect(hintsIn(Buffer.from(text)), text).toBe(0);
    }
  });
});
