import { expect, test } from "vitest";
import { liveDetail, type LiveFacts } from "./rabbitmq-words.ts";

function checkWords(facts: Partial<LiveFacts>, expected: string | undefined): void {
  const calm: LiveFacts = {
    mode: "firehose",
    reason: "",
    watched: 0,
    listed: true,
    narrow: false,
    leftOut: [],
    noticedAfterMs: 2_000,
    shed: 0,
    shedKnown: "exactly",
    policy: [],
    offAt: undefined,
  };
  expect(liveDetail({ ...calm, ...facts })).toBe(expected);
}

test("a firehose that sees everything has nothing to say", () => {
  checkWords({}, undefined);
});

test("bindings: why, how many, what is not seen, and what they change where others' are not known", () => {
  const reason = "Tracing was switched off in the settings.";
  const seen =
    "publishes that somebody receives are seen; deliveries, the default exchange and direct replies are not.";
  checkWords({ mode: "bindings", reason, watched: 1 }, `${reason} So 1 exchange is watched by bindings: ${seen}`);
  checkWords(
    { mode: "bindings", reason, watched: 2, listed: false },
    `${reason} So 2 exchanges are watched by bindings: ${seen} The bindings of others cannot be listed, so topic and fanout exchanges are watched as a whole: what nobody else receives counts as received meanwhile.`,
  );
});

test("long names, told by the first", () => {
  checkWords(
    { narrow: true, leftOut: ["x".repeat(250)] },
    `1 queue or exchange has a name over 247 bytes, which RabbitMQ cannot trace (${"x".repeat(40)}…). Everything else is traced by its name, and what is new is seen after up to 2 s.`,
  );
});

test("names that stand for long ones", () => {
  checkWords(
    { narrow: true, leftOut: ["x".repeat(250), "#", "*.*"] },
    `1 queue or exchange has a name over 247 bytes, which RabbitMQ cannot trace (${"x".repeat(40)}…). Nor is what has a name that RabbitMQ takes for a pattern of such a one (#, *.*). Everything else is traced by its name, and what is new is seen after up to 2 s.`,
  );
});

test("a policy for all queues that limits the tap's own", () => {
  checkWords(
    { policy: ["message-ttl 50", "max-length 10"] },
    "A policy of the broker holds for the tap's queue too (message-ttl 50, max-length 10), so it loses events sooner than it would. Leave out of the policy what begins with contrail-tap.",
  );
});

test("what was dropped, by how well it is known", () => {
  const words = "events were dropped at the bound of the tap's queue, since the tap could not keep up.";
  checkWords({ shed: 7, shedKnown: "exactly" }, `7 ${words}`);
  checkWords({ shed: 7, shedKnown: "about" }, `About 7 ${words}`);
  checkWords({ shed: 1, shedKnown: "at least" }, `Some ${words}`);
});

test("tracing that somebody switched off, by this machine's clock", () => {
  checkWords(
    { offAt: new Date(2026, 10, 21, 13, 20, 11).getTime() },
    "Somebody switched tracing off shortly before 13:20:11. It is on again; up to 2 s of traffic were not seen.",
  );
});
