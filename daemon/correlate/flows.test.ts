import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseFlow, runFlow, shuffled } from "./testing/check-flow.ts";

const folder = join(import.meta.dirname, "..", "..", "fixtures", "correlate");
const update = process.env["UPDATE_EXPECT"] === "1";

/** Holds what correlation makes of a case against what stands in it, in the order written and in others. */
function checkFlow(file: string): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  const [flow = "", expected = ""] = text.split("\n---\n");
  const events = parseFlow(flow);
  const got = runFlow(events);
  if (update) writeFileSync(path, `${flow.trimEnd()}\n---\n${got}\n`);
  else expect(got).toBe(expected.trimEnd());
  for (let seed = 1; seed <= 5; seed++) expect(runFlow(shuffled(events, seed, 1_900)), `shuffle ${seed}`).toBe(got);
}

describe("flows", () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
    it(file.replace(/\.txt$/, "").replaceAll("-", " "), () => checkFlow(file));
  }
});
