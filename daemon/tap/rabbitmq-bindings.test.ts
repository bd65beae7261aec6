import { expect, test } from "vitest";
import type { Binding } from "../guardian/index.ts";
import { mirroredBindings, narrowFirehose } from "./rabbitmq-bindings.ts";

function binding(source: string, routingKey: string, destination = "q", more: Partial<Binding> = {}): Binding {
  return { source, destination, destinationType: "queue", routingKey, arguments: {}, ...more };
}

const exchanges = [
  { name: "events", type: "topic" },
  { name: "jobs", type: "direct" },
  { name: "shards", type: "x-consistent-hash" },
  { name: "amq.rabbitmq.trace", type: "topic" },
];

test("copies come by the very keys by which others receive, each once", () => {
  const wanted = mirroredBindings(
    exchanges,
    [binding("events", "a.#"), binding("events", "a.#", "q2"), binding("jobs", "k"), binding("", "q")],
    (queue) => queue === "own",
  );
  expect(wanted.map(({ exchange, routingKey }) => [exchange, routingKey])).toEqual([
    ["events", "a.#"],
    ["jobs", "k"],
  ]);
});

test("an exchange that shares out, the trace exchange and the tap's own bindings are left alone", () => {
  const bindings = [binding("shards", "1"), binding("amq.rabbitmq.trace", "#"), binding("events", "x", "own")];
  expect(mirroredBindings(exchanges, bindings, (queue) => queue === "own")).toEqual([]);
});

test("bindings to other exchanges count, and only the names that were asked for", () => {
  const bindings = [binding("events", "x", "jobs", { destinationType: "exchange" }), binding("jobs", "k")];
  expect(mirroredBindings(exchanges, bindings, () => false, ["events"]).map(({ exchange }) => exchange)).toEqual([
    "events",
  ]);
});

test("a narrow firehose leaves out what would end the connection, by bytes and not by letters", () => {
  const long = "x".repeat(248);
  const fits = "x".repeat(247);
  const wide = "ü".repeat(124);
  const { bindings, leftOut } = narrowFirehose([fits, wide], [long, "orders"]);
  expect(leftOut).toEqual([wide, long]);
  expect(bindings.map(({ routingKey }) => routingKey)).toEqual(["publish.", `publish.${fits}`, "deliver.orders"]);
});

test("a name that the trace exchange takes for a pattern is left out where it would stand for a long one", () => {
  const long = `${"x".repeat(240)}.of.orders`;
  const patterns = ["#", "*.of.orders", "*.#.orders", "*.*.*"];
  const names = ["*", "*.orders", "a#b", "of.*.orders", "orders"];
  const { bindings, leftOut } = narrowFirehose([], [long, ...patterns, ...names]);
  expect(leftOut).toEqual([long, ...patterns]);
  expect(bindings.map(({ routingKey }) => routingKey)).toEqual(["publish.", ...names.map((name) => `deliver.${name}`)]);
  // Where no name is long, a pattern matches nothing that is not told anyway.
  expect(narrowFirehose(["#"], []).leftOut).toEqual([]);
});
