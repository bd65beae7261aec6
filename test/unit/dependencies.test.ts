/** What docs/dependencies.md says of the packages that ship, counted again in the lock file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const [product = ""] = read("docs/dependencies.md").split("## For building and testing");

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const { packages } = JSON.parse(read("package-lock.json")) as {
  readonly packages: Readonly<Record<string, Package>>;
};

/** Where Node finds `name` from the package at `from`: the nearest `node_modules`, outwards. */
function placeOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const place = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (at === "") return undefined;
  }
}

/** How many packages come along with these. */
function brings(names: readonly string[]): number {
  const seen = new Set<string>();
  const visit = (name: string, from: string) => {
    const place = placeOf(name, from);
    if (place === undefined || seen.has(place)) return;
    seen.add(place);
    const { dependencies, optionalDependencies } = packages[place] ?? {};
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) visit(needed, place);
  };
  for (const name of names) visit(name, "");
  return seen.size - names.length;
}

const namesIn = (text: string) => [...text.matchAll(/`(@?[\w./-]+)`/g)].map(([, name = ""]) => name);
const rows = [...product.matchAll(/^\| (`.+?) +\| ([\d, ]+?) +\|/gm)].map(([, names = "", counts = ""]) => ({
  names: namesIn(names),
  counts: counts.split(", ").map(Number),
}));
const shipped = rows.flatMap(({ names }) => names);

describe("docs/dependencies.md counts what the packages that ship bring along", () => {
  it.each(rows)("$names", ({ names, counts }) => {
    expect(counts).toEqual(names.map((name) => brings([name])));
  });

  it("together, and without the one that brings most", () => {
    const all = brings(shipped);
    const rest = shipped.filter((name) => name !== "@asyncapi/parser");
    expect(product.replace(/\s+/g, " ")).toContain(
      `Together these ${shipped.length} bring ${all} others, ${all - brings(rest)} of them because of \`@asyncapi/parser\` alone`,
    );
  });

  it("for the daemon", () => {
    const [, count, names = "", others] = /The daemon needs (\d+): ([^.]+?), which bring (\d+)\./s.exec(product) ?? [];
    expect([Number(count), Number(others)]).toEqual([namesIn(names).length, brings(namesIn(names))]);
    for (const name of namesIn(names)) expect(shipped).toContain(name);
  });
});
