import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { connect } from "amqplib";
import { Kafka, logLevel } from "kafkajs";
import { beforeAll, describe, expect, test } from "vitest";
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import {
  allFailures,
  makePlan,
  runShop,
  shopNames,
  type Truth,
  type WrittenMessage,
} from "../../fixtures/shop/index.ts";
import { createCatalog, type MessageInput } from "../../contracts/codec/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const contracts = join(import.meta.dirname, "../../fixtures/shop/contracts");
const options = { orders: 26, seed: 7, pace: "fast", failures: "all", clean: true } as const;
let truth: Truth;
let prefix: string;
const written: WrittenMessage[] = [];
let kafka: string;
let rabbitmq: string;

beforeAll(async () => {
  ({ kafka, rabbitmq } = await brokers());
  prefix = ownPrefix();
  truth = await runShop({ ...options, kafka, rabbitmq, prefix, onMessage: (message) => written.push(message) });
});

describe("truth", () => {
  test("every cause, reply and step is a message that was sent, and a cause was sent before its effect", () => {
    const sent = new Set<string>();
    for (const { token, cause } of truth.messages) {
      if (cause !== null) expect(sent).toContain(cause);
      sent.add(token);
    }
    for (const { request, replies } of truth.exchanges)
      for (const token of [request, ...replies]) expect(sent).toContain(token);
    for (const saga of truth.sagas) {
      for (const token of saga.messages) expect(sent).toContain(token);
      for (const step of saga.steps) for (const token of step.messages) expect(saga.messages).toContain(token);
    }
  });

  test("a token stands in its payload, and only copies share one", () => {
    for (const message of written) expect(message.body.includes(message.token)).toBe(true);
    const copies = truth.messages.filter(({ role }) => role === "duplicate" || role === "dead-letter");
    const originals = truth.messages.filter((message) => !copies.includes(message)).map(({ token }) => token);
    expect(new Set(originals).size).toBe(originals.length);
    for (const { token } of copies) expect(originals).toContain(token);
  });

  test("every order is one saga, and everything that was asked to go wrong went wrong once", () => {
    expect(truth.sagas).toHaveLength(options.orders);
    const outcomes = (kind: string) =>
      truth.sagas
        .filter((saga) => saga.kind === kind && saga.outcome !== "completed")
        .map((saga) => saga.outcome)
        .sort();
    // Web orders: declined, out-of-stock, shipment-failed; poison; stuck. Duplicates and broken bodies still complete.
    expect(outcomes("choreography")).toEqual(["compensated", "compensated", "compensated", "failed", "stuck"]);
    // Store orders: out-of-stock, shipment-failed; declined, where nothing had been done yet; stuck.
    expect(outcomes("orchestration")).toEqual(["compensated", "compensated", "failed", "stuck"]);
    expect(truth.deadLetters).toHaveLength(1);
    expect(truth.deadLetters[0]?.attempts).toBe(4);
    expect(truth.droppedDuplicates).toHaveLength(1);
    expect(truth.contractBreaks.map(({ how }) => how).sort()).toEqual(["does not decode", "does not match its schema"]);
    expect(truth.exchanges.filter(({ outcome }) => outcome === "late")).toHaveLength(1);
    // The look-up that is never answered, and the courier who says nothing.
    expect(truth.exchanges.filter(({ outcome }) => outcome === "timed out")).toHaveLength(2);
  });

  test("a question to the suppliers has three replies", () => {
    const questions = truth.messages.filter(({ channel }) => channel === `${prefix}shop.quotes`);
    expect(questions).toHaveLength(Math.ceil(options.orders / 4));
    for (const { token } of questions) {
      expect(truth.exchanges.find(({ request }) => request === token)?.replies).toHaveLength(3);
    }
  });

  test("a compensation names the step that it undoes, and that step was done", () => {
    const compensated = truth.sagas.filter((saga) => saga.outcome === "compensated");
    for (const { steps, kind } of compensated) {
      const undone = steps.flatMap((step) => (step.kind === "compensation" ? [step.undoes] : []));
      const done = steps.flatMap((step) => (step.kind === "forward" ? [step.name] : []));
      expect(new Set(undone), kind).toEqual(new Set(done));
    }
  });
});

test("the same seed tells the same story on the same brokers again", async () => {
  const again = await runShop({ ...options, kafka, rabbitmq, prefix });
  expect(story(again)).toEqual(story(truth));
});

test("every message follows its contract, except those of which the truth says that they do not", async () => {
  const validators = await jsonValidators();
  const broken = written
    .filter((message) => validators.get(message.name)?.(message) === false)
    .map((message) => message.token);
  const expected = truth.contractBreaks.filter(({ how }) => how === "does not match its schema");
  expect(broken).toEqual(expected.map(({ token }) => token));
  expect([...new Set(written.map(({ name }) => name))].filter((name) => !validators.has(name))).toEqual([]);
});

test("by the contracts every message is read as what it is, and the broken ones are found", () => {
  const catalog = createCatalog({ files: contractFiles(), protoModules: [] });
  const wrong: string[] = [];
  const invalid: string[] = [];
  for (const message of written) {
    const decoded = catalog.decode(asTapped(message));
    if (decoded.check === "invalid" || decoded.format !== (message.broker === "kafka" ? "protobuf" : "json")) {
      invalid.push(message.token);
    } else if (decoded.definition?.name.split(".").at(-1) !== message.name || decoded.check !== "valid") {
      wrong.push(
        `${message.name} on ${message.channel}: ${decoded.check} ${decoded.definition?.name} ${decoded.evidence}`,
      );
    }
  }
  expect([...new Set(wrong)]).toEqual([]);
  expect(new Set(invalid)).toEqual(new Set(truth.contractBreaks.map(({ token }) => token)));
});

test("afterwards nothing of it is left on the brokers", async () => {
  await expectNothingLeft(prefix);
});

test("a run that is ended says why, and cleans up", async () => {
  const ending = new AbortController();
  const aborted = ownPrefix();
  const run = runShop({
    ...options,
    kafka,
    rabbitmq,
    prefix: aborted,
    signal: ending.signal,
    onReady: () => setTimeout(() => ending.abort(new Error("Enough.")), 200),
  });
  await expect(run).rejects.toThrow("Enough.");
  await expectNothingLeft(aborted);
});

test("a plan is a function of the seed, and the failures that are not asked for do not happen", () => {
  const plan = { orders: 50, seed: 7, failures: "all" } as const;
  expect(makePlan(plan)).toEqual(makePlan(plan));
  expect(makePlan({ ...plan, seed: 8 })).not.toEqual(makePlan(plan));
  const peaceful = JSON.stringify(makePlan({ ...plan, failures: "none" }));
  expect(peaceful).not.toMatch(/visa-0002|SKU-9404|"AQ"|"00000"|"99999"|XXX|C-0\d{3}|"twice":true/);
  const everything = JSON.stringify(makePlan({ ...plan, failures: allFailures }));
  expect(everything).toBe(JSON.stringify(makePlan(plan)));
});

/** What a truth says without the order in which things happened to happen. */
function story(told: Truth): unknown {
  const sorted = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();
  return {
    messages: sorted(told.messages),
    exchanges: sorted(told.exchanges.map((exchange) => ({ ...exchange, replies: [...exchange.replies].sort() }))),
    sagas: sorted(
      told.sagas.map((saga) => ({ ...saga, messages: [...saga.messages].sort(), steps: sorted(saga.steps) })),
    ),
    deadLetters: sorted(told.deadLetters),
    droppedDuplicates: sorted(told.droppedDuplicates),
    contractBreaks: sorted(told.contractBreaks),
  };
}

/** For each message definition of the AsyncAPI documents, whether headers and, where it is JSON, payload follow it. */
async function jsonValidators(): Promise<Map<string, (message: WrittenMessage) => boolean>> {
  const validators = new Map<string, (message: WrittenMessage) => boolean>();
  for (const file of readdirSync(contracts).filter((name) => name.endsWith(".asyncapi.yaml"))) {
    const document = parse(readFileSync(join(contracts, file), "utf8")) as {
      readonly components?: { readonly messages?: Readonly<Record<string, { headers?: object; payload: object }>> };
    };
    const ajv = new Ajv({ allErrors: true, strict: false });
    addFormats.default(ajv);
    ajv.addSchema({ $id: "document", ...document });
    for (const [name, { headers, payload }] of Object.entries(document.components?.messages ?? {})) {
      const message = `document#/components/messages/${name}`;
      const headersFollow = headers === undefined ? () => true : ajv.compile({ $ref: `${message}/headers` });
      const payloadFollows = "schemaFormat" in payload ? () => true : ajv.compile({ $ref: `${message}/payload` });
      validators.set(name, ({ headers: own, body, broker }) => {
        return headersFollow(own) && (broker === "kafka" || payloadFollows(JSON.parse(body.toString("utf8"))));
      });
    }
  }
  return validators;
}

function contractFiles(): ReadonlyMap<string, string> {
  return new Map(readdirSync(contracts).map((file) => [file, readFileSync(join(contracts, file), "utf8")]));
}

/** A message as a tap would describe it, its names without the prefix, which the contracts do not know. */
function asTapped({ broker, channel, name, headers, body }: WrittenMessage): MessageInput {
  const plain = channel.startsWith(prefix) ? channel.slice(prefix.length) : channel;
  const common = {
    headers: Object.entries(headers).map(([header, value]) => ({ name: header, value: String(value) })),
    body,
  };
  if (broker === "kafka") return { broker, channel: plain, ...common };
  const byExchange = Object.values(shopNames().exchanges).includes(plain);
  const routing = byExchange ? { channel: plain, routingKey: "" } : { channel: "", routingKey: plain, queues: [plain] };
  return { broker, ...routing, contentType: "application/json", typeHint: name, ...common };
}

async function expectNothingLeft(ours: string): Promise<void> {
  const { queues, exchanges } = shopNames(ours);
  const admin = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = await admin.listTopics();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  expect([...topics, ...groups.map(({ groupId }) => groupId)].filter((name) => name.startsWith(ours))).toEqual([]);
  const connection = await connect(rabbitmq);
  for (const [kind, names] of [
    ["queue", Object.values(queues).flat()],
    ["exchange", Object.values(exchanges)],
  ] as const) {
    for (const name of names) {
      // A question for what is not there closes the channel, so each is asked on a channel of its own.
      const channel = await connection.createChannel();
      channel.on("error", () => undefined);
      await expect(kind === "queue" ? channel.checkQueue(name) : channel.checkExchange(name)).rejects.toThrow("404");
    }
  }
  await connection.close();
}
