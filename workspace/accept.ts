/** Accepted breaks and deciding profiles of contrail.yaml, applied to findings. The day is an argument, not a clock. */
import type { Finding } from "../contracts/compat/index.ts";
import type { Problem } from "../contracts/source/index.ts";
import type { AcceptedBreak, ContrailConfig } from "./contrail-config.ts";
import { isWithin } from "./paths.ts";

export interface Decided {
  /** What counts. */
  readonly findings: readonly Finding[];
  readonly accepted: ReadonlyArray<{ readonly finding: Finding; readonly by: AcceptedBreak }>;
  /** Acceptances that fit nothing any more, or have expired, as problems of contrail.yaml. */
  readonly stale: readonly Problem[];
}

/**
 * `today` is `YYYY-MM-DD`. `profiles`: names of the profiles that decide (from a flag), else those of contrail.yaml;
 * a break of data that no deciding profile suffers from does not count. `complete`: whether everything was checked, as
 * else an acceptance that fits nothing is no news.
 */
export function decide(
  findings: readonly Finding[],
  config: ContrailConfig,
  today: string,
  profiles: readonly string[] | undefined = config.decide,
  complete = true,
): Decided {
  const used = new Set<AcceptedBreak>();
  const kept: Finding[] = [];
  const accepted: Array<{ finding: Finding; by: AcceptedBreak }> = [];
  for (const finding of findings) {
    const fitting = config.accepted.filter((candidate) => fits(candidate, finding));
    for (const candidate of fitting) used.add(candidate);
    const by = fitting.find((candidate) => !hasExpired(candidate, today));
    if (by !== undefined) accepted.push({ finding, by });
    else if (profiles === undefined || decides(finding, profiles)) kept.push(finding);
  }
  const stale = config.accepted.flatMap((candidate): Problem[] => {
    const report = (message: string): Problem[] => [
      { ...candidate.place, code: "stale-acceptance", severity: "warning", message },
    ];
    if (!used.has(candidate)) {
      return complete ? report(`No finding fits this accepted break of ${candidate.rule} any more. Delete it.`) : [];
    }
    if (!hasExpired(candidate, today)) return [];
    return report(
      `This accepted break of ${candidate.rule} expired after ${candidate.expires ?? ""}, so its findings count again.`,
    );
  });
  return { findings: kept, accepted, stale };
}

function fits(accepted: AcceptedBreak, finding: Finding): boolean {
  return (
    accepted.rule === finding.ruleId &&
    (accepted.path === undefined || isWithin(accepted.path, finding.place.path)) &&
    (accepted.element === undefined || finding.message.includes(accepted.element))
  );
}

function hasExpired(accepted: AcceptedBreak, today: string): boolean {
  return accepted.expires !== undefined && accepted.expires < today;
}

/** Breaks of generated code are felt whatever a reader tolerates. */
function decides(finding: Finding, profiles: readonly string[]): boolean {
  if (finding.verdict !== "breaking" || finding.surfaces.includes("source")) return true;
  return finding.profiles.some((name) => profiles.includes(name));
}
