import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Broker } from "./broker.ts";
import type { Certificates } from "./certificates.ts";
import { startProcessGroup, type ProcessGroup } from "./process-group.ts";
import { managementReady, rabbitmqReady, until } from "./ready.ts";
import type { ResidueWatch } from "./residue.ts";
import type { RabbitmqInstallation } from "./rabbitmq4.ts";
import { rabbitmqPrograms } from "./tools.ts";

const run = promisify(execFile);

export interface LocalRabbitmqOptions {
  readonly folder: string;
  /** AMQP; the management API, Erlang's distribution and its port mapper follow on the next three. */
  readonly port: number;
  readonly watch: ResidueWatch;
  /** Which RabbitMQ; default: the one that Debian's package installed. */
  readonly installation?: RabbitmqInstallation;
  /** Plug-ins beside the management API, such as `rabbitmq_event_exchange`. */
  readonly plugins?: readonly string[];
  /** Listens with TLS as well, AMQP on the port after epmd's and the management API on the next. */
  readonly tls?: Certificates & { readonly mutual: boolean };
}

export interface RabbitmqBroker extends Broker {
  rabbitmqctl(args: readonly string[]): Promise<string>;
}

/** One RabbitMQ node with management on the loopback address, data in `folder`, user guest. */
export async function startLocalRabbitmq(options: LocalRabbitmqOptions): Promise<RabbitmqBroker> {
  const { folder, port, watch, tls } = options;
  const { programs, erlang } = options.installation ?? { programs: rabbitmqPrograms };
  await mkdir(folder, { recursive: true });
  const plugins = ["rabbitmq_management", ...(options.plugins ?? [])];
  await writeFile(join(folder, "enabled_plugins"), `[${plugins.join(",")}].\n`);
  await writeFile(
    join(folder, "rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      "management.tcp.ip = 127.0.0.1",
      `management.tcp.port = ${port + 1}`,
      // Statistics every second instead of every five: tests ask the management API what a client did.
      "collect_statistics_interval = 1000",
      ...(tls === undefined ? [] : tlsListeners(tls, port)),
      "",
    ].join("\n"),
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...(erlang === undefined ? {} : { PATH: `${erlang}${delimiter}${process.env["PATH"] ?? ""}` }),
    HOME: folder,
    RABBITMQ_NODENAME: `contrail${port}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(port + 2),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, "advanced.config"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "rabbitmq-env.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_PORT: String(port + 3),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };

  // The port mapper runs in the foreground under our hand. Erlang would start its own as a daemon, which outlives it.
  const portMapper = await startProcessGroup(
    erlang === undefined ? "epmd" : join(erlang, "epmd"),
    ["-port", String(port + 3), "-address", "127.0.0.1"],
    {
      cwd: folder,
      env,
      log: join(folder, "epmd.log"),
      watch,
    },
  );
  let node: ProcessGroup | undefined;
  const start = async (): Promise<void> => {
    const started = await startProcessGroup(join(programs, "rabbitmq-server"), [], {
      cwd: folder,
      env,
      log: join(folder, "server.log"),
      watch,
    });
    node = started;
    const management = `http://guest:guest@127.0.0.1:${port + 1}`;
    const ready = await until(
      async () => (await rabbitmqReady("127.0.0.1", port)) && (await managementReady(management)),
      { timeout: 60_000, alive: started.alive },
    );
    if (!ready) {
      const tail = started.tail();
      await started.end(0);
      throw new Error(`RabbitMQ did not come up on 127.0.0.1:${port}. Its last words:\n${tail}`);
    }
  };
  const end = async (patience: number): Promise<void> => {
    await node?.end(patience);
    node = undefined;
  };
  try {
    await start();
  } catch (error) {
    await portMapper.end(0);
    throw error;
  }
  return {
    async stop() {
      await end(0);
      await portMapper.end(0);
    },
    kill: () => end(0),
    start,
    async restart() {
      // Within 0.1 s it has closed its connections and message stores; what it then waits 8 s for is nobody's.
      await end(1_500);
      await start();
    },
    async rabbitmqctl(args) {
      try {
        return (await run(join(programs, "rabbitmqctl"), ["-q", ...args], { env, cwd: folder })).stdout;
      } catch (cause) {
        const { stderr = "", stdout = "" } = cause as { stderr?: string; stdout?: string };
        throw new Error(`rabbitmqctl ${args.join(" ")} failed: ${(stderr || stdout).trim()}`, { cause });
      }
    },
  };
}

function tlsListeners(
  { authorityFile, certificateFile, keyFile, mutual }: NonNullable<LocalRabbitmqOptions["tls"]>,
  port: number,
): readonly string[] {
  const files = (prefix: string): string[] => [
    `${prefix}.cacertfile = ${authorityFile}`,
    `${prefix}.certfile = ${certificateFile}`,
    `${prefix}.keyfile = ${keyFile}`,
  ];
  return [
    `listeners.ssl.1 = 127.0.0.1:${port + 4}`,
    ...files("ssl_options"),
    ...(mutual ? ["ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = true"] : []),
    "management.ssl.ip = 127.0.0.1",
    `management.ssl.port = ${port + 5}`,
    ...files("management.ssl"),
  ];
}
