/**
 * The brokers' whole state after a load beside which a tap ran and ended, in order or killed: identical to that after
 * the same load without a tap. `npm run soak` does the same a hundred times of each kind.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { noTraceReport, NoTraceRig, restoreWithinMs, type Cycle, type Ending } from "../../scripts/soak/index.ts";
import { brokers, ownPrefix } from "./brokers.ts";

const times = Array.from({ length: 5 }, (_, i) => i + 1);
const cycles: Cycle[] = [];
let rig: NoTraceRig;
let controls = 0;

beforeAll(async () => {
  const { kafka, rabbitmq, rabbitmqManagement = "" } = await brokers();
  rig = await NoTraceRig.open({ kafka, rabbitmq, rabbitmqManagement }, ownPrefix());
});

afterAll(async () => {
  await rig.close();
  console.log(noTraceReport(cycles, controls));
});

async function cycle(ending: Ending): Promise<Cycle> {
  const done = await rig.cycle(ending);
  cycles.push(done);
  expect(done.differences).toEqual([]);
  // The comparison means something only if the tap was there.
  expect(done.seen.kafka).toBeGreaterThan(0);
  expect(done.seen.rabbitmq).toBeGreaterThan(0);
  return done;
}

test("the load by itself leaves the same state each time", async () => {
  for (const _ of [1, 2]) {
    expect(await rig.control()).toEqual([]);
    controls++;
  }
});

test.each(times)("a tap that ends in order, time %i", async () => {
  await cycle("in order");
});

test.each(times)("a tap that is killed, time %i", async () => {
  expect((await cycle("kill -9")).restoredMs).toBeLessThan(restoreWithinMs);
});

test("a tap that is killed together with its guardian: the next start puts it right", async () => {
  await cycle("kill -9 with its guardian");
});
