import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";

/** The client goes on to send one message, or a stream. */
export const rpcSameClientStreaming: ProtoRule = {
  id: "RPC_SAME_CLIENT_STREAMING",
  purpose: "Checks that rpcs keep whether their client streams.",
  why: "One message and a stream of them are taken in different ways by generated code, and by proxies between.",
  advice: "Keep the rpc as it is, and add a new one.",
  over: "methods",
  check({ before, after }, report) {
    const streams = after.node.request.stream;
    if (before.node.request.stream === streams) return;
    report({
      message: `Rpc "${after.name}" of service "${after.parent.name}" changed from client ${streams ? "unary to client streaming" : "streaming to client unary"}.`,
      place: headPlace(after),
      previous: headPlace(before),
      sourceConsequence: streams
        ? "Clients with the old version send one message and wait, while the server waits for more or for the end of the stream; some servers answer UNIMPLEMENTED."
        : "Clients with the old version that send a second message fail: the server takes only one.",
    });
  },
};
