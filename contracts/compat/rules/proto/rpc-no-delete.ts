import type { ProtoRule } from "../../proto-rule.ts";
import { headPlace } from "./places.ts";

/** A service answers to all that it answered to. */
export const rpcNoDelete: ProtoRule = {
  id: "RPC_NO_DELETE",
  purpose: "Checks that rpcs are not deleted from their service.",
  why: "Clients that call it get an error, and code that implements or calls it no longer compiles.",
  advice: "Keep the rpc and mark it deprecated; delete it when nobody calls it any more.",
  over: "services",
  check({ before, after }, report) {
    for (const method of before.methods) {
      if (after.methods.some((now) => now.name === method.name)) continue;
      report({
        message: `Rpc "${method.name}" was deleted from service "${after.name}".`,
        place: headPlace(after),
        previous: headPlace(method),
        deleted: method.name,
        sourceConsequence:
          "Clients with the old version that call it get the status UNIMPLEMENTED; code that uses it no longer compiles.",
      });
    }
  },
};
