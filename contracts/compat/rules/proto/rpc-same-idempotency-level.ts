import { optionNode, optionWord, type MethodDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace, optionPlace } from "./places.ts";

const option = "idempotency_level";

/** What may be repeated may still be. */
export const rpcSameIdempotencyLevel: ProtoRule = {
  id: "RPC_SAME_IDEMPOTENCY_LEVEL",
  purpose: `Checks that rpcs keep their option "${option}".`,
  why: "Clients decide by it whether they may try again, and some send calls without side effects as HTTP GET.",
  advice: `Keep "${option}" as it was.`,
  over: "methods",
  check({ before, after }, report) {
    const old = levelOf(before);
    const now = levelOf(after);
    if (old === now) return;
    report({
      message: `Rpc "${after.name}" of service "${after.parent.name}" changed its "${option}" from ${old} to ${now}.`,
      place: placeOf(after),
      previous: placeOf(before),
      sourceConsequence:
        "Clients with the old version may repeat a call that has effects now, or call it in a way that the server no longer offers.",
    });
  },
};

function levelOf(method: MethodDescriptor): string {
  return optionWord(method.node.options, option) ?? "IDEMPOTENCY_UNKNOWN";
}

function placeOf(method: MethodDescriptor): Place {
  const node = optionNode(method.node.options, option);
  return node === undefined ? filePlace(method.file) : optionPlace(method.file, node);
}
