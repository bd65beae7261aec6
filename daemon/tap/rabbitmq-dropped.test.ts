import { expect, test } from "vitest";
import { DropCounter, type QueueLook } from "./rabbitmq-dropped.ts";

/** One look a line, two seconds apart; what was told dropped after the last. */
function checkDropped(looks: readonly Omit<QueueLook, "now">[], expected: ReturnType<DropCounter["look"]>): void {
  const counter = new DropCounter();
  let told: unknown;
  looks.forEach((look, i) => (told = counter.look({ ...look, now: i * 2_000 })));
  expect(told).toEqual(expected);
}

test("RabbitMQ 3 says what entered the queue, so the count is exact", () => {
  checkDropped(
    [
      { received: 100, ready: 0, entered: { count: 100, ready: 0 }, full: "no" },
      { received: 150, ready: 500, entered: { count: 1_000, ready: 500 }, full: "yes" },
    ],
    { count: 350, known: "exactly" },
  );
});

test("its numbers are older than ours: they never tell a drop that was none", () => {
  checkDropped([{ received: 900, ready: 0, entered: { count: 500, ready: 0 }, full: "no" }], {
    count: 0,
    known: "exactly",
  });
});

test("RabbitMQ 4 says how much was published and delivered: what is missing beyond the usual was dropped", () => {
  checkDropped(
    [
      // There was traffic before the tap, and untraced traffic beside it.
      { received: 0, ready: 0, told: 5_000, full: "no" },
      { received: 1_000, ready: 0, told: 5_950, full: "no" },
      { received: 1_000, ready: 500, told: 6_000, full: "yes" },
      { received: 1_500, ready: 0, told: 14_000, full: "no" },
    ],
    { count: 7_500, known: "about" },
  );
});

test("statistics that come late are still counted, and what differs long after is not", () => {
  const later = Array.from({ length: 8 }, () => ({ received: 1_500, ready: 0, told: 14_000, full: "no" as const }));
  checkDropped(
    [
      { received: 0, ready: 0, told: 0, full: "no" },
      { received: 1_000, ready: 500, told: 1_000, full: "yes" },
      ...later,
      { received: 1_500, ready: 0, told: 20_000, full: "no" },
    ],
    { count: 12_500, known: "about" },
  );
});

test("a queue that was never near its bound dropped nothing, whatever the statistics say", () => {
  checkDropped(
    [
      { received: 0, ready: 0, told: 0, full: "no" },
      { received: 10, ready: 0, told: 9_000, full: "no" },
    ],
    { count: 0, known: "exactly" },
  );
});

test("without statistics, a full queue says that something was dropped and no more", () => {
  checkDropped([{ received: 10, ready: 500, full: "yes" }], { count: 1, known: "at least" });
  checkDropped([{ received: 10, ready: 490, full: "maybe" }], { count: 0, known: "exactly" });
});
