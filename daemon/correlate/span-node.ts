/** The record of a span. It has no ids that messages are joined by: what joins it is in spans.ts. */
import type { Envelope, OtlpOrigin } from "../tap/envelope.ts";
import { nobody, nothing, Spot } from "./common.ts";
import type { Figures } from "./figures.ts";
import { Node, noRemarks, type Remarks } from "./node.ts";

const anySpan = { purpose: undefined, typed: true, type: "span", failing: false, undoing: false };
const failing: Remarks = { ...noRemarks, failed: true };

export function spanNode(seq: number, envelope: Envelope, origin: OtlpOrigin, figures: Figures): Node {
  const at = envelope.timestamp ?? envelope.receivedAt;
  const { service, name } = origin;
  const node = new Node(
    {
      seq,
      at,
      // A span is sent when it has ended, and with others: when it came says nothing about the clock of its service.
      receivedAt: at,
      timestamp: undefined,
      spot: new Spot("otlp", envelope.tap, service, -1, "", "", nothing, undefined),
      // No shape is learned from spans.
      kind: { ...anySpan, channelClass: service, name: name.slice(0, 120) },
      author: { ...nobody, sender: service },
      remarks: origin.status === "error" ? failing : noRemarks,
      found: undefined,
      hash: 0,
      bodySize: envelope.bodySize,
      key: undefined,
      offset: -1,
    },
    figures,
  );
  node.settled = true;
  return node;
}
