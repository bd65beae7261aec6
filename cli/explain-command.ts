/** `contrail explain RULE`: the page of docs/rules, which is generated from the rule itself. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nearest } from "../workspace/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { UsageError, type Command } from "./usage.ts";
import { packageFolder } from "./version.ts";

export const explainCommand: Command = {
  name: "explain",
  summary: "Print the page of a rule: what it checks, why, what to do.",
  usage: "contrail explain RULE",
  about: `Prints the page of a rule, by the id that findings carry. Without a rule, lists all of them.`,
  positionals: { min: 0, max: 1, what: "the id of a rule" },
  flags: {},
  examples: [
    ["contrail explain FIELD_SAME_TYPE", "what it checks, why it matters, what to do instead"],
    ["contrail explain", "all rules by format"],
  ],
  run({ positionals: [rule] }) {
    const pages = rulePages();
    if (rule === undefined) {
      for (const format of new Set(pages.map((page) => page.format))) {
        const ids = pages.filter((page) => page.format === format).map((page) => `  ${page.rule}`);
        process.stdout.write(`${format}\n${ids.join("\n")}\n`);
      }
      return Promise.resolve(exitCodes.clean);
    }
    const found = pages.filter((page) => page.rule.toLowerCase() === rule.toLowerCase());
    if (found.length === 0) {
      const near = nearest(
        rule,
        pages.map((page) => page.rule),
      );
      const hint = near === undefined ? "`contrail explain` lists all rules." : `Did you mean ${near}?`;
      throw new UsageError(`There is no rule "${rule}". ${hint}`);
    }
    process.stdout.write(found.map(({ file }) => readFileSync(file, "utf8").trimEnd()).join("\n\n"));
    process.stdout.write("\n");
    return Promise.resolve(exitCodes.clean);
  },
};

interface RulePage {
  readonly format: string;
  readonly rule: string;
  readonly file: string;
}

function rulePages(): RulePage[] {
  const folder = join(packageFolder(), "docs", "rules");
  if (!existsSync(folder))
    throw new UsageError("The pages of rules are missing from this installation. Install Contrail again.");
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: format }) =>
      readdirSync(join(folder, format))
        .filter((name) => name.endsWith(".md") && name !== "README.md" && name !== "index.md")
        .map((name) => ({ format, rule: name.slice(0, -".md".length), file: join(folder, format, name) })),
    );
}
