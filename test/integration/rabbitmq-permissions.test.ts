/**
 * What the RabbitMQ tap does where it may not, or cannot, do everything: it says so in a sentence, takes the next best
 * way, and does not change what happens to messages.
 */
import { connect, type ChannelModel, type ConfirmChannel } from "amqplib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRabbitmqTap, type RabbitmqTapOptions, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { ownPrefix } from "./brokers.ts";
import { addressOf, addVhost, generations, inVhost, manage, pause, type Node } from "./rabbitmq.ts";

function bodies(sink: WatchingSink): string[] {
  return sink.of("message").map(({ envelope }) => Buffer.from(envelope.body ?? []).toString());
}

describe.each(generations)("$name", ({ start }) => {
  const prefix = ownPrefix();
  const vhost = `${prefix}vhost`;
  const users = { manager: `${prefix}manager`, plain: `${prefix}plain`, nobody: `${prefix}nobody` };
  let node: Node;
  let url: URL;
  let management: URL;
  let client: ChannelModel;
  let channel: ConfirmChannel;
  let tap: Tap | undefined;

  beforeAll(async () => {
    node = await start();
    management = node.management;
    url = new URL(inVhost(node.url, vhost));
    await addVhost(node, vhost);
    const all = { configure: ".*", write: ".*", read: ".*" };
    const nothing = { configure: "^$", write: "^$", read: "^$" };
    for (const [name, tags, permissions] of [
      [users.manager, "management", all],
      [users.plain, "", all],
      [users.nobody, "administrator", nothing],
    ] as const) {
      await manage(management, "PUT", `/api/users/${name}`, { password: "secret", tags });
      await manage(management, "PUT", `/api/permissions/${vhost}/${name}`, permissions);
    }
    client = await connect(url.href);
    channel = await client.createConfirmChannel();
    await channel.assertExchange("events", "topic", { durable: false, alternateExchange: "unrouted" });
    await channel.assertExchange("unrouted", "fanout", { durable: false });
    await channel.assertQueue("taken", { durable: false });
    await channel.assertQueue("rest", { durable: false });
    await channel.bindQueue("taken", "events", "order.*");
    await channel.bindQueue("rest", "unrouted", "");
  });

  afterEach(async () => {
    await tap?.stop();
    tap = undefined;
    await channel.purgeQueue("taken");
    await channel.purgeQueue("rest");
  });

  afterAll(async () => {
    await client.close();
    await manage(management, "DELETE", `/api/vhosts/${vhost}`);
    for (const name of Object.values(users)) await manage(management, "DELETE", `/api/users/${name}`);
    await node.stop();
  });

  async function tapAs(
    username: string,
    password = "secret",
    more: Partial<RabbitmqTapOptions> = {},
  ): Promise<WatchingSink> {
    const sink = new WatchingSink();
    const address = { ...addressOf(url.href), username, password };
    tap = createRabbitmqTap({ address, managementUrl: management.origin, ...more });
    await tap.start(sink);
    return sink;
  }

  async function publish(routingKey: string, text: string): Promise<void> {
    channel.publish("events", routingKey, Buffer.from(text));
    await channel.waitForConfirms();
  }

  test("a user who may not trace watches by bindings, which change nothing", async () => {
    const sink = await tapAs(users.manager);
    expect(sink.state).toMatchObject({ phase: "live", mode: "bindings" });
    expect(sink.state?.detail).toContain("lacks the administrator tag");
    expect(sink.state?.detail).toContain(`rabbitmqctl set_user_tags ${users.manager} administrator`);
    expect(sink.state?.detail).toContain("deliveries, the default exchange and direct replies are not");
    await publish("order.placed", "an order");
    await publish("invoice.sent", "nobody takes this");
    await sink.until(() => bodies(sink).length >= 2, "both");
    // It went to the alternate exchange as it would without a tap, and was seen there.
    const seen = sink
      .of("message")
      .map(({ envelope }) => [
        envelope.origin.broker === "rabbitmq" && envelope.origin.exchange,
        Buffer.from(envelope.body ?? []).toString(),
      ]);
    expect(seen).toEqual([
      ["events", "an order"],
      ["events", "nobody takes this"],
    ]);
    expect((await channel.checkQueue("taken")).messageCount).toBe(1);
    expect((await channel.checkQueue("rest")).messageCount).toBe(1);
  });

  test("a binding that comes later is followed", async () => {
    const sink = await tapAs(users.manager);
    const late = await channel.assertQueue("late", { durable: false, autoDelete: false });
    await channel.bindQueue(late.queue, "events", "late.*");
    await expect
      .poll(
        async () => {
          await publish("late.one", "late");
          await pause(50);
          return sink
            .of("message")
            .some(
              ({ envelope }) => envelope.origin.broker === "rabbitmq" && envelope.origin.routingKeys[0] === "late.one",
            );
        },
        { timeout: 8_000, interval: 200 },
      )
      .toBe(true);
    await channel.deleteQueue(late.queue);
  });

  test("without the management API, exchanges that are named can be watched, else nothing, and it says which", async () => {
    const named = await tapAs(users.plain, "secret", {
      exchanges: ["events", "missing"],
      managementUrl: "http://127.0.0.1:9",
    });
    expect(named.state).toMatchObject({ phase: "live", mode: "bindings" });
    expect(named.state?.detail).toContain("what nobody else receives counts as received meanwhile");
    await tap?.stop();
    const none = await tapAs(users.plain, "secret", { managementUrl: "http://127.0.0.1:9" });
    expect(none.state).toMatchObject({ phase: "live", mode: "topology" });
    expect(none.state?.detail).toMatch(/management API was not found.*No message can be seen\.$/);
  });

  test("a user who may do nothing is told what to grant", async () => {
    const sink = await tapAs(users.nobody);
    expect(sink.state).toMatchObject({ phase: "live", mode: "topology" });
    expect(sink.state?.detail).toContain("does not permit the user a queue of its own");
    expect((await manage(management, "GET", `/api/vhosts/${vhost}`)) as object).toMatchObject({ tracing: false });
    // Granted meanwhile: asked to try again, it sees everything.
    const all = { configure: ".*", write: ".*", read: ".*" };
    await manage(management, "PUT", `/api/permissions/${vhost}/${users.nobody}`, all);
    tap?.retry?.();
    await sink.until(({ state }) => state?.mode === "firehose" && state.phase === "live", "the firehose");
  });

  test("a wrong password, a virtual host that is not there: a sentence each, no secret in it", async () => {
    const wrong = await tapAs(users.plain, "wr0ng");
    expect(wrong.state).toMatchObject({ phase: "failed", nextTryAt: expect.any(Number) });
    expect(wrong.state?.detail).toContain(`did not accept the user "${users.plain}" with the given password`);
    expect(JSON.stringify(wrong.states)).not.toContain("wr0ng");
    await tap?.stop();
    const address = { ...addressOf(url.href), vhost: "elsewhere" };
    const sink = new WatchingSink();
    tap = createRabbitmqTap({ address });
    await tap.start(sink);
    expect(sink.state).toMatchObject({
      phase: "failed",
      detail: expect.stringContaining('has no virtual host "elsewhere"'),
    });
  });

  test("a virtual host that may have no further queue: said, and nothing is changed", async () => {
    const limit = `/api/vhost-limits/${vhost}/max-queues`;
    await manage(management, "PUT", limit, { value: 1 });
    const sink = await tapAs(users.manager);
    await manage(management, "DELETE", limit);
    expect(sink.state).toMatchObject({
      phase: "live",
      mode: "topology",
      detail: expect.stringContaining("its limit of queues is reached"),
    });
  });

  test("a policy for all queues: what the tap's drops ends up nowhere, and is counted and said", async () => {
    const policy = `/api/policies/${vhost}/all`;
    // As one for ".*" would be to the tap's queue, without the loss that it would be to the others here.
    await manage(management, "PUT", policy, {
      pattern: "^contrail",
      "apply-to": "queues",
      definition: { "dead-letter-exchange": "unrouted", "message-ttl": 50, "max-length": 100 },
    });
    await pause(300);
    const sink = new WatchingSink();
    tap = createRabbitmqTap({ address: addressOf(url.href), managementUrl: management.origin });
    await tap.start({
      async accept(events) {
        sink.accept(events);
        if (events.some(({ kind }) => kind === "message")) await pause(150);
      },
    });
    const many = 9_000;
    for (let i = 0; i < many; i++) channel.publish("events", "order.many", Buffer.from(`${i}`));
    await channel.waitForConfirms();
    const exact = node.version[0] === 3;
    const told = (): number => (sink.state?.shed ?? 0) + bodies(sink).length;
    await expect.poll(told, { timeout: 30_000, interval: 100 }).toBeGreaterThanOrEqual(exact ? many : many * 0.99);
    await pause(exact ? 0 : 2_500);
    expect(told()).toBeLessThanOrEqual(exact ? many : many * 1.01);
    expect(sink.state?.shed).toBeGreaterThan(0);
    expect(sink.state?.detail).toContain(
      "A policy of the broker holds for the tap's queue too (message-ttl 50, max-length 100)",
    );
    // What is in there, its users put there.
    expect((await channel.checkQueue("rest")).messageCount).toBe(0);
    expect((await channel.checkQueue("taken")).messageCount).toBe(many);
    await manage(management, "DELETE", policy);
  });

  test("a sink that stands still costs trace events, never the broker; how many is told", async () => {
    const sink = new WatchingSink();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    tap = createRabbitmqTap({
      address: addressOf(url.href),
      managementUrl: management.origin,
      queueLength: 500,
    });
    await tap.start({
      async accept(events) {
        sink.accept(events);
        if (events.some(({ kind }) => kind === "message")) await held;
      },
    });
    const many = 8_000;
    for (let i = 0; i < many; i++) channel.publish("events", "order.many", Buffer.from(`${i}`));
    await channel.waitForConfirms();
    await pause(2_500);
    release();
    // 3.x numbers what enters a queue. 4.x does not: its statistics of the virtual host come late, and may have in them
    // what was published just before the tap.
    const exact = node.version[0] === 3;
    const told = (): number => (sink.state?.shed ?? 0) + bodies(sink).length;
    await expect.poll(told, { timeout: 30_000, interval: 100 }).toBeGreaterThanOrEqual(many);
    await pause(exact ? 0 : 2_500);
    expect(told()).toBeLessThanOrEqual(exact ? many : many * 1.01);
    const { shed = 0, detail = "" } = sink.state ?? {};
    expect(shed).toBeGreaterThan(0);
    const count = exact ? String(shed) : `About ${shed}`;
    expect(detail).toContain(`${count} events were dropped at the bound of the tap's queue`);
    // Nothing was taken from anybody.
    expect((await channel.checkQueue("taken")).messageCount).toBe(many);
  });
});
