/**
 * The pages of rules, made from the rules themselves: what `contrail explain` prints and `docs/rules/` holds (a test keeps
 * the files current; `npx vitest run -u --project unit cli/rule-pages.test.ts` writes them anew).
 */
import { asyncapiRules } from "../contracts/compat/rules/asyncapi/index.ts";
import { openapiRules } from "../contracts/compat/rules/openapi/index.ts";
import { adviceCategory, ownCategory, protoRules } from "../contracts/compat/rules/proto/index.ts";

export interface RulePage {
  readonly format: "proto" | "openapi" | "asyncapi";
  readonly rule: string;
  readonly purpose: string;
  /** Markdown. */
  readonly text: string;
}

export function rulePages(): RulePage[] {
  return [
    ...protoRules.map((row): RulePage => {
      const { id, purpose, why, advice } = row.rule;
      const versions = (["v2", "v1", "v1beta1"] as const).flatMap((version) => {
        const categories = row[version]?.split(" ");
        return categories === undefined
          ? []
          : [`- \`buf.yaml\` ${version}: ${categories.map((name) => `\`${name}\``).join(", ")}`];
      });
      const isOurs = row.v2 === ownCategory;
      const categories = isOurs
        ? `The id is Contrail's own; buf has no such rule. What it finds is a warning, unless \`contrail.yaml\` says \`data: error\` or \`data: off\`; in \`buf.yaml\` it belongs to the category \`${ownCategory}\`.`
        : row.v2 === adviceCategory
          ? `The id is Contrail's own; buf has no such rule. What it finds is a hint with a quick fix, given only where no break was found at the same element. It fails no check unless \`--fail-on hint\` is asked for.`
          : `The id is buf's. It belongs to these categories, of which \`FILE\` is asked for unless \`breaking.use\` says otherwise:\n\n${versions.join("\n")}`;
      return { format: "proto", rule: id, purpose, text: page(id, purpose, why, advice, categories) };
    }),
    ...openapiRules.map((rule): RulePage => dataPage("openapi", rule, openapiSides[rule.about])),
    ...asyncapiRules.map((rule): RulePage => dataPage("asyncapi", rule, asyncapiSides[rule.about])),
  ];
}

/** `docs/rules/README.md`: all rules by format. */
export function ruleIndex(pages: readonly RulePage[]): string {
  const titles = { proto: "Protobuf", openapi: "OpenAPI", asyncapi: "AsyncAPI" } as const;
  const sections = Object.entries(titles).map(([format, title]) => {
    const lines = pages
      .filter((one) => one.format === format)
      .map(({ rule, purpose }) => `- [${rule}](${format}/${rule}.md): ${purpose}`);
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  const intro =
    "Each finding carries the id of its rule. These pages are made from the rules themselves; `contrail explain RULE` prints one.";
  return `# Rules\n\n${intro}\n\n${sections.join("\n")}`;
}

interface DataRuleText {
  readonly id: string;
  readonly purpose: string;
  readonly why: string;
  readonly whatToDo: string;
}

function dataPage(format: "openapi" | "asyncapi", rule: DataRuleText, sides: string): RulePage {
  const { id, purpose, why, whatToDo } = rule;
  return { format, rule: id, purpose, text: page(id, purpose, why, whatToDo, sides) };
}

const openapiSides = {
  "written-by-owner":
    "It is about messages that the described service writes: responses, and the requests of its webhooks and callbacks. Clients read them, and stay as they are when the service changes (level `forward` or `full`).",
  "read-by-owner":
    "It is about messages that the described service reads: requests, and the responses to its webhooks and callbacks. Clients write them, and stay as they are when the service changes (level `backward` or `full`).",
} as const;

const asyncapiSides = {
  "written-by-owner":
    "It is about messages that the described application writes: those it sends, and its replies. Others read them, and stay as they are when the application changes (level `forward` or `full`).",
  "read-by-owner":
    "It is about messages that the described application reads: those it receives, and replies to it. Others write them, and stay as they are when the application changes (level `backward` or `full`).",
} as const;

function page(id: string, purpose: string, why: string, whatToDo: string, more: string): string {
  return `# ${id}

${purpose}

## Why it matters

${why}

## What to do

${whatToDo}

## Where it applies

${more}

To live with one break of it, write it into \`contrail.yaml\`, with the reason and, if it is to end, the last day:

\`\`\`yaml
accept:
  - rule: ${id}
    path: path/of/the/contract
    reason: why it is fine
    expires: 2027-01-31
\`\`\`
`;
}
