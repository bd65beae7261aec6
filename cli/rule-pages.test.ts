import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ruleIndex, rulePages } from "./rule-pages.ts";

const folder = join(import.meta.dirname, "..", "docs", "rules");

describe("docs/rules", () => {
  const pages = rulePages();

  it("holds each rule's page as the rule has it", async () => {
    for (const { format, rule, text } of pages) {
      await expect(text).toMatchFileSnapshot(join(folder, format, `${rule}.md`));
    }
    await expect(ruleIndex(pages)).toMatchFileSnapshot(join(folder, "README.md"));
  });

  it("holds no page of a rule that is gone", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md"));
    const expected = [...pages.map(({ format, rule }) => join(format, `${rule}.md`)), "README.md"];
    expect(files.sort()).toEqual(expected.sort());
  });

  it("says of every rule what it checks, why, and what to do", () => {
    for (const { rule, purpose, text } of pages) {
      expect([rule, purpose.startsWith("Checks that "), text.includes("undefined")]).toEqual([rule, true, false]);
    }
  });
});
