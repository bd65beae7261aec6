/**
 * Starts the brokers that integration tests share, once for all of them, and ends them afterwards. Tests find them
 * through CONTRAIL_KAFKA and CONTRAIL_RABBITMQ, as they find brokers that somebody else gave. Should vitest be killed,
 * the brokers' guardian ends them.
 */
import { startBrokers } from "../../scripts/brokers/index.ts";

export async function setup(): Promise<() => Promise<void>> {
  const brokers = await startBrokers({ say: (line) => console.error(line) });
  const { kafka, rabbitmq, rabbitmqManagement } = brokers;
  const variables = {
    CONTRAIL_KAFKA: kafka,
    CONTRAIL_RABBITMQ: rabbitmq,
    CONTRAIL_RABBITMQ_MANAGEMENT: rabbitmqManagement,
  };
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) process.env[name] = value;
  return () => brokers.stop();
}
