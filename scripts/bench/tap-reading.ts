/**
 * How fast the Kafka tap reads when nothing is done with what it read, beside kafkajs' own consumer on the same topic.
 * Both run in processes of their own, one after the other, in turns; the better of their rounds counts. The consumer
 * gets what makes it fastest: whole batches, one a partition at a time, large fetches, no commits.
 */
import { fork } from "node:child_process";
import { Kafka, logLevel } from "kafkajs";
import { createKafkaTap, parseKafkaAddress } from "../../daemon/tap/index.ts";
import { line } from "./figures.ts";
import { processToBeEnded, toBeEnded } from "./undo.ts";

const partitions = 3;
const records = 600_000;
const bodyBytes = 300;
const rounds = 3;

interface Job {
  readonly reader: "tap" | "kafkajs" | "producer";
  readonly address: string;
  readonly topic: string;
  readonly count: number;
}

interface Outcome {
  readonly perSecond: number;
  /** What a record costs of a core, in microseconds. */
  readonly cpuMicroseconds: number;
  readonly peakBytes: number;
}

/** Fills a topic, drains it in turns, prints the rates and their ratio, and deletes it. */
export async function benchReading(address: string): Promise<void> {
  console.log(`\nReading alone: ${records.toLocaleString("en")} records of ${bodyBytes} bytes with one header`);
  const topic = `bench.reading.${Date.now().toString(36)}`;
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const leave = toBeEnded(async () => {
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
    const job = { address, topic, count: records };
    await run({ ...job, reader: "producer" });
    const best: Partial<Record<Job["reader"], Outcome>> = {};
    for (let round = 0; round < rounds; round++) {
      for (const reader of ["kafkajs", "tap"] as const) {
        const outcome = await run({ ...job, reader });
        if (outcome.perSecond > (best[reader]?.perSecond ?? 0)) best[reader] = outcome;
      }
    }
    const { tap, kafkajs } = best;
    if (tap === undefined || kafkajs === undefined) throw new Error("A reader of the bench read nothing.");
    line("  contrail's tap", words(tap));
    line("  kafkajs' consumer, by batches", words(kafkajs));
    line("  ratio, tap to kafkajs", (tap.perSecond / kafkajs.perSecond).toPrecision(3), "at least 1");
  } finally {
    await leave();
  }
}

function words({ perSecond, cpuMicroseconds, peakBytes }: Outcome): string {
  const rate = Math.round(perSecond).toLocaleString("en");
  return `${rate}/s, ${cpuMicroseconds.toFixed(1)} µs of a core each, ${Math.round(peakBytes / 1024 ** 2)} MiB at most`;
}

function run(job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // kafkajs 2.2.4 sets such timeouts; they mean nothing.
    const child = fork(import.meta.filename, ["reader"], {
      execArgv: ["--disable-warning=TimeoutNegativeWarning"],
      detached: true,
    });
    processToBeEnded(child);
    child.once("message", (outcome) => resolve(outcome as Outcome));
    child.once("exit", (code) => reject(new Error(`The ${job.reader} of the bench ended with code ${code}.`)));
    child.send(job);
  });
}

// ------------------------------------------------------------------------------------------ in the reader's process

async function produce({ address, topic, count }: Job): Promise<void> {
  const producer = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (let sent = 0; sent < count; sent += 3_000) {
    const messages = Array.from({ length: Math.min(3_000, count - sent) }, (_, i) => ({
      key: `ord-${sent + i}`,
      value: `{"orderId":"ord-${sent + i}","note":"`.padEnd(bodyBytes - 2, "x") + '"}',
      headers: { type: "OrderPlaced" },
      partition: (((sent + i) / 50) % partitions) | 0,
    }));
    await producer.send({ topic, acks: 1, messages });
  }
  await producer.disconnect();
}

/** Resolves to the milliseconds from the first record to the last. */
async function readByTap({ address, topic, count }: Job): Promise<number> {
  const parsed = parseKafkaAddress(address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  const tap = createKafkaTap({ seeds: parsed.value, topics: [topic], from: "beginning" });
  let seen = 0;
  let first = 0;
  const last = await new Promise<number>((resolve) => {
    void tap.start({
      accept: (events) => {
        if (seen === 0) first = performance.now();
        for (const { kind } of events) if (kind === "message") seen++;
        if (seen >= count) resolve(performance.now());
      },
    });
  });
  await tap.stop();
  if (seen !== count) throw new Error(`The tap saw ${seen} records of ${count}.`);
  return last - first;
}

async function readByConsumer({ address, topic, count }: Job): Promise<number> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const groupId = `${topic}-${process.pid}`;
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 4 << 20, maxBytes: 16 << 20 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let seen = 0;
  let first = 0;
  const last = await new Promise<number>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        partitionsConsumedConcurrently: partitions,
        // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs wants a promise
        eachBatch: async ({ batch }) => {
          if (seen === 0) first = performance.now();
          seen += batch.messages.length;
          if (seen >= count) resolve(performance.now());
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteGroups([groupId]).catch(() => undefined);
  await admin.disconnect();
  return last - first;
}

if (process.send !== undefined && process.argv[2] === "reader") {
  process.once("message", (message) => {
    process.once("disconnect", () => process.exit());
    const job = message as Job;
    const cpu = process.cpuUsage();
    const work = job.reader === "producer" ? produce(job) : job.reader === "tap" ? readByTap(job) : readByConsumer(job);
    work.then(
      (milliseconds) => {
        const { user, system } = process.cpuUsage(cpu);
        const outcome: Outcome = {
          perSecond: (job.count / (milliseconds ?? 1)) * 1000,
          cpuMicroseconds: (user + system) / job.count,
          peakBytes: process.resourceUsage().maxRSS * 1024,
        };
        process.send?.(outcome, () => process.exit(0));
      },
      (cause: unknown) => {
        console.error(cause);
        process.exit(1);
      },
    );
  });
}
