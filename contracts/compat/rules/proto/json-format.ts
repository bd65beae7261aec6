/** What the two rules on the JSON format of editions share. */
import type { EnumDescriptor, MessageDescriptor } from "../../../proto/index.ts";
import type { Draft, Pair } from "../../proto-rule.ts";
import { featurePlace } from "./feature-place.ts";
import { headPlace } from "./places.ts";

/** A finding where full support of JSON became best effort. */
export function jsonFormatDraft(pair: Pair<MessageDescriptor> | Pair<EnumDescriptor>): Draft | undefined {
  const { before, after } = pair;
  const old = before.features.jsonFormat;
  const now = after.features.jsonFormat;
  if (old !== "ALLOW" || now === "ALLOW") return undefined;
  const kind = after.kind === "message" ? "Message" : "Enum";
  return {
    message: `${kind} "${after.name}" changed its JSON format from ${old} to ${now}.`,
    place: featurePlace(after.file, after.node.options, "json_format") ?? headPlace(after),
    previous: featurePlace(before.file, before.node.options, "json_format") ?? headPlace(before),
    sourceConsequence: "Its JSON form is no longer promised: names may collide, and implementations may refuse it.",
  };
}
