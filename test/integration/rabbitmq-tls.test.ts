/**
 * RabbitMQ by TLS, with an authority that nobody else knows: the tap sees everything, its guardian restores by the same
 * authority, and whatever does not fit is a sentence that says what to change.
 */
import { connect } from "amqplib";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createLeaseKeeper, restoreLeftovers } from "../../daemon/guardian/index.ts";
import { createRabbitmqTap, type RabbitmqTapOptions, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { makeCertificates, type Brokers, type Certificates } from "../../scripts/brokers/index.ts";
import { addressOf, bodyOf, own, vhostOf, type Node } from "./rabbitmq.ts";

let folder: string;
let certificates: Certificates;
let node: Node & { readonly brokers: Brokers };
let secure: string;
let tap: Tap | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "contrail-rabbitmq-tls-"));
  certificates = await makeCertificates(folder);
  node = await own({ rabbitmqVersion: 4, rabbitmqCertificates: certificates });
  secure = node.brokers.rabbitmqTls?.url ?? "";
});

afterEach(async () => {
  await tap?.stop();
  tap = undefined;
});

afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

async function tapOf(url: string, options: Omit<RabbitmqTapOptions, "address">): Promise<WatchingSink> {
  const sink = new WatchingSink();
  tap = createRabbitmqTap({ address: addressOf(url), ...options });
  await tap.start(sink);
  return sink;
}

function managementUrl(): string {
  return new URL(node.brokers.rabbitmqTls?.management ?? "").origin;
}

test("with its authority, by name and by number: everything is seen", async () => {
  for (const host of ["localhost", "127.0.0.1"]) {
    const url = secure.replace("localhost", host);
    const sink = await tapOf(url, {
      ca: certificates.authority,
      managementUrl: managementUrl().replace("localhost", host),
    });
    expect(sink.state).toMatchObject({ phase: "live", mode: "firehose" });
    const client = await connect(url, { ca: certificates.authority });
    const channel = await client.createConfirmChannel();
    channel.publish("amq.topic", "some.key", Buffer.from(`by ${host}`));
    await channel.waitForConfirms();
    await sink.until((seen) => seen.of("message").some(({ envelope }) => bodyOf(envelope) === `by ${host}`), "it");
    await client.close();
    await tap?.stop();
    expect(await vhostOf(node, "/")).toMatchObject({ tracing: false });
  }
});

test("what a killed tap left is put back by the same authority", async () => {
  const stateDir = join(folder, "leases");
  const leases = createLeaseKeeper({ stateDir });
  const access = { baseUrl: managementUrl(), username: "guest", password: "guest", ca: certificates.authority };
  await leases.takeTracing(access, "/");
  await node.brokers.rabbitmqctl(["trace_on"]);
  // Its owner has not touched it for long, as one that was killed.
  const [name = ""] = await readdir(stateDir);
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(join(stateDir, name), longAgo, longAgo);
  expect(await restoreLeftovers(stateDir)).toEqual([]);
  expect(await vhostOf(node, "/")).toMatchObject({ tracing: false });
  expect(await readdir(stateDir)).toEqual([]);
  await leases.close();
});

test.each([
  ["no authority", () => secure, () => ({}), /no authority that is trusted here signed its certificate/],
  ["another authority", () => secure, () => ({ ca: certificates.stranger }), /no authority that is trusted here/],
  [
    "no certificate at all in the file",
    () => secure,
    () => ({ ca: "hello" }),
    /the authority given is no certificate in PEM/,
  ],
  [
    "plain text to the port of TLS",
    () => secure.replace("amqps:", "amqp:"),
    () => ({}),
    /^RabbitMQ at localhost:\d+ wants TLS\. Write the address with amqps:\/\/, or name its plain port\.$/,
  ],
  [
    "TLS to the plain port",
    () => node.url.replace("amqp:", "amqps:"),
    () => ({ ca: certificates.authority }),
    /A TLS connection to RabbitMQ at 127\.0\.0\.1:\d+ could not be made \(the port does not speak TLS\)/,
  ],
] as const)("%s: said in a sentence", async (_, url, options, sentence) => {
  const sink = await tapOf(url(), options());
  expect(sink.state?.detail).toMatch(sentence);
  expect(sink.state?.phase).toBe("failed");
});

test("a broker that wants a certificate of its clients: said that this is not supported", async () => {
  const strict = await own({
    rabbitmqVersion: 4,
    rabbitmqCertificates: certificates,
    rabbitmqWantsCertificate: true,
  });
  const sink = await tapOf(strict.brokers.rabbitmqTls?.url ?? "", { ca: certificates.authority });
  await strict.stop();
  expect(sink.states.find(({ phase }) => phase === "failed")?.detail).toMatch(
    /^RabbitMQ at localhost:\d+ asks its clients for a certificate of their own \(mutual TLS\)/,
  );
});
