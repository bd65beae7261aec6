/**
 * Taps: one file a source. Each takes in an address and a sink and hands out envelopes of what it sees, plus what
 * happened to messages afterwards and how the tap itself is doing. A tap changes nothing that anybody could notice.
 */
export {
  formatHostPort,
  isLoopback,
  kafkaAddress,
  parseAddressMap,
  parseHostPort,
  parseKafkaAddress,
  parseRabbitmqAddress,
  rabbitmqAddress,
  redact,
  type HostPort,
  type Parsed,
  type RabbitmqAddress,
} from "./address.ts";
export { preciseNow, wallClockBehind } from "./clock.ts";
export type * from "./envelope.ts";
export { createKafkaTap, type KafkaTapOptions } from "./kafka.ts";
export type { KafkaLogin } from "./kafka-client.ts";
export type { Resumption, StartAt } from "./kafka-positions.ts";
export { createSocketFactory } from "./kafka-socket.ts";
export { createOtlpTap, otlpPort, type OtlpTapOptions } from "./otlp.ts";
export { openAmqp } from "./rabbitmq-connect.ts";
export { createRabbitmqTap, type RabbitmqTapOptions } from "./rabbitmq.ts";
