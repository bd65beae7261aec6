/** What is fuzzed: every reader of bytes and texts that come from outside, each with inputs that are right. */
import { createCatalog, type MessageCatalog, type MessageInput } from "../../contracts/codec/index.ts";
import { Masker } from "../../daemon/mask/index.ts";
import { readMasked, readStored } from "../../daemon/pipeline-reader.ts";
import { StoredSchemas } from "../../daemon/registry.ts";
import { contractsOf } from "../../daemon/contracts.ts";
import { readClientMessage } from "../../daemon/serve/client-message.ts";
import { happenedFromRow, messageFromRow } from "../../daemon/store/rows.ts";
import { headersFromText, headersToText, originFromText, originToText } from "../../daemon/store/values.ts";
import { codecNames, decompress } from "../../daemon/tap/compression.ts";
import { spansOf } from "../../daemon/tap/otlp-spans.ts";
import { readJsonRequest, readProtobufRequest, type WireObject } from "../../daemon/tap/otlp-wire.ts";
import { readRecordSet } from "../../daemon/tap/record-batch.ts";
import { captureFileTarget } from "./capture-file.ts";
import { contracts, samples } from "./samples.ts";

export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  read(bytes: Uint8Array): void;
  /**
   * What it may throw, for readers whose caller turns an error into a sentence: an Error with a message. A RangeError of
   * the engine (stack, memory) is none of these.
   */
  readonly refusesByThrowing?: true;
  /** Of what others are given, for a reader that takes much longer; absent: as many. */
  readonly share?: number;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

function decoding(
  catalog: MessageCatalog,
  name: string,
  seeds: readonly Uint8Array[],
  input: Partial<MessageInput>,
): Target {
  return {
    name,
    seeds,
    read: (body) => {
      const { value } = catalog.decode({ broker: "kafka", channel: "elsewhere", headers: [], body, ...input });
      // What is read is stored and sent as JSON.
      if (value !== undefined) JSON.stringify(value);
    },
  };
}

function readSpans(request: WireObject): void {
  for (const { origin, headers, body } of spansOf(request, "otlp:127.0.0.1:4318", 1_763_726_400_000, 1_000).envelopes) {
    originFromText(originToText(origin));
    headersFromText(headersToText(headers));
    if (body !== null) JSON.parse(textOf(body));
  }
}

/** What the pipeline does with a message: masks, decodes, masks by what was read, and reads what it stored once more. */
function masking(name: string, seeds: readonly Uint8Array[], topic: string, contentType = ""): Target {
  const reading = contractsOf({ files: contracts, protoModules: [] }, "");
  const masker = new Masker(new Uint8Array(32));
  const origin = {
    broker: "kafka",
    topic,
    partition: 0,
    offset: 0n,
    timestampType: "create",
    transactional: false,
  } as const;
  return {
    name,
    seeds,
    read: (body) => {
      const headers = [{ name: "content-type", value: contentType }];
      const raw = { tap: "t", receivedAt: 0, headers, key: body.subarray(0, 40), body, bodySize: body.length, origin };
      const { envelope } = readMasked(raw, masker, reading);
      const kept = envelope.body ?? body;
      // An Avro file is kept uncompressed where a secret is in it; everything else keeps its length.
      if (kept.length !== body.length && body[0] !== 0x4f)
        throw new TypeError(`${body.length} bytes became ${kept.length}`);
      const again = readStored(envelope, masker, reading);
      if (again.decoded.value !== undefined) JSON.stringify(again.decoded.value);
    },
  };
}

/** Schemas that a registry sends, and bodies that name them. */
function registered(): Target {
  const kinds = ["AVRO", "PROTOBUF", "JSON"] as const;
  return {
    name: "schemas of a registry",
    seeds: samples.schemas,
    read: (bytes) => {
      const [text = "", reference = ""] = textOf(bytes).split("\u0000");
      const references = [{ name: "other.proto", text: reference }];
      for (const [i, schemaType] of kinds.entries()) {
        const schemas = new StoredSchemas();
        schemas.load(new Map([["schema-registry:/9", JSON.stringify({ schemaType, schema: text, references })]]));
        const catalog = createCatalog({ files: new Map(), protoModules: [] }, schemas);
        const body = [samples.framed, samples.framedAvro, samples.framedJson][i] ?? bytes;
        const decoded = catalog.decode({ broker: "kafka", channel: "c", headers: [], body });
        catalog.leaves(body, decoded, () => {});
      }
    },
  };
}

const batchLimits = { keptBytes: 1_000_000, batchBytes: 4_000_000 };
const ignore = { record: () => {}, marker: () => {}, unreadable: () => {} };

/** All targets, made anew: none remembers what another saw. */
export function fuzzTargets(): readonly Target[] {
  const catalog = createCatalog({ files: contracts, protoModules: [] });
  const all = Object.values(samples).flat();
  return [
    decoding(catalog, "body, nothing known", all, {}),
    decoding(catalog, "body, protobuf declared", [samples.protobuf, samples.framed], { channel: "orders" }),
    decoding(catalog, "body, avro declared", [samples.avro, samples.avroFile], { channel: "stock" }),
    decoding(catalog, "body, JSON checked", [samples.json], { channel: "prices" }),
    decoding(catalog, "body, MessagePack", [samples.messagepack], { contentType: "application/msgpack" }),
    decoding(catalog, "body, CBOR", [samples.cbor], { contentType: "application/cbor" }),
    decoding(catalog, "body, XML", [samples.xml], { contentType: "application/xml" }),
    masking("secrets, nothing known", [...all, ...samples.secrets], "elsewhere"),
    masking("secrets in protobuf", [samples.protobuf, samples.framed], "orders"),
    masking("secrets in Avro", [samples.avro, samples.avroFile, samples.avroFileDeflated], "stock"),
    masking(
      "secrets in MessagePack",
      [samples.messagepack, samples.secretMessagepack],
      "elsewhere",
      "application/msgpack",
    ),
    masking("secrets in CBOR", [samples.cbor], "elsewhere", "application/cbor"),
    masking("secrets in XML", [samples.xml, ...samples.secrets], "elsewhere", "application/xml"),
    registered(),
    {
      name: "headers",
      seeds: [samples.json, Buffer.from("shop.v1.OrderPlaced, Assembly"), Buffer.from("urn:message:Shop:OrderPlaced")],
      read: (bytes) => {
        const headers = ["ce_type", "__TypeId__", "type"].map((name) => ({ name, value: bytes }));
        const contentType = textOf(bytes);
        catalog.decode({ broker: "kafka", channel: contentType, headers, contentType, body: samples.json });
      },
    },
    {
      name: "messages of views",
      seeds: samples.clientMessages,
      read: (bytes) => void readClientMessage(textOf(bytes)),
    },
    {
      name: "Kafka records",
      seeds: [samples.recordBatch],
      read: (bytes) => void readRecordSet(Buffer.from(bytes), 0n, batchLimits, ignore),
    },
    {
      name: "spans in Protobuf",
      seeds: [samples.spansProtobuf],
      refusesByThrowing: true,
      read: (bytes) => readSpans(readProtobufRequest(bytes)),
    },
    {
      name: "spans in JSON",
      seeds: [samples.spansJson],
      refusesByThrowing: true,
      read: (bytes) => readSpans(readJsonRequest(bytes)),
    },
    {
      name: "compressed batches",
      seeds: samples.compressed,
      refusesByThrowing: true,
      read: (bytes) => {
        const codec = (bytes[0] ?? 0) % codecNames.length;
        const out = decompress(codec, Buffer.from(bytes.subarray(1)), 1_000_000);
        if (codec !== 0 && out.length > 1_000_000) throw new TypeError(`${out.length} bytes came out`);
      },
    },
    captureFileTarget(),
    {
      name: "rows of a capture",
      seeds: samples.rows,
      read: (bytes) => {
        const [headers = "", origin = "", data = "", kind = ""] = textOf(bytes).split("\n");
        const row = { seq: 1, n: 1, tap: "t", received_at: 1, timestamp: null, key: null, body: null, body_size: 0 };
        for (const read of [
          () => messageFromRow({ ...row, headers, origin, masked: 0 }),
          () => happenedFromRow({ n: 1, kind, at: 1, seq: null, data, body: null }, () => undefined),
        ]) {
          read();
        }
      },
    },
  ];
}
