import { readFileSync } from "node:fs";

/** Reasons by case id: where the engine decides otherwise on purpose. */
export function readExceptions(path: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(JSON.parse(readFileSync(path, "utf8")) as Record<string, string>));
}
