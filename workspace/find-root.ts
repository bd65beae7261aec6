/** Which folder a check is rooted in: paths in `buf.yaml` and imports are relative to it, so it has to hold the settings. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { configNames } from "./contrail-config.ts";

/**
 * The outermost folder from `folder` upwards, not beyond its repository, that holds contrail.yaml, buf.work.yaml or
 * buf.yaml; `folder` itself when there is none.
 */
export function findRoot(folder: string): string {
  const start = resolve(folder);
  let found = start;
  let inRepository = false;
  for (let at = start, last = ""; at !== last; last = at, at = dirname(at)) {
    if ([...configNames, "buf.work.yaml", "buf.yaml"].some((name) => existsSync(join(at, name)))) found = at;
    if (existsSync(join(at, ".git"))) {
      inRepository = true;
      break;
    }
  }
  return inRepository ? found : start;
}
