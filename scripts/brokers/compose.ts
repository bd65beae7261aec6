import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Broker } from "./broker.ts";
import type { RabbitmqBroker } from "./local-rabbitmq.ts";
import { kafkaReady, managementReady, rabbitmqReady, until } from "./ready.ts";
import type { ResidueWatch } from "./residue.ts";

const run = promisify(execFile);

/** Whether a Docker daemon with Compose answers here, within two seconds each. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await run("docker", ["info"], { timeout: 2_000, killSignal: "SIGKILL" });
    await run("docker", ["compose", "version"], { timeout: 2_000, killSignal: "SIGKILL" });
    return true;
  } catch {
    return false;
  }
}

export interface ComposeOptions {
  readonly kafka: boolean;
  readonly rabbitmq: boolean;
  /** Kafka, RabbitMQ's AMQP, RabbitMQ's management API: this port and the next two. */
  readonly port: number;
  readonly advertised?: string;
  readonly watch: ResidueWatch;
}

export interface ComposeBrokers {
  readonly kafka?: Broker;
  readonly rabbitmq?: RabbitmqBroker;
  stop(): Promise<void>;
}

/** Both brokers as containers of a Compose project of this run's own. */
export async function startCompose(options: ComposeOptions): Promise<ComposeBrokers> {
  const { port, watch } = options;
  const project = ["compose", "-p", `contrail-${port}`, "-f", join(import.meta.dirname, "compose.yaml")];
  const env = {
    ...process.env,
    CONTRAIL_KAFKA_PORT: String(port),
    CONTRAIL_KAFKA_ADVERTISED: options.advertised ?? `127.0.0.1:${port}`,
    CONTRAIL_RABBITMQ_PORT: String(port + 1),
    CONTRAIL_RABBITMQ_MANAGEMENT_PORT: String(port + 2),
  };
  const docker = async (...args: string[]): Promise<string> =>
    (await run("docker", [...project, ...args], { env, maxBuffer: 16 * 1024 * 1024 })).stdout;
  const services = [...(options.kafka ? ["kafka"] : []), ...(options.rabbitmq ? ["rabbitmq"] : [])];
  const ready: Record<string, () => Promise<boolean>> = {
    kafka: () => kafkaReady("127.0.0.1", port),
    rabbitmq: async () =>
      (await rabbitmqReady("127.0.0.1", port + 1)) &&
      (await managementReady(`http://guest:guest@127.0.0.1:${port + 2}`)),
  };
  const wait = async (service: string): Promise<void> => {
    if (await until(ready[service] ?? (() => Promise.resolve(true)), { timeout: 90_000 })) return;
    const log = await docker("logs", "--tail", "8", service).catch(() => "");
    throw new Error(`The container of ${service} did not come up. Its last words:\n${log}`);
  };
  // Compose asks for the variables of the file also when it takes the project down, so the guardian hands them on.
  const variables = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith("CONTRAIL_") && value !== undefined ? [`${name}=${value}`] : [],
  );
  const residue = {
    kind: "command",
    command: "env",
    args: [...variables, "docker", ...project, "down", "-v", "-t", "0"],
  } as const;
  watch.add(residue);
  const stop = async (): Promise<void> => {
    await docker("down", "-v", "-t", "0");
    watch.remove(residue);
  };
  try {
    await docker("up", "-d", "--quiet-pull", ...services);
    await Promise.all(services.map(wait));
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  const broker = (service: string): Broker => ({
    stop: async () => void (await docker("stop", "-t", "0", service)),
    kill: async () => void (await docker("kill", service)),
    start: async () => {
      await docker("start", service);
      await wait(service);
    },
    restart: async () => {
      await docker("restart", service);
      await wait(service);
    },
  });
  return {
    ...(options.kafka ? { kafka: broker("kafka") } : {}),
    ...(options.rabbitmq
      ? {
          rabbitmq: {
            ...broker("rabbitmq"),
            rabbitmqctl: (args: readonly string[]) => docker("exec", "-T", "rabbitmq", "rabbitmqctl", "-q", ...args),
          },
        }
      : {}),
    stop,
  };
}
