/** `contrail explain RULE`: a rule's page, as it also stands in docs/rules. */
import { nearest } from "../workspace/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { UsageError, type Command } from "./usage.ts";

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
  async run({ positionals: [rule] }) {
    const pages = (await import("./rule-pages.ts")).rulePages();
    if (rule === undefined) {
      for (const format of new Set(pages.map((page) => page.format))) {
        const ids = pages.filter((page) => page.format === format).map((page) => `  ${page.rule}`);
        process.stdout.write(`${format}\n${ids.join("\n")}\n`);
      }
      return exitCodes.clean;
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
    process.stdout.write(found.map(({ text }) => text.trimEnd()).join("\n\n"));
    process.stdout.write("\n");
    return exitCodes.clean;
  },
};
