import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AsyncapiProblems } from "./asyncapi.ts";
import { until } from "./testing/client.ts";

it("logs a broken worker and goes on; after three, it is not started again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "contrail-worker-"));
  const file = join(folder, "worker.mjs");
  writeFileSync(file, 'throw new Error("this worker is broken");');
  const logged: string[] = [];
  const problems = new AsyncapiProblems(
    () => undefined,
    (message) => logged.push(message),
    () => file,
  );
  for (let i = 1; i <= 4; i++) {
    expect(problems.diagnostics("uri", "a.yaml", `asyncapi: 3.0.${i}`, new Map())).toEqual([]);
    if (i <= 3) await until(() => logged.length === i, "the broken worker is logged", 10_000);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  problems.dispose();
  rmSync(folder, { recursive: true });
  expect(logged).toHaveLength(3);
  expect(logged[0]).toBe("The AsyncAPI parser's worker ended: this worker is broken. Findings are not affected.");
});
