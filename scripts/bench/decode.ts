/** What one message costs between a tap and the store: secrets masked, body read and held against its contract. */
import { encodeProtobuf } from "../../contracts/codec/index.ts";
import { linkProto, parseProto } from "../../contracts/proto/index.ts";
import { contractsOf } from "../../daemon/contracts.ts";
import { Masker } from "../../daemon/mask/index.ts";
import { readMasked } from "../../daemon/pipeline-reader.ts";
import type { Envelope } from "../../daemon/tap/envelope.ts";
import { heading, line, quantile } from "./figures.ts";
import { orderMessage, ordersContract } from "./tap-messages.ts";

const proto = `syntax = "proto3"; package shop;
message Order { string event_id = 1; string order_id = 2; double sent_at = 3; string status = 4; double total = 5;
  repeated Line lines = 6; string note = 7; }
message Line { string article = 1; int32 quantity = 2; }
`;
const avsc = `{"type":"record","name":"Stock","fields":[{"name":"eventId","type":"string"},{"name":"orderId","type":"string"},
  {"name":"sentAt","type":"double"},{"name":"status","type":"string"},{"name":"total","type":"double"},{"name":"note","type":"string"}]}`;
const binaryContract = `asyncapi: 3.0.0
info: { title: bench, version: 1.0.0 }
channels:
  proto: { address: proto, messages: { Order: { payload: { schemaFormat: application/vnd.google.protobuf, schema: shop.Order } } } }
  avro: { address: avro, messages: { Stock: { payload: { schemaFormat: application/vnd.apache.avro, schema: { $ref: stock.avsc } } } } }
`;

interface Case {
  readonly name: string;
  readonly topic: string;
  readonly bodies: readonly Uint8Array[];
  readonly goal?: string;
}

/** Runs over distinct messages, so that nothing is measured that a cache of bodies would give away. */
export function benchDecode(): Promise<void> {
  heading("One message, masked and decoded (300 bytes, 4 headers, one thread)");
  const files = new Map([
    ["orders.asyncapi.yaml", ordersContract(["orders"])],
    ["binary.asyncapi.yaml", binaryContract],
    ["order.proto", proto],
    ["stock.avsc", avsc],
  ]);
  const contracts = contractsOf({ files, protoModules: [] }, "");
  const masker = new Masker();
  const schema = linkProto([parseProto("order.proto", proto)]);
  const json = Array.from({ length: 2_000 }, (_, i) => Buffer.from(orderMessage(i, 1_790_000_000_000 + i).body));
  const values = json.map((body) => JSON.parse(body.toString()) as Record<string, string | number>);
  const cases: readonly Case[] = [
    { name: "JSON, no contract", topic: "elsewhere", bodies: json, goal: "5 µs" },
    { name: "JSON, checked by its contract", topic: "orders", bodies: json, goal: "5 µs" },
    {
      name: "JSON with a password to mask",
      topic: "elsewhere",
      bodies: values.map(({ note, ...rest }, i) =>
        Buffer.from(JSON.stringify({ ...rest, password: `secret-${i}`, note: String(note).slice(30) })),
      ),
    },
    {
      name: "Protobuf",
      topic: "proto",
      bodies: values.map((value) => {
        const written = encodeProtobuf(schema, "shop.Order", value);
        if (!written.ok) throw new Error(written.failure);
        return written.bytes;
      }),
    },
    { name: "Avro", topic: "avro", bodies: values.map(avroStock) },
  ];
  for (const { name, topic, bodies, goal } of cases) {
    const envelopes = bodies.map((body, i) => envelopeOf(topic, body, i));
    const one = (envelope: Envelope): void => {
      const { decoded } = readMasked(envelope, masker, contracts);
      if (decoded.format === "binary") throw new Error(`"${name}" was not read`);
    };
    const maskNs = timed(envelopes, (envelope) => void masker.envelope(envelope));
    const bothNs = timed(envelopes, one);
    const ns = (value: number) => `${value.toFixed(0)} ns`.padStart(9);
    line(name, `${ns(bothNs)} a message, of which masking ${ns(maskNs)}`, goal);
  }
  return Promise.resolve();
}

/** Nanoseconds a message in the best tenth of many short rounds, since other processes only ever add. */
function timed(envelopes: readonly Envelope[], run: (envelope: Envelope) => void): number {
  const rounds: number[] = [];
  for (let at = 0; rounds.length < 2_000; at = (at + perRound) % envelopes.length) {
    const some = envelopes.slice(at, at + perRound);
    const began = performance.now();
    for (const envelope of some) run(envelope);
    rounds.push(((performance.now() - began) * 1e6) / some.length);
  }
  return quantile(rounds, 0.1);
}

const perRound = 50;

function envelopeOf(topic: string, body: Uint8Array, i: number): Envelope {
  const header = (name: string, value: string) => ({ name, value: Buffer.from(value) });
  return {
    tap: "kafka:127.0.0.1:9092",
    receivedAt: i,
    headers: [
      header("type", "OrderPlaced"),
      header("source", "contrail-bench"),
      header("traceparent", `00-${i.toString(16).padStart(32, "4")}-${i.toString(16).padStart(16, "b")}-01`),
      header("correlation-id", `c0ffee00-0000-4000-8000-${i.toString(16).padStart(12, "a")}`),
    ],
    key: Buffer.from(`ord-${i}`),
    body,
    bodySize: body.length,
    origin: {
      broker: "kafka",
      topic,
      partition: 0,
      offset: BigInt(i),
      timestampType: "create",
      transactional: false,
    },
  };
}

function avroStock(value: Record<string, string | number>): Uint8Array {
  const text = (name: string) => {
    const bytes = Buffer.from(String(value[name]));
    const length = bytes.length * 2;
    return Buffer.concat([Buffer.from(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), bytes]);
  };
  const double = (name: string) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(Number(value[name]));
    return bytes;
  };
  return Buffer.concat([
    ...[text("eventId"), text("orderId"), double("sentAt"), text("status"), double("total")],
    text("note"),
  ]);
}
