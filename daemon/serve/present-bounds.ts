import type { Pipeline } from "../pipeline.ts";
import type { Status } from "./protocol.ts";

/** What was let go or left out at each bound that a user can notice; the others only cost speed. */
const words: Readonly<Record<string, string>> = {
  messages: "conversations that correlation let go, the oldest first; their messages stay in the capture",
  occurrencesPerValue: "uses of one id that were not compared, since it is on very many messages",
  idsPerMessage: "ids that were not looked at, since their message has very many",
  headersPerMessage: "headers that were not looked at for ids, since their message has very many",
  bodyPaths: "fields of bodies that were not looked at for ids, since their body has very many",
  bodyDepth: "parts of bodies that lie too deep to be looked at for ids",
  slots: "kinds of fields that were not learned from, since there are very many",
  channels: "channels beyond those that are told apart by what contracts say",
  types: "kinds of messages beyond those that are learned from",
  joinedMessages: "messages that were not joined by an id, since very many have it",
  pendingDeliveries: "times that deliveries without their publish were let go",
  deliveriesPerMessage: "deliveries of one message beyond those that are listed",
  committedPartitions: "partitions whose commits were let go, since groups commit in very many",
  groupsPerPartition: "groups of one partition whose commits were let go, the oldest first",
  transactions: "producers whose ended transactions were let go, the oldest first",
  commitsPerPartition: "times that the oldest commits of a partition were let go",
  gaps: "interruptions of taps beyond those that deadlines allow for",
  spans: "spans that were let go, the oldest first",
  spansPerTrace: "spans of one trace beyond those that are joined",
};

/** Each bound that was met, with how often, the most often first. */
export function boundsOf(pipeline: Pipeline, unlisted: number): NonNullable<Status["bounds"]> {
  const met = Object.entries(pipeline.correlator.boundsMet()).flatMap(([name, count]) => {
    const what = words[name];
    return what === undefined ? [] : [{ what, count }];
  });
  if (unlisted > 0) met.push({ what: "conversations that left the list, the oldest first", count: unlisted });
  return met.sort((a, b) => b.count - a.count);
}
