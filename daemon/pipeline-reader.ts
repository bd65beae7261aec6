import type { DecodedBody } from "../contracts/codec/index.ts";
import type { Contracts } from "./contracts.ts";
import type { Masker } from "./mask/index.ts";
import { messageInput } from "./pipeline-input.ts";
import { readSpanBody } from "./pipeline-span.ts";
import type { Envelope } from "./tap/envelope.ts";

const binaryFormats: ReadonlySet<DecodedBody["format"]> = new Set(["protobuf", "avro", "messagepack", "cbor"]);

/** A message without secrets, and what its body says. */
export interface MaskedMessage {
  readonly envelope: Envelope;
  readonly decoded: DecodedBody;
  readonly masked: number;
}

/** Takes the secrets out of a message and reads its body by the contracts. */
export function readMasked(raw: Envelope, masker: Masker, contracts: Contracts): MaskedMessage {
  const { envelope, count } = masker.envelope(raw);
  const decoded = decodeBody(envelope, contracts);
  if (envelope.body !== null && decoded.value !== undefined) {
    const marked = decoded.definition?.secretPaths ?? [];
    const isBinary = binaryFormats.has(decoded.format);
    const again = isBinary
      ? masker.decodedBody(envelope.body, decoded.value, marked)
      : decoded.format === "json"
        ? masker.markedJson(envelope.body, marked)
        : undefined;
    if (again !== undefined) {
      const clean = { ...envelope, body: again.body };
      return { envelope: clean, decoded: decodeBody(clean, contracts), masked: count + again.count };
    }
  }
  return { envelope, decoded, masked: count };
}

/** What the body of a message says by the contracts; never throws. */
export function decodeBody(envelope: Envelope, contracts: Contracts): DecodedBody {
  try {
    const input = messageInput(envelope);
    return input === undefined ? readSpanBody(envelope.body) : contracts.catalog.decode(input);
  } catch (cause) {
    // The codec promises not to throw; one message that makes it do so must not stop the tap.
    const failure = cause instanceof Error ? cause.message : String(cause);
    return { format: "binary", check: "unchecked", violations: [], attempts: [{ format: "binary", failure }] };
  }
}
