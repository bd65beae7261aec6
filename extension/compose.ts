/** Compose files, as far as they tell where brokers listen. */
import type { FoundBroker } from "../webview/bridge.ts";

/**
 * Reads a Compose file line by line: services by indentation, their image, their published ports. A port mapping is
 * `"[ADDRESS:]HOST:CONTAINER"`; only mappings to the brokers' own ports count, and ranges and variables do not.
 */
export function brokersInCompose(text: string, shown: string, file: string): FoundBroker[] {
  const found: FoundBroker[] = [];
  let image = "";
  text.split(/\r?\n/).forEach((line, index) => {
    if (/^ {2}[\w.-]+:\s*$/.test(line)) image = "";
    image = /^\s+image:\s*["']?([^\s"']+)/.exec(line)?.[1]?.toLowerCase() ?? image;
    const mapping =
      /^\s*-\s*["']?(?:(?:127\.0\.0\.1|0\.0\.0\.0|localhost):)?(\d{2,5}):(\d{2,5})(?:\/tcp)?["']?\s*(?:#.*)?$/.exec(
        line,
      );
    if (mapping === null) return;
    const [, published, inside] = mapping;
    const place = { where: `${shown}:${index + 1}`, file, line: index };
    if (/kafka|redpanda/.test(image) && /^(9092|19092|29092|9093|9094)$/.test(inside ?? "")) {
      found.push({ broker: "kafka", address: `127.0.0.1:${published}`, ...place });
    }
    if (/rabbitmq/.test(image) && inside === "5672") {
      found.push({ broker: "rabbitmq", address: `127.0.0.1:${published}`, ...place });
    }
  });
  return found;
}
