/** Which module a `.proto` file belongs to. */
import type { ProtoModule } from "../contracts/compat/index.ts";
import { isWithin, nameOf } from "./paths.ts";

export function isBufSettings(path: string): boolean {
  const name = nameOf(path);
  return name === "buf.yaml" || name === "buf.work.yaml" || name === "buf.lock";
}

/** A file belongs to one module: what a module inside of another holds is excluded from the outer one. */
export function withoutNested(modules: readonly ProtoModule[]): ProtoModule[] {
  return modules.map((module) => {
    const inner = modules
      .map((other) => other.directory)
      .filter((directory) => directory !== module.directory && isWithin(module.directory, directory));
    return inner.length === 0 ? module : { ...module, excludes: [...new Set([...module.excludes, ...inner])] };
  });
}

/** The module that `path` belongs to. */
export function moduleHolding(modules: readonly ProtoModule[], path: string): ProtoModule | undefined {
  return modules.find(
    (module) => isWithin(module.directory, path) && !module.excludes.some((excluded) => isWithin(excluded, path)),
  );
}
