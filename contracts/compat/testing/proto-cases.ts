/** The cases of the rules on .proto files: `fixtures/breaking/proto/<rule>/{before,after}` and what is found there. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LineIndex } from "../../source/index.ts";
import type { CheckRequest, ContractSet, Finding } from "../index.ts";
import { builtInProfiles, defaultBreaking } from "../index.ts";

export const casesFolder = join(import.meta.dirname, "../../../fixtures/breaking/proto");

/** The names of all cases; each is its rule's id in lower case, with dashes. */
export function caseNames(): string[] {
  return readdirSync(casesFolder).sort();
}

export function ruleIdOf(caseName: string): string {
  return caseName.replaceAll("-", "_").toUpperCase();
}

/** What is asked for a case: its own rule, at every level, under both built-in profiles. */
export function caseRequest(caseName: string): CheckRequest {
  const breaking = { ...defaultBreaking, use: [ruleIdOf(caseName)] };
  const side = (version: string): ContractSet => {
    const folder = join(casesFolder, caseName, version);
    const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
    return { files, protoModules: [{ directory: "", excludes: [], breaking }] };
  };
  return { before: side("before"), after: side("after"), level: "full", profiles: builtInProfiles };
}

/** A finding as people review it: its place and the text there, whom it hurts, what it says, and its proof. */
export function describeFinding(finding: Finding, request: CheckRequest): string {
  const text = request[finding.placeVersion].files.get(finding.place.path) ?? "";
  const { start, end } = finding.place.span;
  const { line, character } = new LineIndex(text).positionAt(start);
  const lines = [
    `${finding.placeVersion}/${finding.place.path}:${line + 1}:${character + 1} ${JSON.stringify(text.slice(start, end))}`,
    finding.verdict === "compatible"
      ? "  advises"
      : `  breaks ${finding.surfaces.join(", ")} for ${finding.affected.join(", ")}${finding.profiles.length === 0 ? "" : ` (${finding.profiles.join(", ")})`}`,
    `  ${finding.message}`,
    `  ${finding.consequence}`,
    `  ${finding.advice}`,
  ];
  const { witness } = finding;
  if (witness !== undefined) {
    const bytes =
      witness.bytes === undefined
        ? ""
        : ` as ${[...witness.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
    lines.push(
      `  ${witness.writer} writes ${JSON.stringify(JSON.parse(witness.written === "" ? "null" : witness.written))}${bytes}`,
    );
    for (const seen of witness.observations) {
      const change = [seen.wrote, seen.read].filter((value) => value !== undefined).join(" -> ");
      lines.push(
        `  ${witness.reader} reads ${seen.path === "" ? "nothing" : seen.path}: ${seen.outcome} ${change}${seen.detail ?? ""}`.trimEnd(),
      );
    }
    lines.push(
      `  judged by ${witness.judges.map((judge) => `${judge.judge} ${judge.confirms ? "yes" : "no"}`).join(", ")}`,
    );
  }
  for (const fix of finding.fixes ?? []) lines.push(`  fix: ${fix.title}`);
  return `${lines.join("\n")}\n`;
}
