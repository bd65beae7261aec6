import { expect, test } from "vitest";
import { Destinations } from "./rabbitmq-destinations.ts";

const broker = (queues: readonly string[]) => {
  const asked: string[] = [];
  let now = 0;
  const destinations = new Destinations(
    (queue) => {
      asked.push(queue);
      return Promise.resolve(queues.includes(queue));
    },
    () => now,
  );
  return { destinations, asked, wait: (ms: number) => (now += ms) };
};

test("says of each queue whether it is there, and asks again only when the answer is old", async () => {
  const { destinations, asked, wait } = broker(["orders"]);
  const answer = new Map([
    ["orders", true],
    ["missing", false],
  ]);
  expect(await destinations.there(["orders", "missing"])).toEqual(answer);
  expect(await destinations.there(["orders", "missing"])).toEqual(answer);
  expect(asked).toEqual(["orders", "missing"]);
  wait(2_000);
  expect(await destinations.there(["orders", "missing"])).toEqual(answer);
  expect(asked).toEqual(["orders", "missing", "missing"]);
});

test("a queue that somebody received from was there, though it is gone when the answer comes", async () => {
  let answer: (there: boolean) => void = () => undefined;
  const destinations = new Destinations(
    () => new Promise((resolve) => (answer = resolve)),
    () => 5_000,
  );
  const there = destinations.there(["reply-1"]);
  destinations.delivered("reply-1");
  answer(false);
  expect(await there).toEqual(new Map([["reply-1", true]]));
});

test("names that the broker made up for one client are left alone", async () => {
  const { destinations, asked } = broker([]);
  expect(await destinations.there(["amq.gen-x", "amq.rabbitmq.reply-to.y"])).toEqual(new Map());
  expect(asked).toEqual([]);
});

test("nobody waits long, and a broker is not asked without end", async () => {
  const silent = new Destinations(
    () => new Promise(() => undefined),
    () => 0,
  );
  expect(await silent.there(["orders"])).toEqual(new Map());
  const { destinations, asked } = broker([]);
  await destinations.there(Array.from({ length: 200 }, (_, i) => `queue-${i}`));
  expect(asked).toHaveLength(50);
});
