import { expect, it } from "vitest";
import { createCatalog } from "../../contracts/codec/index.ts";
import { treeOf } from "./tree.ts";
import type { TreeNode } from "./protocol.ts";

const contract = `syntax = "proto3";
package shop.v1;
message OrderPlaced { string order_id = 1; repeated Line lines = 3; string password = 4; }
message Line { int32 quantity = 1; }
`;
const orders = `asyncapi: 3.0.0
info: {title: orders, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      OrderPlaced: {payload: {schemaFormat: application/vnd.google.protobuf;version=3, schema: shop.v1.OrderPlaced}}
`;
const files = new Map([
  ["orders.proto", contract],
  ["orders.yaml", orders],
]);
const catalog = createCatalog({ files, protoModules: [] });

/** A line a field: its value, its type, its bytes, what stood on the wire. */
function lines(nodes: readonly TreeNode[], indent = ""): string[] {
  return nodes.flatMap(({ name, text, type, bytes, wire, violation, children }) => [
    `${indent}${name}: ${text} | ${type ?? ""} | ${bytes?.join("+") ?? ""}${wire === undefined ? "" : ` | ${wire}`}${violation === undefined ? "" : " !"}`,
    ...lines(children, `${indent}  `),
  ]);
}

it("a body is a tree of fields with type and bytes, and with what the contract could not read where it stood", () => {
  // order_id "O-1"; lines { quantity 2 }, lines { quantity "2" }; password "hunter2"; 9: 7
  const body = Buffer.from("0a034f2d311a0208021a030a0132220768756e746572324807", "hex");
  const input = { broker: "kafka", channel: "orders", headers: [], body } as const;
  const decoded = catalog.decode(input);
  expect(lines(treeOf(decoded, catalog.fields(input, decoded)))).toEqual([
    "orderId: O-1 | string = 1 | 0+5",
    "lines: 2 items | Line[] = 3 | 5+9",
    "  0: 1 field | Line | 5+4",
    "    quantity: 2 | int32 = 1 | 7+2",
    "  1: 0 fields | Line | 9+5",
    '    quantity: not read | int32 = 1 | 11+3 | "2" !',
    "password: masked, 7 bytes | string = 4 | 14+9",
    "#9: not read |  | 23+2 | 7 !",
  ]);
});
