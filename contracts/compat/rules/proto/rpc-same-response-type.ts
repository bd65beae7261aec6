import type { ProtoRule } from "../../proto-rule.ts";
import { lastPart } from "./words.ts";

/** An rpc keeps the message that it gives. */
export const rpcSameResponseType: ProtoRule = {
  id: "RPC_SAME_RESPONSE_TYPE",
  purpose: "Checks that rpcs keep the type of their response.",
  why: "Clients read what the server wrote as the type that they know, whatever it was.",
  advice: "Keep the type and grow it with new fields, or add a new rpc.",
  over: "methods",
  check({ before, after }, report) {
    const old = before.response;
    const now = after.response;
    const oldName = old?.fullName ?? before.node.response.typeName;
    const nowName = now?.fullName ?? after.node.response.typeName;
    if (oldName === nowName) return;
    const isKnown = old !== undefined && now !== undefined;
    if (!isKnown && lastPart(oldName) === lastPart(nowName)) return;
    const { start, end } = after.node.response;
    report({
      message: `Rpc "${after.name}" of service "${after.parent.name}" changed its response type from "${oldName}" to "${nowName}".`,
      place: after.file.placeOf(start, end),
      previous: before.file.placeOf(before.node.response.start, before.node.response.end),
      sourceConsequence:
        "Clients with the old version read the answer as another type; code of both sides no longer compiles.",
      ...(isKnown
        ? { messages: { before: old, after: now, readers: "Clients" } }
        : { undecided: "One of the types is not known, as an import is missing." }),
    });
  },
};
