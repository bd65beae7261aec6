/**
 * A Kafka that wants logins and TLS, and lets some users see only some of it: every way of coming in that Contrail has,
 * a sentence for each that fails, and what consumer groups committed, also where Kafka's own topic of commits is closed.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  Kafka,
  logLevel,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createKafkaTap, parseKafkaAddress, type KafkaTapOptions, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { ensureKafkaLibrary, startGuardedKafka, type GuardedKafka } from "../../scripts/brokers/index.ts";

const run = promisify(execFile);
const topic = "guarded.orders";

let guarded: GuardedKafka;
let kafka: Kafka;
const taps: Tap[] = [];
const warnings: string[] = [];
const warned = (warning: Error): void => void warnings.push(String(warning));

beforeAll(async () => {
  guarded = await startGuardedKafka();
  kafka = new Kafka({ brokers: [guarded.open], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  await write(10);
});

afterAll(() => guarded.stop());

beforeEach(() => {
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => void warnings.push(words.join(" ")));
  }
  process.on("warning", warned);
});

afterEach(async () => {
  await Promise.all(taps.splice(0).map((tap) => tap.stop()));
  process.off("warning", warned);
  vi.restoreAllMocks();
  // What kafkajs says of itself is for its developers.
  expect(warnings.splice(0)).toEqual([]);
});

async function tapOn(address: string, options: Partial<KafkaTapOptions>): Promise<WatchingSink & { tap: Tap }> {
  const parsed = parseKafkaAddress(address);
  if ("failure" in parsed) throw new Error(parsed.failure.message);
  const tap = createKafkaTap({ seeds: parsed.value, topics: ["guarded.*"], ...options });
  taps.push(tap);
  const sink = Object.assign(new WatchingSink(), { tap });
  await tap.start(sink);
  return sink;
}

async function write(count: number): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: Array.from({ length: count }, (_, i) => ({ value: `order ${i}` })) });
  await producer.disconnect();
}

/** What a user is given to come in with, by the names that the tables below use. */
function options(way: string, wrong = false): Partial<KafkaTapOptions> {
  const login = (mechanism: "plain" | "scram-sha-256" | "scram-sha-512"): Partial<KafkaTapOptions> => ({
    login: { mechanism, username: "boss", password: wrong ? "wr0ng-s3cret" : guarded.passwords.boss },
  });
  const ways: Readonly<Record<string, Partial<KafkaTapOptions>>> = {
    nothing: {},
    PLAIN: login("plain"),
    "SCRAM-SHA-256": login("scram-sha-256"),
    "SCRAM-SHA-512": login("scram-sha-512"),
    TLS: { tls: { ca: guarded.certificates.authority } },
    "TLS of a stranger": { tls: { ca: guarded.certificates.stranger } },
    "TLS without an authority": { tls: true },
  };
  return Object.assign({}, ...way.split(" and ").map((part) => ways[part] ?? {})) as Partial<KafkaTapOptions>;
}

describe("a tap comes in", () => {
  test.each([
    ["login", "PLAIN"],
    ["login", "SCRAM-SHA-256"],
    ["login", "SCRAM-SHA-512"],
    ["tls", "TLS"],
    ["loginOverTls", "TLS and PLAIN"],
    ["loginOverTls", "TLS and SCRAM-SHA-256"],
  ] as const)("at the listener %s by %s, and reads", async (listener, way) => {
    const sink = await tapOn(guarded[listener], { ...options(way), from: "beginning" });
    expect(sink.state?.phase).toBe("live");
    await sink.until(() => sink.of("message").length >= 10, "what is there");
  });
});

describe("a tap that cannot come in says why", () => {
  test.each([
    ["login", "PLAIN", "wrong", 'did not accept the user "boss" with the given password.'],
    ["login", "SCRAM-SHA-512", "wrong", 'did not accept the user "boss" with the given password.'],
    ["loginOverTls", "TLS and SCRAM-SHA-256", "wrong", 'did not accept the user "boss" with the given password.'],
    ["login", "nothing", "", "probably wants a user name and password (SASL) or TLS"],
    ["loginOverTls", "TLS", "", "probably wants a user name and password (SASL) or TLS"],
    ["open", "PLAIN", "", "does not offer the login mechanism PLAIN."],
    ["tls", "nothing", "", "wants TLS. Switch TLS on for this broker, or name its plain port."],
    ["open", "TLS", "", "the port hung up, so it may not speak TLS"],
    ["tls", "TLS of a stranger", "", "no authority that is trusted here signed its certificate"],
    ["tls", "TLS without an authority", "", "name that authority's certificate."],
    [
      "mutualTls",
      "TLS",
      "",
      "asks its clients for a certificate of their own (mutual TLS), which Contrail does not have.",
    ],
    ["oauth", "PLAIN", "", "not by OAUTHBEARER, Kerberos or AWS_MSK_IAM"],
  ] as const)("at the listener %s by %s %s: %s", async (listener, way, wrong, sentence) => {
    const sink = await tapOn(guarded[listener], options(way, wrong !== ""));
    expect(sink.state?.detail).toContain(sentence);
    expect(sink.state?.phase).toBe("failed");
    expect(sink.state?.detail).not.toContain("s3cret");
  });
});

describe("what groups have committed", () => {
  const classic = "guarded-classic";
  const modern = "guarded-kip-848";
  let watching: WatchingSink;

  beforeAll(async () => {
    await commit(classic, 4);
    watching = await tapOn(guarded.open, { from: "beginning" });
    await watching.until((sink) => commits(sink).length > 0, "the first commit");
    // The Java client, with the protocol of KIP-848, takes six and commits.
    const library = await ensureKafkaLibrary();
    const java = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", join(library, "*")];
    const consumer = ["org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", guarded.open];
    const what = ["--topic", topic, "--group", modern, "--max-messages", "6"];
    const how = ["group.protocol=consumer", "auto.offset.reset=earliest"];
    const properties = how.flatMap((property) => ["--consumer-property", property]);
    await run("java", [...java, ...consumer, ...what, ...properties]);
    const admin = kafka.admin();
    await admin.connect();
    const allow = { principal: "User:reader", host: "*", permissionType: AclPermissionTypes.ALLOW };
    const grant = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) => {
      const pattern = resourceName === "*" ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED;
      return { ...allow, resourceType, resourceName, resourcePatternType: pattern, operation };
    };
    await admin.createAcls({
      acl: [
        grant(AclResourceTypes.TOPIC, "guarded.", AclOperationTypes.READ),
        grant(AclResourceTypes.GROUP, "*", AclOperationTypes.DESCRIBE),
      ],
    });
    await admin.disconnect();
  });

  async function commit(group: string, offset: number): Promise<void> {
    const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 20 });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await joined;
    const admin = kafka.admin();
    await admin.connect();
    // kafkajs commits nothing where it has not yet noticed that it may.
    for (let committed: string | undefined; committed !== String(offset);) {
      await consumer.commitOffsets([{ topic, partition: 0, offset: String(offset) }]);
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      committed = answer?.partitions[0]?.offset;
    }
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
  }

  function commits(sink: WatchingSink): string[] {
    return sink.of("commit").map(({ group, offset }) => `${group} ${offset}`);
  }

  function lags({ tap }: { readonly tap: Tap }): string[] {
    return (tap.groups?.() ?? []).map(({ group, topic, lag }) => `${group} ${topic} ${lag}`);
  }

  test("before the tap began is asked for, of classic groups and those of KIP-848; later commits are seen at once", async () => {
    // A tap that was there before sees the commit of the KIP-848 group as it is made.
    await watching.until((seen) => commits(seen).includes(`${modern} 6`), "the commit of the KIP-848 group", 3_000);
    const sink = await tapOn(guarded.open, { from: "beginning" });
    await sink.until(() => commits(sink).length >= 2, "what was committed before");
    expect(commits(sink).sort()).toEqual([`${classic} 4`, `${modern} 6`]);
    await expect.poll(() => lags(sink)).toEqual([`${classic} ${topic} 6`, `${modern} ${topic} 4`]);
    // A tap that begins now sees no record that they have committed past, but how far they are behind.
    const later = await tapOn(guarded.open, {});
    await expect.poll(() => lags(later)).toEqual([`${classic} ${topic} 6`, `${modern} ${topic} 4`]);
    expect(commits(later)).toEqual([]);
    await commit(classic, 9);
    await sink.until(() => commits(sink).includes(`${classic} 9`), "the next commit", 3_000);
    await expect.poll(() => lags(sink)).toEqual([`${modern} ${topic} 4`, `${classic} ${topic} 1`]);
    expect(sink.tap.groups?.()[1]?.committedAt).toBeGreaterThan(Date.now() - 20_000);
    expect(sink.state?.detail).toBeUndefined();
    // A group that is deleted has nothing to catch up with.
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([modern]);
    await admin.disconnect();
    await expect.poll(() => lags(sink), { timeout: 5_000 }).toEqual([`${classic} ${topic} 1`]);
  });

  test("is asked for every few seconds where the user may not read __consumer_offsets, and that is said", async () => {
    const login = { mechanism: "plain", username: "reader", password: guarded.passwords.reader } as const;
    const sink = await tapOn(guarded.login, { login, from: "beginning" });
    await sink.until(() => sink.of("message").length >= 10, "what it may read");
    await sink.until(() => commits(sink).length >= 1, "what was committed before");
    expect(commits(sink)).toEqual([`${classic} 9`]);
    await sink.until(({ state }) => state?.detail !== undefined, "that this user sees less");
    expect(sink.state).toMatchObject({
      phase: "live",
      detail: "What groups commit is asked for every 5 s: the user may not read __consumer_offsets.",
    });
    await commit(classic, 10);
    await sink.until(() => commits(sink).includes(`${classic} 10`), "the next commit");
    expect(lags(sink)).toEqual([`${classic} ${topic} 0`]);
  });
});
