/** A witness in words: one line for a diagnostic, a page for a hover. */
import type { Finding, Observation, Witness } from "../contracts/compat/index.ts";

/** `Example shop.Order: {"total":"12"} is written, "total" is lost.` */
export function shortWitness(witness: Witness): string {
  const written = cut(oneLine(witness.written), 120);
  const seen = witness.observations.slice(0, 2).map(observationText).join("; ");
  const more = witness.observations.length > 2 ? ` (and ${witness.observations.length - 2} more)` : "";
  return `For example ${witness.messageName} ${written} → ${seen}${more}.`;
}

export function observationText(observation: Observation): string {
  const what = observation.path === "" ? "the message" : `"${observation.path}"`;
  const values = `${observation.wrote === undefined ? "" : cut(observation.wrote, 60)} → ${cut(observation.read ?? "", 60)}`;
  switch (observation.outcome) {
    case "lost":
      return `${what} is lost`;
    case "garbled":
      return `${what} is garbled (${values})`;
    case "unreadable":
      return `${what} cannot be read${detail(observation)}`;
    case "defaulted":
      return `${what} is read as its default${observation.read === undefined ? "" : ` (${values})`}`;
    case "moved-into-unknown":
      return `${what} becomes an unknown field`;
    case "rejected":
      return `${what} is rejected${detail(observation)}`;
    default:
      return observation.outcome satisfies never;
  }
}

/** The whole finding as Markdown, for a hover. */
export function findingMarkdown(finding: Finding, ruleHref: string): string {
  const parts = [
    `**${finding.ruleId}** · ${finding.verdict}${surfaces(finding)} · [what this rule checks](${ruleHref})`,
  ];
  parts.push(escapeMarkdown([finding.consequence, finding.advice].filter((text) => text !== "").join(" ")));
  if (finding.profiles.length > 0)
    parts.push(`Breaks readers of the profile ${finding.profiles.map((name) => `\`${name}\``).join(", ")}.`);
  if (finding.witness !== undefined) parts.push(witnessMarkdown(finding.witness));
  return parts.filter((part) => part !== "").join("\n\n");
}

function witnessMarkdown(witness: Witness): string {
  const lines = [
    `A message that the ${witness.writer === "before" ? "old" : "new"} version writes (\`${witness.messageName.replaceAll("`", "'")}\`):`,
    fence("json", witness.written),
  ];
  if (witness.bytes !== undefined) lines.push(`On the wire:`, fence("text", hex(witness.bytes)));
  lines.push(
    `What a reader of the ${witness.reader === "before" ? "old" : "new"} version makes of it:`,
    fence("text", witness.observations.map(observationText).join("\n")),
  );
  const judges = witness.judges.filter((judge) => judge.confirms).map((judge) => judge.judge);
  if (judges.length > 0) lines.push(`Confirmed by ${judges.join(" and ")}.`);
  return lines.join("\n\n");
}

/** A fence longer than any run of backticks in the text, so that no text can leave it. */
function fence(language: string, text: string): string {
  const shown = cut(text, 4000);
  const longest = Math.max(2, ...Array.from(shown.matchAll(/`+/g), (match) => match[0].length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${shown}\n${ticks}`;
}

function surfaces(finding: Finding): string {
  return finding.surfaces.length === 0 ? "" : ` on ${finding.surfaces.join(", ")}`;
}

export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~-]/g, (character) => `\\${character}`);
}

function hex(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 256), (byte) => byte.toString(16).padStart(2, "0"));
  return `${shown.join(" ")}${bytes.length > 256 ? " ..." : ""}`;
}

function oneLine(json: string): string {
  return json.replace(/\s*\n\s*/g, " ");
}

function detail(observation: Observation): string {
  return observation.detail === undefined || observation.detail === "" ? "" : ` (${cut(observation.detail, 100)})`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
