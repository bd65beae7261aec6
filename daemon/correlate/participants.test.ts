/** Who writes and who reads: contracts first, then what the wire shows, then a number. */
import { describe, expect, it } from "vitest";
import type { ChannelFacts } from "../../contracts/codec/index.ts";
import type { Delivery, RabbitmqOrigin } from "../tap/envelope.ts";
import { createCorrelator, type CorrelationHints } from "./index.ts";
import { parseFlow, start, traced } from "./testing/check-flow.ts";

const place = { path: "x.yaml", span: { start: 0, end: 0 } };
const party = (name: string, ...messages: string[]) => ({ name, messages, place });

function channels(facts: Readonly<Record<string, Partial<ChannelFacts>>>): CorrelationHints {
  return {
    channel: (broker, address) => {
      const known = facts[address];
      return known && { address, broker, senders: [], receivers: [], correlationLocations: [], ...known };
    },
  };
}

/** The parties of each message, as text. */
function partiesOf(flow: string, hints?: CorrelationHints): Record<string, string> {
  const correlator = createCorrelator(hints ? { hints } : {});
  const labels = new Map<number, string>();
  let seq = 0;
  let last = start;
  for (const event of parseFlow(flow)) {
    if (event.kind === "message") {
      labels.set(++seq, event.label);
      correlator.observe(traced(event, seq));
      last = event.envelope.receivedAt;
    } else if (event.kind === "delivery") correlator.deliver(event.delivery);
    else if (event.kind === "commit") {
      correlator.commit(event.group, event.topic, event.partition, event.offset, event.at);
    }
  }
  correlator.tick(last + 10_000);
  return Object.fromEntries(
    [...labels].map(([number, label]) => {
      const { writer, readers } = correlator.parties(number);
      const told = readers.map((reader) => `${reader.name} (${reader.basis})`).join(", ");
      return [label, `${writer?.name ?? "?"} (${writer?.basis ?? "unknown"}) > ${told}`];
    }),
  );
}

describe("participants", () => {
  it("takes the contract's word for each message of a channel", () => {
    const hints = channels({
      orders: {
        senders: [party("Web Shop", "OrderPlaced"), party("Orders", "OrderCancelled")],
        receivers: [party("Payment Service", "OrderPlaced"), party("Mail", "OrderPlaced", "OrderCancelled")],
      },
    });
    expect(
      partiesOf(
        `a: +0 kafka orders@1 type=OrderPlaced {"n":1}
         b: +9 kafka orders@2 type=OrderCancelled {"n":1}
         commit +20 group=payment-service orders[0]@3
         commit +21 group=analytics orders[0]@3`.replaceAll(/^ +/gm, ""),
        hints,
      ),
    ).toEqual({
      a: "Web Shop (declared) > Payment Service (declared), Mail (declared), analytics (observed)",
      b: "Orders (declared) > Mail (declared), analytics (observed)",
    });
  });

  it("knows a producer by what only one party may write", () => {
    const hints = channels({
      orders: { senders: [party("Web Shop", "OrderPlaced")] },
      audit: { senders: [party("Web Shop", "Noted"), party("Orders", "Noted")] },
    });
    const parties = partiesOf(
      `a: +0 kafka orders type=OrderPlaced producer=4711 {"n":1}
b: +9 kafka audit type=Noted producer=4711 {"n":1}
c: +12 kafka audit type=Noted producer=9 {"n":2}`,
      hints,
    );
    expect(parties["b"]).toBe("Web Shop (declared) > ");
    expect(parties["c"]).toBe("producer 9 (placeholder) > ");
  });

  it("names both sides of RabbitMQ by their connections, and of a direct reply by its request", () => {
    expect(
      partiesOf(`a: +0 rabbit /pricing type=Ask reply_to=amq.rabbitmq.reply-to.g1 correlation_id=17 via=web {"n":1}
deliver +1 a queue=pricing via=pricing-1
b: +9 rabbit /amq.rabbitmq.reply-to.g1 type=Answer correlation_id=17 via=pricing-1 {"n":1}`),
    ).toEqual({ a: "web (observed) > pricing-1 (observed)", b: "pricing-1 (observed) > web (observed)" });
  });

  it("the name in the contract is used for a connection that is meant by it", () => {
    const hints = channels({ pricing: { receivers: [party("Pricing Service")] } });
    expect(
      partiesOf(`a: +0 rabbit /pricing type=Ask via=web {"n":1}\ndeliver +1 a queue=pricing via=pricing-svc`, hints),
    ).toEqual({ a: "web (observed) > Pricing Service (declared)" });
  });

  it("takes a connection's name for what it wrote and read before the name was known", () => {
    const correlator = createCorrelator();
    const nameless = ({ connectionName: _named, ...rest }: { readonly connectionName?: string }): object => rest;
    let seq = 0;
    const connections: string[] = [];
    for (const event of parseFlow(`a: +0 rabbit /work type=Job via=web {"n":1}\ndeliver +1 a queue=work via=worker`)) {
      if (event.kind === "message") {
        const message = traced(event, ++seq);
        const origin = nameless(message.envelope.origin as never) as RabbitmqOrigin;
        connections.push(origin.connection ?? "");
        correlator.observe({ ...message, envelope: { ...message.envelope, origin: { ...origin, user: "shop-user" } } });
      } else if (event.kind === "delivery") {
        connections.push(event.delivery.connection ?? "");
        correlator.deliver({ ...(nameless(event.delivery) as Delivery), user: "guest" });
      }
    }
    correlator.tick(start + 10_000);
    const { tap } = parseFlow(`a: +0 rabbit /work {"n":1}`).flatMap((e) =>
      e.kind === "message" ? [e.envelope] : [],
    )[0]!;
    const { writer, readers } = correlator.parties(1);
    expect([writer, ...readers].map((party) => `${party?.name} (${party?.basis})`)).toEqual([
      expect.stringMatching(/^shop-user \(connection \d+\) \(placeholder\)$/),
      expect.stringMatching(/^connection \d+ \(placeholder\)$/),
    ]);
    correlator.takeChanges();
    connections.forEach((connection, i) => correlator.nameConnection(tap, connection, ["web", "worker"][i] ?? ""));
    expect(correlator.takeChanges()).toContainEqual({ kind: "message", seq: 1 });
    expect(correlator.parties(1)).toEqual({
      writer: { name: "web", basis: "observed" },
      readers: [{ name: "worker", basis: "observed" }],
    });
  });
});

describe("what contracts declare of correlation", () => {
  it("a declared location joins at once, as declared", () => {
    const hints = channels({
      tickets: { correlationLocations: ["$message.payload#/ref/no"] },
      answers: { correlationLocations: ["$message.header#/ticket"] },
    });
    const correlator = createCorrelator({ hints });
    const events = parseFlow(`a: +0 kafka tickets type=Opened {"ref":{"no":"T-77812"}}
b: +30000 kafka answers type=Closed h:ticket=T-77812 {"x":1}`);
    events.forEach((event, index) => {
      if (event.kind === "message") correlator.observe(traced(event, index + 1));
    });
    expect(correlator.conversationOf(2)).toBe("c1");
  });

  it("a declared reply address pairs replies of a topic that no header names", () => {
    const hints = channels({
      asks: { reply: { address: "answers" }, correlationLocations: ["$message.header#/req"] },
      answers: { correlationLocations: ["$message.header#/req"] },
    });
    const correlator = createCorrelator({ hints });
    const events = parseFlow(`a: +0 kafka asks type=Ask h:req=Q-77812 {"x":1}
b: +40 kafka answers type=Answer h:req=Q-77812 {"x":1}`);
    events.forEach((event, index) => {
      if (event.kind === "message") correlator.observe(traced(event, index + 1));
    });
    expect(correlator.conversation("c1")?.exchanges).toMatchObject([{ request: 1, replies: [2], state: "replied" }]);
  });
});
