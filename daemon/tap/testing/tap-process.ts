/**
 * Both taps in a process of their own, to be ended in good order (SIGTERM) or killed. Addresses come by the environment;
 * prints one JSON line when it is live, and one whenever it has seen more.
 */
import { createLeaseKeeper, restoreLeftovers } from "../../guardian/index.ts";
import { createKafkaTap, createRabbitmqTap, parseKafkaAddress, parseRabbitmqAddress, type TapSink } from "../index.ts";

const { TAP_KAFKA = "", TAP_RABBITMQ = "", TAP_MANAGEMENT, TAP_STATE = "", TAP_GUARDIAN } = process.env;
const kafka = parseKafkaAddress(TAP_KAFKA);
const rabbitmq = parseRabbitmqAddress(TAP_RABBITMQ);
if (!("value" in kafka) || !("value" in rabbitmq)) throw new Error("bad addresses");

await restoreLeftovers(TAP_STATE);
const leases = createLeaseKeeper({
  stateDir: TAP_STATE,
  ...(TAP_GUARDIAN === undefined ? {} : { guardianPath: TAP_GUARDIAN }),
});
const seen = { kafka: 0, rabbitmq: 0 };
let told = "";
const sink: TapSink = {
  accept(events) {
    for (const event of events) if (event.kind === "message") seen[event.envelope.origin.broker]++;
  },
};
const taps = [
  createKafkaTap({ seeds: kafka.value }),
  createRabbitmqTap({
    address: rabbitmq.value,
    leases,
    ...(TAP_MANAGEMENT === undefined ? {} : { managementUrl: TAP_MANAGEMENT }),
  }),
];
await Promise.all(taps.map((tap) => tap.start(sink)));
await leases.guardianReady;
// Before it says that it is live: whoever hears that may end it at once.
let timer: NodeJS.Timeout | undefined;
process.once("SIGTERM", () => {
  clearInterval(timer);
  void Promise.all(taps.map((tap) => tap.stop()))
    .then(() => leases.close())
    .then(() => process.exit(0));
});

console.log(JSON.stringify({ live: true, guardian: leases.guardianPid ?? 0 }));

timer = setInterval(() => {
  const line = JSON.stringify(seen);
  if (line !== told) console.log(line);
  told = line;
}, 20);
