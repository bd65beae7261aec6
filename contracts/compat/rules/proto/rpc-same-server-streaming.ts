import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";

/** The server goes on to send one message, or a stream. */
export const rpcSameServerStreaming: ProtoRule = {
  id: "RPC_SAME_SERVER_STREAMING",
  purpose: "Checks that rpcs keep whether their server streams.",
  why: "One message and a stream of them are taken in different ways by generated code, and by proxies between.",
  advice: "Keep the rpc as it is, and add a new one.",
  over: "methods",
  check({ before, after }, report) {
    const streams = after.node.response.stream;
    if (before.node.response.stream === streams) return;
    report({
      message: `Rpc "${after.name}" of service "${after.parent.name}" changed from server ${streams ? "unary to server streaming" : "streaming to server unary"}.`,
      place: headPlace(after),
      previous: headPlace(before),
      sourceConsequence: streams
        ? "Clients with the old version take the first message as the whole answer, and fail when a second one comes."
        : "Clients with the old version get a single message and the end of the stream.",
    });
  },
};
