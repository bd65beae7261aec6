/**
 * What the guardian does: learns over its input whose leases to watch, waits for the input's end, then puts back what
 * that owner left. In the orderly case nothing is left, and it goes at once.
 */
import type { Readable } from "node:stream";
import { findLeases, restore } from "./leases.ts";

export interface GuardOptions {
  /** How long to go on trying when a broker does not answer. Its own restart ends tracing too. */
  readonly giveUpAfterMs?: number;
  readonly retryEveryMs?: number;
}

/** Resolves when there is nothing left to do; `left` is how many leases it had to leave for the next start. */
export async function guard(input: Readable, options: GuardOptions = {}): Promise<{ readonly left: number }> {
  let text = "";
  input.setEncoding("utf8");
  try {
    for await (const chunk of input) if (text.length < 65_536) text += String(chunk);
  } catch {
    // A pipe that breaks says the same as one that ends.
  }
  const charge = readCharge(text);
  if (charge === undefined) return { left: 0 };

  const until = Date.now() + (options.giveUpAfterMs ?? 60_000);
  for (;;) {
    const mine = (await findLeases(charge.stateDir)).filter(({ lease }) => lease.owner === charge.owner);
    const outcomes = await Promise.all(mine.map((found) => restore(found)));
    const left = outcomes.filter((why) => why !== undefined).length;
    if (left === 0 || Date.now() >= until) return { left };
    await new Promise((resolve) => setTimeout(resolve, options.retryEveryMs ?? 250));
  }
}

function readCharge(text: string): { readonly stateDir: string; readonly owner: string } | undefined {
  try {
    const { stateDir, owner } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof stateDir === "string" && typeof owner === "string" ? { stateDir, owner } : undefined;
  } catch {
    return undefined;
  }
}
