import { describe, expect, it } from "vitest";
import { createCatalog } from "./index.ts";

const proto = `syntax = "proto3";
package shop;
message Customer {
  string name = 1;
  string pin = 2 [debug_redact = true];
  string tax_number = 3 [(acme.sensitive) = true];
  string open = 4 [(acme.sensitive) = false];
  repeated Customer friends = 5;
  map<string, Card> cards = 6;
}
message Card { string holder = 1; string digits = 2 [(acme.rules).pii = true]; }
message Plain { string token_count = 1; }
`;
const avsc = `{"type": "record", "name": "Account", "fields": [
  {"name": "owner", "type": "string"},
  {"name": "key", "type": "string", "x-sensitive": true},
  {"name": "more", "type": {"type": "map", "values": ["null", "Account"]}}]}`;
const asyncapi = `asyncapi: 3.0.0
info: {title: t, version: "1"}
channels:
  a:
    address: a
    messages:
      Login:
        payload:
          type: object
          properties:
            user: {type: string}
            password: {type: string, format: password}
            devices: {type: array, items: {$ref: "#/components/schemas/Device"}}
          additionalProperties: {type: object, properties: {pin: {type: integer, x-sensitive: true}}}
components: {schemas: {Device: {type: object, properties: {serial: {type: string, x-sensitive: true}, next: {$ref: "#/components/schemas/Device"}}}}}
`;

describe("what contracts mark as secret", () => {
  const files = new Map([
    ["a.proto", proto],
    ["a.avsc", avsc],
    ["a.asyncapi.yaml", asyncapi],
  ]);
  const { definitions } = createCatalog({ files, protoModules: [] });
  const paths = (name: string) => {
    const found = definitions.find((definition) => definition.name === name)?.secretPaths;
    return found?.map((path) => path.join(".")).filter((path) => path.split(".").length <= 3);
  };

  it("is told by path, through lists, maps and messages that hold themselves", () => {
    expect(paths("shop.Customer")).toEqual(
      expect.arrayContaining(["pin", "taxNumber", "friends.pin", "friends.friends.pin", "cards.*.digits"]),
    );
    expect(paths("shop.Customer")?.some((path) => path.endsWith("open") || path.endsWith("name"))).toBe(false);
    expect(paths("shop.Plain")).toEqual([]);
    expect(paths("Account")).toEqual(["key", "more.*.key"]);
    expect(paths("Login")).toEqual(
      expect.arrayContaining(["password", "devices.serial", "devices.next.serial", "*.pin"]),
    );
  });
});
