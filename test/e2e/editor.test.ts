/** Runs the mocha suite inside a real VS Code and shows each of its tests as one of ours. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRepository } from "../../scripts/drive/repository.ts";
import { runSuiteInVscode } from "../../scripts/drive/suite.ts";
import { contracts } from "../../scripts/drive/contracts.ts";

const repository = await createRepository(contracts);
const { results, log } = await runSuiteInVscode(join(import.meta.dirname, "suite", "index.ts"), repository.folder);
await repository.remove();

describe("inside VS Code", () => {
  it("the suite ran", () => {
    expect(results.length, log).toBeGreaterThan(0);
  });
  for (const result of results) {
    it(`${result.title} (${result.duration} ms)`, () => {
      if (result.failure !== null) throw new Error(result.failure);
    });
  }
});
