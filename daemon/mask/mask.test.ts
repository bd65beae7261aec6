import { describe, expect, it } from "vitest";
import type { Envelope, Header } from "../tap/envelope.ts";
import { Masker, isCardNumber, isMask, isSecretName } from "./index.ts";

const masker = new Masker(new Uint8Array(32));

function envelopeWith(body: string | Uint8Array, headers: readonly Header[] = []): Envelope {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    tap: "kafka:127.0.0.1:9092",
    receivedAt: 0,
    headers,
    key: null,
    body: bytes,
    bodySize: bytes.length,
    origin: { broker: "kafka", topic: "t", partition: 0, offset: 0n, timestampType: "create", transactional: false },
  };
}

function maskedBody(body: string): string {
  return Buffer.from(masker.envelope(envelopeWith(body)).envelope.body ?? []).toString();
}

describe("isSecretName", () => {
  it.each([
    "Authorization",
    "set-cookie",
    "accessToken",
    "API_KEY",
    "userPassword",
    "cardNumber",
    "iban",
    "clientSecret",
  ])("masks %s", (name) => expect(isSecretName(name)).toBe(true));
  it.each(["orderId", "page_token", "tokens", "discard", "cardinality", "secretary", "key", "postcard_count"])(
    "leaves %s",
    (name) => expect(isSecretName(name)).toBe(false),
  );
});

describe("Masker", () => {
  it("masks JSON fields by name, strings, numbers and whole objects, and keeps every length", () => {
    const text = `{"password": "hunter2 is \\"long\\"", "user": "ann", "card": 4111111111111111, "credentials": {"a": "bbb", "n": [12345]}}`;
    const masked = maskedBody(text);
    expect(masked).toHaveLength(text.length);
    expect(masked).not.toMatch(/hunter2|4111|bbb|12345/);
    const value = JSON.parse(masked) as Record<string, unknown>;
    expect(value["user"]).toBe("ann");
    expect(typeof value["card"]).toBe("number");
    expect(isMask(value["password"] as string)).toBe(true);
  });

  it("masks values that are secrets whatever their name", () => {
    const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    for (const secret of [
      jwt,
      "AKIAIOSFODNN7EXAMPLE",
      "4111 1111 1111 1111",
      "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    ]) {
      expect(maskedBody(`{"note":"see ${secret} there"}`)).not.toContain(secret);
    }
    expect(maskedBody("amqp://guest:s3cr3t@host/vh")).toMatch(/^amqp:\/\/guest:\*.+\*@host\/vh$/);
    expect(maskedBody("<a><password>geheim12</password></a>")).not.toContain("geheim12");
  });

  it.each([
    ["JSON in a string of JSON", JSON.stringify({ payload: JSON.stringify({ user: "ann", password: "geheim-1" }) })],
    ["and in a string of that", JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ apiKey: 'geheim-1"x' }) }) })],
    [
      "with everything below a name",
      JSON.stringify({ a: JSON.stringify({ secrets: { k: ["geheim-1", 771] }, user: "ann" }) }),
    ],
    ["in a string that was cut", '{"a":"{\\"password\\":\\"geheim-1'],
    ["lists by the plural of their name", '{"passwords":["geheim-1","geheim-2"],"user":"ann"}'],
    ["YAML", "user: ann\npassword: geheim-1\"\\\\ and geheim-2\nspec:\n  - token: 'geheim-3'\n"],
    ["lines of HTTP", "GET / HTTP/1.1\r\nX-Api-Key: geheim-1\r\nCookie: a=geheim-2; b=geheim-3\r\nuser: ann\r\n"],
    ["a line of a log", 'level=info msg="login" user: ann secret: geheim-1, order: 7'],
    ["lines of a text in JSON", '{"log":"user: ann\\npassword: geheim-1\\ntoken=geheim-2\\n"}'],
    ["a text in JSON that ends with a quote", '{"log":"password=geheim-1\\" and token: geheim-2\\"","user":"ann"}'],
  ])("masks in %s, and leaves the rest readable", (_, text) => {
    const masked = maskedBody(text);
    expect(masked).not.toMatch(/geheim|771/);
    expect(masked).toHaveLength(text.length);
    if (text.includes("ann")) expect(masked).toContain("ann");
    if (text.startsWith("{") && text.endsWith("}")) expect(() => JSON.parse(masked)).not.toThrow();
    expect(maskedBody(masked)).toBe(masked);
  });

  it("keeps numbers that only look like cards", () => {
    for (const text of ['{"at":1763719123456789}', '{"id":"4111111111111112"}', '{"offset":5500000000000000000}']) {
      expect(maskedBody(text)).toBe(text);
    }
    expect(isCardNumber("5555 5555 5555 4444")).toBe(true);
  });

  it("gives equal secrets equal masks, others others, and another run different ones", () => {
    const first = maskedBody(`{"token":"abcdefghijkl"}`);
    expect(maskedBody(`{"token":"abcdefghijkl"}`)).toBe(first);
    expect(maskedBody(`{"token":"abcdefghijkm"}`)).not.toBe(first);
    const other = new Masker().envelope(envelopeWith(`{"token":"abcdefghijkl"}`));
    expect(Buffer.from(other.envelope.body ?? []).toString()).not.toBe(first);
  });

  it("masks headers by name and value, in tables too, and counts", () => {
    const { envelope, count } = masker.envelope(
      envelopeWith("x", [
        { name: "Authorization", value: "Bearer abcdefghijklmnop" },
        { name: "x-api-key", value: Buffer.from("0123456789abcdef") },
        { name: "nested", value: { password: "pässword", plain: "yes" } },
        { name: "via", value: "Bearer abcdefghijklmnop" },
      ]),
    );
    expect(count).toBe(4);
    expect(JSON.stringify(envelope.headers)).not.toMatch(/abcdefghijklmnop|pässword/);
    expect(envelope.headers[2]?.value).toMatchObject({ plain: "yes" });
  });

  it("survives hostile texts in linear time", () => {
    const started = performance.now();
    for (const text of [
      '"password":'.repeat(20_000),
      '"'.repeat(200_000),
      "<".repeat(200_000),
      "4 ".repeat(100_000),
      `"token":${"[".repeat(100_000)}`,
      "://".repeat(70_000),
      "\\".repeat(200_000) + '"password"',
      '\\"token\\":\\"'.repeat(20_000),
      '\\"token\\":'.repeat(20_000),
      "token: ".repeat(40_000),
      `${"a".repeat(60)}: `.repeat(4_000) + "token: x",
      "password=" + "\\\\".repeat(100_000),
    ]) {
      maskedBody(text);
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
