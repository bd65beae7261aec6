/** Which rules a `breaking` section asks for, and which findings it ignores. */
import { isWithin } from "../proto/index.ts";
import type { ProtoRule } from "./proto-rule.ts";
import { ownCategory, protoRules, replacedRules, type ProtoRuleRow } from "./rules/proto/index.ts";
import type { CheckRequest } from "./request.ts";
import type { BreakingSettings } from "./settings.ts";

/** What a section asks for when it names nothing. */
const defaultCategory = "FILE";

/** The rules that `settings` ask for, in the order of the table. Ids that no rule has are passed over. */
export function activeRules(settings: BreakingSettings): ProtoRule[] {
  const used = expand(settings.use.length === 0 ? [defaultCategory] : settings.use, settings.version);
  const excepted = expand(settings.except, settings.version);
  return protoRules.filter((row) => used.has(row.rule.id) && !excepted.has(row.rule.id)).map((row) => row.rule);
}

/** A rule to run. */
export interface AskedRule {
  readonly rule: ProtoRule;
  /** Nobody named it: only what hurts readers of bytes is worth saying. */
  readonly unasked: boolean;
}

/** The rules that `settings` ask for, and behind them those of our own that the request adds; advice comes last. */
export function askedRules(settings: BreakingSettings, { data = "off", advice = false }: CheckRequest): AskedRule[] {
  const named = activeRules(settings);
  const excepted = expand(settings.except, settings.version);
  const own = protoRules.filter(({ rule, v2 }) => {
    if (named.includes(rule) || excepted.has(rule.id)) return false;
    return rule.isAdvice === true ? advice : v2 === ownCategory && data !== "off";
  });
  const rules = [
    ...named.map((rule) => ({ rule, unasked: false })),
    ...own.map(({ rule }) => ({ rule, unasked: true })),
  ];
  const isAdvice = ({ rule }: AskedRule) => rule.isAdvice === true;
  return [...rules.filter((asked) => !isAdvice(asked)), ...rules.filter(isAdvice)];
}

/** Rule ids for a list of ids and categories. */
function expand(names: readonly string[], version: BreakingSettings["version"]): Set<string> {
  const ids = new Set<string>();
  const wanted = new Set(
    names.flatMap((name) => (Object.hasOwn(replacedRules, name) ? (replacedRules[name] ?? []) : [name])),
  );
  for (const row of protoRules) {
    const categories = categoriesOf(row, version);
    if (categories === undefined) continue;
    if (wanted.has(row.rule.id) || categories.some((category) => wanted.has(category))) ids.add(row.rule.id);
  }
  return ids;
}

export function categoriesOf(row: ProtoRuleRow, version: BreakingSettings["version"]): readonly string[] | undefined {
  return row[version]?.split(" ");
}

/** A file that a finding is about, in one of the versions. */
export interface FileFacts {
  readonly path: string;
  readonly package: string;
}

/** Whether the settings ignore findings of `ruleId` about any of `files` (the new and the old one). */
export function isIgnored(settings: BreakingSettings, ruleId: string, files: readonly FileFacts[]): boolean {
  for (const file of files) {
    if (settings.ignore.some((path) => isWithin(file.path, path))) return true;
    if (settings.ignoreUnstablePackages && isUnstablePackage(file.package)) return true;
  }
  for (const [name, paths] of Object.entries(settings.ignoreOnly)) {
    if (!files.some((file) => paths.some((path) => isWithin(file.path, path)))) continue;
    if (expand([name], settings.version).has(ruleId)) return true;
  }
  return false;
}

/** The last part of a package says that it may change: `v1alpha1`, `v1beta2`, `v1p1beta1`, `v1test`. */
export function isUnstablePackage(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return name.includes(".") && /^v[1-9]\d*(?:test.*|(?:p[1-9]\d*)?(?:alpha|beta)(?:[1-9]\d*)?)$/.test(last);
}
