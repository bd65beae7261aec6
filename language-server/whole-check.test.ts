import { afterEach, describe, expect, it } from "vitest";
import { checkSides, defaultConfig, type Sides } from "../workspace/index.ts";
import { proto } from "./testing/contracts.ts";
import { WholeCheck } from "./whole-check.ts";

const logged: string[] = [];
const open: WholeCheck[] = [];
afterEach(() => {
  for (const whole of open.splice(0)) whole.dispose();
  logged.length = 0;
});

function start(workerFile?: () => string): WholeCheck {
  const whole = new WholeCheck((message) => logged.push(message), workerFile);
  open.push(whole);
  return whole;
}

const before = { files: new Map([["a.proto", proto("int32 x = 1;")]]), protoModules: [] };
const sidesWith = (text: string): Sides => ({
  before,
  after: { files: new Map([["a.proto", text]]), protoModules: before.protoModules },
  baseline: { kind: "none", label: "" },
  config: { ...defaultConfig, sagas: [() => "cannot be sent"] },
  dependencies: [],
  cached: [],
  formats: new Map([["a.proto", "proto"]]),
  problems: [],
  settings: new Map(),
  notes: [],
  unreadable: [],
});

describe("a check in a thread", { timeout: 30_000 }, () => {
  it("finds what a check here finds, also after an edit, and leaves this thread free meanwhile", async () => {
    const whole = start();
    const broken = sidesWith(proto("string x = 1;"));
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    expect((await whole.check(broken, "full")).report).toEqual(await checkSides(broken, "full"));
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(2);
    expect((await whole.check(sidesWith(proto("int32 x = 1;")), "full")).report.findings).toEqual([]);
    const two = await Promise.all([whole.check(broken, "full"), whole.check(sidesWith("message {"), "full")]);
    expect(two.map(({ report }) => report.problems.length > 0)).toEqual([false, true]);
    expect(logged).toEqual([]);
  });

  it("is done here where the thread cannot be had", async () => {
    const whole = start(() => "/nowhere/check-worker.js");
    const { report } = await whole.check(sidesWith(proto("string x = 1;")), "full");
    expect(report.findings.map(({ ruleId }) => ruleId)).toEqual(["FIELD_SAME_TYPE"]);
    expect(logged).toEqual([expect.stringContaining("The thread for large checks failed")]);
  });

  it("ends with its folder", async () => {
    const whole = start();
    const waiting = whole.check(sidesWith(proto("string x = 1;")), "full");
    whole.dispose();
    await expect(waiting).rejects.toThrow("closed");
  });
});
