/**
 * The RabbitMQ tap on both generations of the real broker, beside real clients: everything that was published is seen,
 * once, with what became of it, and soon after it was sent.
 */
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from "amqplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCorrelator, type Correlator } from "../../daemon/correlate/index.ts";
import { createRabbitmqTap, type Envelope, type Tap } from "../../daemon/tap/index.ts";
import { WatchingSink } from "../../daemon/tap/testing/watching-sink.ts";
import { ownPrefix } from "./brokers.ts";
import { bestRound, now, p95 } from "./measuring.ts";
import {
  addressOf,
  addVhost,
  bodyOf,
  generations,
  inVhost,
  manage,
  pause,
  takeOne,
  vhostOf,
  type Node,
  type Seen,
} from "./rabbitmq.ts";

const undecoded = { format: "text", check: "unchecked", violations: [], attempts: [] } as const;

describe.each(generations)("the tap on $name", ({ start }) => {
  const prefix = ownPrefix();
  const names = { events: `${prefix}events`, orders: `${prefix}orders`, dead: `${prefix}dead`, work: `${prefix}work` };
  const vhost = `${prefix}a host / 100% ü`;
  const sink = new WatchingSink();
  let node: Node;
  let tap: Tap;
  let client: ChannelModel;
  let channel: Channel;
  let before: Record<string, unknown>;

  beforeAll(async () => {
    node = await start();
    await addVhost(node, vhost);
    before = lasting(await vhostOf(node, vhost));
    client = await connect(inVhost(node.url, vhost), {
      noDelay: true,
      clientProperties: { connection_name: `${prefix}shop` },
    });
    channel = await client.createChannel();
    await channel.assertExchange(names.events, "topic", { durable: false });
    for (const queue of [names.orders, names.work]) {
      await channel.assertQueue(queue, { durable: false, deadLetterExchange: "", deadLetterRoutingKey: names.dead });
    }
    await channel.assertQueue(names.dead, { durable: false });
    await channel.bindQueue(names.orders, names.events, "order.#");
    tap = createRabbitmqTap({
      address: addressOf(inVhost(node.url, vhost)),
      managementUrl: node.management.origin,
    });
    await tap.start(sink);
  });

  afterAll(async () => {
    await client.close();
    await tap.stop();
    await manage(node.management, "DELETE", `/api/vhosts/${encodeURIComponent(vhost)}`);
    await node.stop();
  });

  function published(token: string): Seen[] {
    return sink
      .of("message")
      .map(({ envelope }) => envelope as Seen)
      .filter((envelope) => bodyOf(envelope).includes(token));
  }

  function delivered(token: string) {
    return sink
      .of("delivery")
      .map(({ delivery }) => delivery)
      .filter(({ message }) => bodyOf(message).includes(token));
  }

  test("is live at once, by the firehose", () => {
    expect(sink.state).toMatchObject({ phase: "live", mode: "firehose", broker: "rabbitmq", shed: 0 });
  });

  test("hands a publish and its delivery on within 100 ms of its being sent", async () => {
    const ack = (message: ConsumeMessage | null): void => {
      if (message !== null) channel.ack(message);
    };
    await channel.consume(names.orders, ack, { consumerTag: "quick" });
    let sent = 0;
    const round = async (): Promise<number> => {
      const first = sent;
      for (; sent < first + 100; sent++) {
        channel.publish(names.events, "order.placed", Buffer.from(`${now()} quick ${sent}.`));
        await pause(5);
      }
      await sink.until(() => published(" quick ").length >= sent && delivered(" quick ").length >= sent, "all of both");
      const sentAt = (envelope: Envelope): number => Number(bodyOf(envelope).split(" ")[0]);
      return Math.max(
        p95(
          published(" quick ")
            .slice(first)
            .map((envelope) => envelope.receivedAt - sentAt(envelope)),
        ),
        p95(
          delivered(" quick ")
            .slice(first)
            .map(({ receivedAt, message }) => receivedAt - sentAt(message)),
        ),
      );
    };
    expect(await bestRound(round)).toBeLessThan(100);
    expect(published(" quick ")).toHaveLength(sent);
    expect(delivered(" quick ")).toHaveLength(sent);
    await channel.cancel("quick");
  });

  test("a publish with all that it says, and who receives it", async () => {
    channel.publish(names.events, "order.paid", Buffer.from("full story"), {
      headers: { text: "x", number: 7, nested: { list: [1, null] }, bytes: Buffer.from([255]) },
      messageId: "m-1",
      correlationId: "c-1",
      type: "OrderPaid",
      contentType: "text/plain",
      persistent: true,
      timestamp: 1_795_000_000,
    });
    await sink.until(() => published("full story").length === 1, "the publish");
    const [story] = published("full story");
    // RabbitMQ 4 hands headers on in the order of their names, 3 in that of the publisher.
    expect(story?.headers.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: "bytes", value: Buffer.from([255]) },
      { name: "nested", value: { list: [1, null] } },
      { name: "number", value: 7 },
      { name: "text", value: "x" },
    ]);
    expect(story).toMatchObject({
      timestamp: 1_795_000_000_000,
      key: null,
      origin: {
        vhost,
        exchange: names.events,
        routingKeys: ["order.paid"],
        routedQueues: [names.orders],
        user: "guest",
        properties: {
          messageId: "m-1",
          correlationId: "c-1",
          type: "OrderPaid",
          contentType: "text/plain",
          deliveryMode: 2,
        },
      },
    });
  });

  test("a redelivery, a dead letter with its history, and what nobody received", async () => {
    channel.sendToQueue(names.work, Buffer.from("twice, then dead"));
    const first = await takeOne(channel, names.work);
    channel.nack(first, false, true);
    const second = await takeOne(channel, names.work);
    channel.nack(second, false, false);
    channel.ack(await takeOne(channel, names.dead));
    channel.publish(names.events, "nobody.listens", Buffer.from("into the void"));
    channel.sendToQueue(`${prefix}missing`, Buffer.from("to a queue that is not there"));
    await sink.until(() => delivered("twice, then dead").length >= 3, "three deliveries");
    expect(delivered("twice, then dead").map(({ queue, redelivered }) => [queue, redelivered])).toEqual([
      [names.work, false],
      [names.work, true],
      [names.dead, false],
    ]);
    const history = delivered("twice, then dead")[2]?.message.headers.find(({ name }) => name === "x-death");
    expect(history?.value).toMatchObject([{ queue: names.work, reason: "rejected", count: 1 }]);
    expect(published("twice, then dead")).toHaveLength(1);
    await sink.until(() => published("to a queue that").length > 0, "the last publish");
    expect(published("into the void")[0]?.origin.routedQueues).toEqual([]);
    // The broker only repeats the routing key here, so the tap asks whether there is such a queue.
    expect(published("to a queue that")[0]?.origin.routedQueues).toEqual([]);
    expect(published("twice, then dead")[0]?.origin.routedQueues).toEqual([names.work]);
    expect(journeyOf("twice, then dead")).toMatchObject({
      deliveries: [{ queue: names.work }, { queue: names.work, redelivered: true }, { queue: names.dead }],
      deadLettered: { queue: names.dead, reason: "rejected", hops: [{ queue: names.work, reason: "rejected" }] },
    });
  });

  test("a direct reply, whose address the broker makes up", async () => {
    const replies: string[] = [];
    await channel.consume(
      "amq.rabbitmq.reply-to",
      (reply) => reply !== null && replies.push(reply.content.toString()),
      {
        noAck: true,
      },
    );
    channel.sendToQueue(names.work, Buffer.from("what does it cost?"), {
      replyTo: "amq.rabbitmq.reply-to",
      correlationId: "q-1",
    });
    const request = await takeOne(channel, names.work);
    channel.ack(request);
    const replyTo = String(request.properties.replyTo);
    channel.sendToQueue(replyTo, Buffer.from("seven crowns"), { correlationId: "q-1" });
    await sink.until(() => published("seven crowns").length === 1 && replies.length === 1, "the reply");
    const asked = published("what does it cost?")[0]?.origin.properties;
    expect(asked?.replyTo).toMatch(/^amq\.rabbitmq\.reply-to\./);
    expect(published("seven crowns")[0]?.origin).toMatchObject({
      exchange: "",
      routingKeys: [asked?.replyTo],
      properties: { correlationId: "q-1" },
    });
    expect(replies).toEqual(["seven crowns"]);
    // What no queue has, nobody can call unroutable.
    expect(published("seven crowns")[0]?.origin.routedQueues ?? ["unknown"]).not.toEqual([]);
    if (showsDirectReplies()) await sink.until(() => delivered("seven crowns").length === 1, "its delivery");
    else await pause(300);
    expect(delivered("seven crowns").map(({ queue }) => queue)).toEqual(showsDirectReplies() ? [asked?.replyTo] : []);
    const correlator = correlated();
    const conversation = correlator.conversation(correlator.conversationOf(seqOf("seven crowns")) ?? "");
    expect(conversation?.exchanges).toMatchObject([
      { request: seqOf("what does it cost?"), replies: [seqOf("seven crowns")], state: "replied" },
    ]);
  });

  test("a connection that wrote once and went is named all the same, if late", async () => {
    const tells = node.brokers !== undefined;
    const passing = await connect(inVhost(node.url, vhost), {
      clientProperties: { connection_name: `${prefix}passing` },
    });
    const once = await passing.createChannel();
    once.publish(names.events, "order.named", Buffer.from("who was that?"));
    await sink.until(() => published("who was that?").length === 1, "the message");
    const [message] = published("who was that?");
    const named = (): string | undefined =>
      message?.origin.connectionName ??
      sink.of("connection").find(({ connection }) => connection === message?.origin.connection)?.name;
    // The broker tells it at once where it has the plug-in for it; the management API some seconds later.
    await sink.until(() => named() !== undefined, "its name", tells ? 1_000 : 15_000);
    expect(named()).toBe(`${prefix}passing`);
    await passing.close();
    expect(correlated().parties(seqOf("who was that?")).writer).toEqual({ name: named(), basis: "observed" });
  });

  test("a connection that is there before the tap has its name", async () => {
    await expect
      .poll(
        async () => {
          channel.publish(names.events, "order.named", Buffer.from("who am I"));
          await pause(100);
          return published("who am I").at(-1)?.origin.connectionName;
        },
        { timeout: 15_000, interval: 400 },
      )
      .toBe(`${prefix}shop`);
  });

  test("through an alternate exchange: the exchange it was published to, and the queue that it reached", async () => {
    const [main, alternate, rest] = [`${prefix}main`, `${prefix}alternate`, `${prefix}rest`];
    await channel.assertExchange(alternate, "fanout", { durable: false });
    await channel.assertExchange(main, "direct", { durable: false, alternateExchange: alternate });
    await channel.assertQueue(rest, { durable: false });
    await channel.bindQueue(rest, alternate, "");
    channel.publish(main, "nobody.wants.it", Buffer.from("by the back door"));
    channel.ack(await takeOne(channel, rest));
    await sink.until(() => delivered("by the back door").length === 1, "the delivery");
    expect(published("by the back door").map(({ origin }) => [origin.exchange, origin.routedQueues])).toEqual([
      [main, [rest]],
    ]);
    expect(journeyOf("by the back door").deliveries).toMatchObject([{ queue: rest }]);
  });

  test("a poison message in a quorum queue dies at its delivery limit, after a time to live in another: one journey", async () => {
    const [delay, quorum] = [`${prefix}delay`, `${prefix}quorum`];
    // Waits in one queue, dies of age into a quorum queue, dies there of redeliveries into the dead-letter queue.
    await channel.assertQueue(delay, {
      durable: false,
      messageTtl: 50,
      deadLetterExchange: "",
      deadLetterRoutingKey: quorum,
    });
    await channel.assertQueue(quorum, {
      durable: true,
      deadLetterExchange: "",
      deadLetterRoutingKey: names.dead,
      arguments: { "x-queue-type": "quorum", "x-delivery-limit": 2 },
    });
    channel.sendToQueue(delay, Buffer.from("poison"));
    // Consumers that fall over it: what they give back politely, RabbitMQ 4.3 does not count.
    for (let i = 0; i < 3; i++) {
      const falling = await client.createChannel();
      await new Promise((resolve) => void falling.consume(quorum, resolve));
      await falling.close();
    }
    channel.ack(await takeOne(channel, names.dead));
    await sink.until(() => delivered("poison").length >= 4, "four deliveries");
    expect(delivered("poison").map(({ queue }) => queue)).toEqual([quorum, quorum, quorum, names.dead]);
    expect(published("poison")).toHaveLength(1);
    expect(journeyOf("poison").deadLettered?.hops?.map(({ queue, reason }) => [queue, reason])).toEqual([
      [delay, "expired"],
      [quorum, "delivery_limit"],
    ]);
  });

  test("a name over 247 bytes ends its connection once; then it is left out, said, and the rest is seen", async () => {
    // 250 bytes, and not as many letters.
    const long = `${prefix}${"x".repeat(prefix.length % 2)}${"ü".repeat(Math.floor((250 - prefix.length) / 2))}`;
    // Bound by its name, this one would stand for every queue, the long one included.
    const wild = "#";
    for (const queue of [long, wild]) await channel.assertQueue(queue, { durable: false });
    channel.sendToQueue(long, Buffer.from("too long a name"));
    channel.ack(await takeOne(channel, long));
    await sink.until(
      ({ state }) => state?.phase === "live" && /247 bytes/.test(state.detail ?? ""),
      "the narrow firehose",
    );
    expect(sink.state?.detail).toContain("1 queue or exchange has a name over 247 bytes");
    expect(sink.state?.detail).toContain("Nor is what has a name that RabbitMQ takes for a pattern of such a one (#).");
    const interruptions = sink.states.filter(({ phase }) => phase === "reconnecting").length;
    channel.sendToQueue(long, Buffer.from("again too long a name"));
    channel.ack(await takeOne(channel, long));
    channel.sendToQueue(names.work, Buffer.from("a name of good length"));
    channel.ack(await takeOne(channel, names.work));
    await sink.until(() => delivered("a name of good length").length === 1, "what comes after");
    expect(sink.state?.phase).toBe("live");
    expect(sink.states.filter(({ phase }) => phase === "reconnecting")).toHaveLength(interruptions);
    for (const queue of [long, wild]) await channel.deleteQueue(queue);
  });

  test("its end leaves the virtual host as it was", async () => {
    expect(lasting(await vhostOf(node, vhost))).toEqual({ ...before, tracing: true });
    await tap.stop();
    expect(lasting(await vhostOf(node, vhost))).toEqual(before);
    expect(before).toMatchObject({
      tracing: false,
      description: `about ${vhost}, with commas`,
      tags: ["red", "green"],
    });
  });

  /** All that a virtual host says of itself but statistics. */
  function lasting(state: Record<string, unknown>): Record<string, unknown> {
    const { name, description, tags, metadata, tracing, default_queue_type } = state;
    return { name, description, tags, metadata, tracing, default_queue_type };
  }

  function showsDirectReplies(): boolean {
    const [major, minor] = node.version;
    return major > 4 || (major === 4 && minor >= 2);
  }

  /** Everything that was seen so far, as the daemon would join it; messages are numbered in the order they came. */
  function correlated(): Correlator {
    const correlator = createCorrelator();
    let seq = 0;
    let last = 0;
    for (const event of sink.events) {
      if (event.kind === "message") {
        last = event.envelope.receivedAt;
        correlator.observe({ seq: ++seq, envelope: event.envelope, decoded: undecoded });
      } else if (event.kind === "delivery") correlator.deliver(event.delivery);
      else if (event.kind === "connection") correlator.nameConnection(event.tap, event.connection, event.name);
    }
    correlator.tick(last + 2_000);
    return correlator;
  }

  function seqOf(token: string): number {
    return sink.of("message").findIndex(({ envelope }) => bodyOf(envelope).includes(token)) + 1;
  }

  function journeyOf(token: string) {
    return correlated().journey(seqOf(token));
  }
});
