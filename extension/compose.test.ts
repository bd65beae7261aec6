import { expect, it } from "vitest";
import { brokersInCompose } from "./compose.ts";

it("finds the ports that a Compose file publishes for brokers, and no others", () => {
  const text = `
services:
  kafka:
    image: apache/kafka:4.1.0
    ports:
      - "9092:9092"
      - 8080:8080
  shop:
    image: example/shop
    ports: ["9092:9092"]
  rabbit:
    image: rabbitmq:4-management
    ports:
      - 127.0.0.1:5673:5672
      - "15672:15672"
`;
  expect(brokersInCompose(text, "compose.yaml", "/shop/compose.yaml")).toEqual([
    { broker: "kafka", address: "127.0.0.1:9092", where: "compose.yaml:6", file: "/shop/compose.yaml", line: 5 },
    { broker: "rabbitmq", address: "127.0.0.1:5673", where: "compose.yaml:14", file: "/shop/compose.yaml", line: 13 },
  ]);
});
