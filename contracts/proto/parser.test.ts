import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkProto, parseProto, printTokens, tokenize } from "./index.ts";
import { wellKnownTexts } from "./well-known-texts.ts";

const shop = `syntax = "proto3";

// Orders of the shop.
package shop.v1;

import "google/protobuf/timestamp.proto";

option go_package = "example.com/shop";

/* An order. */
message Order {
  string id = 1;
  repeated Line lines = 2 [deprecated = true];
  map<string, int32> stock = 3;
  oneof way {
    string mail = 4;
    int64 box = 5;
  }
  reserved 10 to 20, 30;
  reserved "old";
  google.protobuf.Timestamp at = 6;
  message Line {
    string sku = 1 [json_name = "SKU"];
  }
}

enum Status {
  UNKNOWN = 0;
  PAID = 1;
}

service Orders {
  rpc Find(Order) returns (stream Order) {
    option deprecated = true;
  }
}
`;

/** Real texts: the well-known files, the shop, and the cases of the rules. */
function realTexts(): string[] {
  const folder = join(import.meta.dirname, "../../fixtures/breaking/proto");
  const cases = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".proto"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  return [shop, ...Object.values(wellKnownTexts), ...cases];
}

describe("tokenize", () => {
  it("gives any text back byte for byte", () => {
    for (const text of realTexts()) expect(printTokens(text, tokenize(text))).toBe(text);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(printTokens(text, tokenize(text))).toBe(text);
      }),
    );
    const pieces = fc.array(
      fc.constantFrom("a", "1", "0x", ".5e", '"', "'", "\\", "\n", "/*", "*/", "//", "{", "é", "\ufeff", "-", " "),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(printTokens(parts.join(""), tokenize(parts.join("")))).toBe(parts.join(""));
      }),
    );
  });
});

describe("parseProto", () => {
  it("finds nothing wrong with real files, and keeps all of them", () => {
    for (const text of realTexts()) expect(parseProto("a.proto", text).problems).toEqual([]);
    const file = parseProto("shop.proto", shop);
    expect(file.package?.name).toBe("shop.v1");
    expect(file.messages[0]?.fields.map((field) => [field.name, field.number, field.typeName])).toEqual([
      ["id", 1, "string"],
      ["lines", 2, "Line"],
      ["stock", 3, "map"],
      ["mail", 4, "string"],
      ["box", 5, "int64"],
      ["at", 6, "google.protobuf.Timestamp"],
    ]);
    expect(file.services[0]?.methods[0]?.response.stream).toBe(true);
  });

  it("gives a tree and problems inside of the text for every prefix of real files", () => {
    for (const text of [shop, wellKnownTexts["google/protobuf/descriptor.proto"]?.slice(0, 3000) ?? ""]) {
      for (let end = 0; end < text.length; end++) {
        const prefix = text.slice(0, end);
        const file = parseProto("a.proto", prefix);
        for (const { span } of file.problems) {
          expect(span.start >= 0 && span.start <= span.end && span.end <= prefix.length).toBe(true);
        }
        // A text that stops in the middle has one mistake.
        expect(file.problems.length, prefix.slice(-40)).toBeLessThanOrEqual(1);
      }
    }
  });

  it("survives random edits: the schema is always made, and a deleted token costs few problems", () => {
    const tokens = tokenize(shop).slice(0, -1);
    for (const token of tokens) {
      const text = shop.slice(0, token.start) + shop.slice(token.end);
      const file = parseProto("a.proto", text);
      expect(
        file.problems.length,
        `without ${shop.slice(token.start, token.end)} at ${token.start}`,
      ).toBeLessThanOrEqual(1);
      linkProto([file]);
    }
    fc.assert(
      fc.property(
        fc.nat(shop.length),
        fc.nat(30),
        fc.string({ unit: "grapheme", maxLength: 8 }),
        (at, length, inserted) => {
          const text = shop.slice(0, at) + inserted + shop.slice(at + length);
          const schema = linkProto([parseProto("a.proto", text)]);
          for (const { span } of schema.problems) expect(span.start <= span.end && span.end <= text.length).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  const mistakes: ReadonlyArray<readonly [what: string, text: string, at: string, message: RegExp]> = [
    ["a missing semicolon", "message A {\n  string a = 1\n  string b = 2;\n}", "string b", /Expected ";"/],
    ["a missing number", "message A {\n  string a = ;\n  string b = 2;\n}", ";", /a whole number/],
    ["a missing name", "message A {\n  string = 1;\n  string b = 2;\n}", "= 1", /name of a field/],
    ["a missing brace", "message A\n  string a = 1;\n}\nmessage B {}", "string a", /Expected "\{"/],
    [
      "an open bracket",
      "message A {\n  string a = 1 [deprecated = true;\n  string b = 2;\n}",
      ";\n  string b",
      /"," or "\]"/,
    ],
    ["an open text", `message A {\n  string a = 1 [json_name = "x];\n  string b = 2;\n}`, `"x];`, /never closed/],
    ["a word too many", "message A {\n  string a b = 1;\n  string c = 2;\n}", "b = 1", /Expected "="/],
    ["a brace too many", "message A {\n  string a = 1;\n}}\nmessage B {}", "}\nmessage B", /a declaration/],
    ["a strange character", "message A {\n  string a = 1; €\n  string b = 2;\n}", "€", /no meaning/],
  ];
  for (const [what, text, at, message] of mistakes) {
    it(`tells ${what} once, where it shows, and reads on`, () => {
      const file = parseProto("a.proto", text);
      expect(file.problems.map((problem) => problem.span.start)).toEqual([text.indexOf(at)]);
      expect(file.problems[0]?.message).toMatch(message);
      const names = [
        ...file.messages.map((node) => node.name),
        ...(file.messages[0]?.fields ?? []).map((field) => field.name),
      ];
      expect(names).toContain(text.includes("message B") ? "B" : text.includes("string c") ? "c" : "b");
    });
  }

  it("is not led astray by what is no contract at all", () => {
    const zeros = "\0".repeat(1_000_000);
    expect(parseProto("a.proto", zeros).problems).toHaveLength(1);
    const nested = `${"message A { ".repeat(10_000)}string a = 1;${" }".repeat(10_000)}`;
    const deep = parseProto("a.proto", nested);
    expect(deep.problems.map((problem) => problem.code)).toEqual(["proto-nesting"]);
    linkProto([deep]);
    const literal = `option (a) = ${"{ a: ".repeat(10_000)}1${" }".repeat(10_000)};\nmessage B {}`;
    const file = parseProto("a.proto", literal);
    expect(file.problems).toHaveLength(1);
    expect(file.messages.map((node) => node.name)).toEqual(["B"]);
  });
});
