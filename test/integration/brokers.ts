/**
 * The brokers of an integration test: those that `global-setup.ts` started or the environment gave, else brokers of
 * this file's own, which end with it. Ask for them outside of tests or in `beforeAll`.
 */
import { afterAll } from "vitest";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";

let started: Promise<SharedBrokers> | undefined;

export type SharedBrokers = Brokers & { readonly kafka: string; readonly rabbitmq: string };

export function brokers(): Promise<SharedBrokers> {
  return (started ??= start());
}

async function start(): Promise<SharedBrokers> {
  const running = await startBrokers();
  const { kafka, rabbitmq } = running;
  if (kafka === undefined || rabbitmq === undefined) throw new Error("Both brokers were asked for, one is missing.");
  return { ...running, kafka, rabbitmq };
}

afterAll(async () => {
  await (await started)?.stop();
});

/** A prefix for topics, queues and exchanges that no other test uses. */
export function ownPrefix(): string {
  return `test-${process.pid}-${Date.now().toString(36)}-${(prefixes += 1)}.`;
}
let prefixes = 0;
