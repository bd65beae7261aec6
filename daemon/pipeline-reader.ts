import type { DecodedBody } from "../contracts/codec/index.ts";
import type { Contracts } from "./contracts.ts";
import { type Masker, withoutMasks } from "./mask/index.ts";
import { messageInput } from "./pipeline-input.ts";
import { readSpanBody } from "./pipeline-span.ts";
import type { Envelope } from "./tap/envelope.ts";

/** A message without secrets, and what its body says. */
export interface MaskedMessage {
  readonly envelope: Envelope;
  readonly decoded: DecodedBody;
  /** How many secrets were taken out now. */
  readonly masked: number;
}

/** Takes the secrets out of a message that came from a tap, and reads its body by the contracts. */
export function readMasked(raw: Envelope, masker: Masker, contracts: Contracts): MaskedMessage {
  const { envelope, count } = masker.envelope(raw);
  return readFurther(envelope, count, masker, contracts, false);
}

/**
 * Reads a message that was stored without the secrets that were known of then. By other contracts its body may be read
 * for the first time, or other fields may be marked: what that shows is masked too, before anybody sees it.
 */
export function readStored(envelope: Envelope, masker: Masker, contracts: Contracts): MaskedMessage {
  return readFurther(envelope, 0, masker, contracts, true);
}

function readFurther(
  envelope: Envelope,
  count: number,
  masker: Masker,
  contracts: Contracts,
  isStored: boolean,
): MaskedMessage {
  const decoded = decodeBody(envelope, contracts);
  const { body } = envelope;
  if (body === null || decoded.value === undefined) return { envelope, decoded, masked: count };
  const again = masker.read({ body, decoded, catalog: contracts.catalog, isStored });
  if (again === undefined)
    return { envelope, decoded: count === 0 && !isStored ? decoded : withoutMasks(decoded), masked: count };
  const clean = { ...envelope, body: again.body };
  return { envelope: clean, decoded: withoutMasks(decodeBody(clean, contracts)), masked: count + again.count };
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
