import type { ProtoRule } from "../../proto-rule.ts";
import { lastPart } from "./words.ts";

/** An rpc keeps the message that it takes. */
export const rpcSameRequestType: ProtoRule = {
  id: "RPC_SAME_REQUEST_TYPE",
  purpose: "Checks that rpcs keep the type of their request.",
  why: "Servers read what clients wrote as the type that they know, whatever it was.",
  advice: "Keep the type and grow it with new fields, or add a new rpc.",
  over: "methods",
  check({ before, after }, report) {
    const old = before.request;
    const now = after.request;
    const oldName = old?.fullName ?? before.node.request.typeName;
    const nowName = now?.fullName ?? after.node.request.typeName;
    if (oldName === nowName) return;
    const isKnown = old !== undefined && now !== undefined;
    if (!isKnown && lastPart(oldName) === lastPart(nowName)) return;
    const { start, end } = after.node.request;
    report({
      message: `Rpc "${after.name}" of service "${after.parent.name}" changed its request type from "${oldName}" to "${nowName}".`,
      place: after.file.placeOf(start, end),
      previous: before.file.placeOf(before.node.request.start, before.node.request.end),
      sourceConsequence:
        "Clients with the old version send what the server no longer takes for this rpc; code of both sides no longer compiles.",
      ...(isKnown
        ? { messages: { before: old, after: now, readers: "Servers" } }
        : { undecided: "One of the types is not known, as an import is missing." }),
    });
  },
};
