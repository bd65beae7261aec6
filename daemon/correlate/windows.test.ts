/** Causes by timing alone: believed where they are regular, left alone where they are not. */
import { describe, expect, it } from "vitest";
import { parseFlow, random, runFlow } from "./testing/check-flow.ts";

function conversations(lines: readonly string[]): string[][] {
  const text = runFlow(parseFlow([...lines, "tick +120000"].join("\n")));
  return text
    .split(/^(?=\S)/m)
    .map((block) => [...block.matchAll(/^ {2}([ab]\d+) /gm)].map((match) => match[1] ?? ""))
    .filter((labels) => labels.length > 0);
}

describe("windows", () => {
  it("joins what a service writes each time it was handed something", () => {
    const next = random(1);
    const lines: string[] = [];
    for (let i = 0; i < 20; i++) {
      const at = i * 2000 + Math.round(next() * 500);
      lines.push(`a${i}: +${at} rabbit /orders type=Placed via=web {"n":${i}}`);
      lines.push(`deliver +${at + 2} a${i} queue=orders via=billing`);
      lines.push(`b${i}: +${at + 20 + Math.round(next() * 20)} rabbit /invoices type=Invoice via=billing {"m":${i}}`);
    }
    const joined = conversations(lines);
    expect(joined).toHaveLength(20);
    expect(joined.every(([a, b]) => a?.slice(1) === b?.slice(1))).toBe(true);
  });

  it("leaves alone what only happens to be near", () => {
    const next = random(2);
    const lines: string[] = [];
    for (let i = 0; i < 60; i++) {
      const at = Math.round(next() * 40_000);
      lines.push(`a${i}: +${at} rabbit /orders type=Placed via=web {"n":${i}}`);
      lines.push(`deliver +${at + 2} a${i} queue=orders via=billing`);
      lines.push(`b${i}: +${Math.round(next() * 40_000)} rabbit /health type=Beat via=billing {"m":${i}}`);
    }
    expect(conversations(lines)).toHaveLength(120);
  });

  it("does not guess where several could be the cause", () => {
    const next = random(3);
    const lines: string[] = [];
    for (let i = 0; i < 20; i++) {
      const at = i * 4000;
      for (const k of [0, 1, 2]) {
        lines.push(`a${i}${k}: +${at + k * 3} rabbit /orders type=Placed via=web {"n":${i * 3 + k}}`);
        lines.push(`deliver +${at + k * 3 + 1} a${i}${k} queue=orders via=billing`);
      }
      lines.push(`b${i}: +${at + 60 + Math.round(next() * 20)} rabbit /invoices type=Invoice via=billing {"m":${i}}`);
    }
    expect(conversations(lines).every((labels) => labels.length === 1)).toBe(true);
  });

  it("takes a client's next request for no effect of the answer before it", () => {
    const lines: string[] = [];
    for (let i = 0; i < 20; i++) {
      const at = i * 2000;
      lines.push(`a${i}0: +${at} rabbit /ask type=Ask reply_to=web.replies correlation_id=${i} via=web {"n":${i}}`);
      lines.push(`a${i}1: +${at + 20} rabbit /web.replies type=Answer correlation_id=${i} via=desk {"n":${i}}`);
      lines.push(`deliver +${at + 21} a${i}1 queue=web.replies via=web`);
      lines.push(`b${i}: +${at + 30} rabbit /orders type=Placed via=web {"m":${i}}`);
    }
    expect(conversations(lines)).toHaveLength(40);
  });
});
