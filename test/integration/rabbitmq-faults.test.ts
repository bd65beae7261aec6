/**
 * What can happen to a RabbitMQ tap while it runs, on nodes of its own of both generations: the broker restarted and
 * killed, the tap's connection closed by an operator, tracing switched off by somebody else. It says so, goes on, and
 * everything is as it was found in the end. And two virtual hosts of one broker at the same time.
 */
import { connect } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRabbitmqTap, type Tap, type TapState } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import type { Brokers } from "../../scripts/brokers/index.ts";
import { addressOf, addVhost, bodyOf, inVhost, manage, own, pause, vhostOf, type Node, type Seen } from "./rabbitmq.ts";

function bodies(sink: WatchingSink): string[] {
  return sink.of("message").map(({ envelope }) => bodyOf(envelope));
}

/** The phases it went through, each once in a row. */
function phases(states: readonly TapState[]): string {
  return states
    .map(({ phase }) => phase)
    .filter((phase, i, all) => phase !== all[i - 1])
    .join(" ");
}

describe.each([
  { name: "the RabbitMQ of this machine", request: { rabbitmqPlugins: ["rabbitmq_event_exchange"] } },
  { name: "RabbitMQ 4", request: { rabbitmqVersion: 4 } },
] as const)("$name", ({ request }) => {
  let node: Node & { readonly brokers: Brokers };
  const taps: Tap[] = [];

  beforeAll(async () => {
    node = await own(request);
    for (const vhost of ["shop", "bank"]) await addVhost(node, vhost);
  });

  afterEach(async () => {
    for (const tap of taps.splice(0)) await tap.stop();
    for (const vhost of ["/", "shop", "bank"]) expect(await vhostOf(node, vhost)).toMatchObject({ tracing: false });
    expect(await vhostOf(node, "shop")).toMatchObject({
      description: "about shop, with commas",
      tags: ["red", "green"],
    });
  });

  afterAll(() => node.stop());

  async function tapOf(vhost: string): Promise<WatchingSink> {
    const sink = new WatchingSink();
    const tap = createRabbitmqTap({
      address: addressOf(inVhost(node.url, vhost)),
      managementUrl: node.management.origin,
    });
    taps.push(tap);
    await tap.start(sink);
    expect(sink.state).toMatchObject({ phase: "live", mode: "firehose" });
    return sink;
  }

  async function publish(vhost: string, text: string, connectionName = "someone"): Promise<void> {
    const clientProperties = { connection_name: connectionName };
    const client = await connect(inVhost(node.url, vhost), { clientProperties });
    const channel = await client.createConfirmChannel();
    channel.publish("amq.topic", "some.key", Buffer.from(text));
    await channel.waitForConfirms();
    await client.close();
  }

  async function seesAgain(sink: WatchingSink, vhost: string, text: string): Promise<void> {
    await sink.until(({ states }) => phases(states).endsWith("reconnecting live"), "that it is back", 30_000);
    expect(sink.state?.mode).toBe("firehose");
    expect(await vhostOf(node, vhost)).toMatchObject({ tracing: true });
    await publish(vhost, text);
    await sink.until((seen) => bodies(seen).includes(text), "what was published after");
  }

  test("two virtual hosts at once: each tap sees its own, and their names", async () => {
    const [shop, bank] = await Promise.all([tapOf("shop"), tapOf("bank")]);
    await Promise.all([publish("shop", "an order", "till"), publish("bank", "a payment", "teller")]);
    await Promise.all([
      shop.until((seen) => bodies(seen).length > 0, "the order"),
      bank.until((seen) => bodies(seen).length > 0, "the payment"),
    ]);
    await pause(200);
    expect([bodies(shop), bodies(bank)]).toEqual([["an order"], ["a payment"]]);
    if (node.version[0] === 3) {
      // The broker tells of connections in its first virtual host only, whichever they are in.
      const name = (sink: WatchingSink): string | undefined => {
        const seen = sink.of("message").map(({ envelope }) => envelope as Seen)[0];
        const { connection, connectionName } = seen?.origin ?? {};
        return connectionName ?? sink.of("connection").find((event) => event.connection === connection)?.name;
      };
      await expect.poll(() => [name(shop), name(bank)], { timeout: 1_000 }).toEqual(["till", "teller"]);
    }
    expect(new Set(taps.map(({ id }) => id.split("/").pop()))).toEqual(new Set(["bank", "shop"]));
  });

  // A restart in good order is the same to the tap on both, and takes long.
  if (!("rabbitmqVersion" in request)) {
    test("restarted in good order", async () => {
      const sink = await tapOf("shop");
      await publish("shop", "one");
      await sink.until((seen) => bodies(seen).length >= 1, "what was published before");
      await node.brokers.restartRabbitmq();
      await seesAgain(sink, "shop", "two");
      expect(bodies(sink)).toEqual(["one", "two"]);
      expect(sink.states.find(({ phase }) => phase === "reconnecting")?.nextTryAt).toBeGreaterThan(0);
    });
  }

  test("killed while it traces", async () => {
    const sink = await tapOf("shop");
    await publish("shop", "one");
    await sink.until((seen) => bodies(seen).length >= 1, "what was published before");
    await node.brokers.killRabbitmq();
    await sink.until(({ state }) => state?.phase === "reconnecting", "that it is gone");
    await sink.until(({ state }) => /Nothing accepts connections/.test(state?.detail ?? ""), "that nobody is there");
    await node.brokers.startRabbitmq();
    await seesAgain(sink, "shop", "two");
    expect(bodies(sink)).toEqual(["one", "two"]);
  });

  test("an operator closes the tap's connection: said in the operator's words, and it comes back", async () => {
    const sink = await tapOf("shop");
    const closed = await node.brokers.rabbitmqctl(["close_all_connections", "--vhost", "shop", "go home"]);
    expect(closed).toBeDefined();
    await sink.until(({ state }) => state?.phase === "reconnecting", "that it is closed");
    const said = sink.states.find(({ phase }) => phase === "reconnecting")?.detail;
    expect(said).toMatch(
      /^RabbitMQ at 127\.0\.0\.1:\d+\/shop closed the connection \(CONNECTION_FORCED - go home\)\. /,
    );
    await seesAgain(sink, "shop", "back");
  });

  test("somebody switches tracing off: it is on again soon and said; the third time it is left off", async () => {
    const sink = await tapOf("shop");
    const off = { ...(await vhostOf(node, "shop")), tracing: false, tags: "red,green" };
    const { description, default_queue_type } = off as Record<string, unknown>;
    const switchOff = (): Promise<unknown> =>
      manage(node.management, "PUT", "/api/vhosts/shop", {
        description,
        tags: "red,green",
        tracing: false,
        ...(typeof default_queue_type === "string" && default_queue_type !== "undefined" ? { default_queue_type } : {}),
      });
    for (const times of [1, 2]) {
      await switchOff();
      await sink.until(({ states }) => phases(states).split("reconnecting live").length > times, `time ${times}`);
      expect(await vhostOf(node, "shop")).toMatchObject({ tracing: true });
      expect(sink.state?.detail).toMatch(
        /^Somebody switched tracing off shortly before \d\d:\d\d:\d\d\. It is on again; up to 2 s /,
      );
    }
    await switchOff();
    await sink.until(({ state }) => state?.mode === "bindings", "the next best way");
    expect(sink.state?.detail).toMatch(
      /^Somebody switched tracing off three times within a minute, so it is left off\./,
    );
    expect(await vhostOf(node, "shop")).toMatchObject({ tracing: false });
    // Asked to try again, it may.
    taps[0]?.retry?.();
    await sink.until(({ state }) => state?.mode === "firehose", "the firehose");
  });

  test("tracing that was on before the tap stays on after it", async () => {
    await node.brokers.rabbitmqctl(["trace_on", "-p", "bank"]);
    await tapOf("bank");
    for (const tap of taps.splice(0)) await tap.stop();
    expect(await vhostOf(node, "bank")).toMatchObject({ tracing: true });
    await node.brokers.rabbitmqctl(["trace_off", "-p", "bank"]);
  });
});
