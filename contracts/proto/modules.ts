/** Which files a set has, by the paths under which they import each other. */
import { parseProto } from "./parser.ts";
import type { ProtoFile } from "./ast.ts";
import { wellKnownTexts } from "./well-known-texts.ts";

/** A folder that imports are relative to. */
export interface ModuleRoot {
  /** Relative to the root of the check, `/` between, "" for the root itself. */
  readonly directory: string;
  /** Files or folders below it that do not belong to it, relative to the root of the check. */
  readonly excludes: readonly string[];
}

export interface PlacedFile {
  readonly file: ProtoFile;
  readonly importPath: string;
  readonly module: string;
  readonly isBuiltIn: boolean;
}

const wholeRoot: readonly ModuleRoot[] = [{ directory: "", excludes: [] }];

/** Whether `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || (path.startsWith(folder) && path.charCodeAt(folder.length) === 47);
}

/** The module that a file belongs to: the deepest around it that does not exclude it. */
export function moduleOf<Module extends ModuleRoot>(path: string, modules: readonly Module[]): Module | undefined {
  let best: Module | undefined;
  for (const module of modules) {
    if (!isWithin(path, module.directory) || module.excludes.some((excluded) => isWithin(path, excluded))) continue;
    if (best === undefined || module.directory.length > best.directory.length) best = module;
  }
  return best;
}

const wellKnownFiles = new Map<string, ProtoFile>();

/** A well-known file, parsed once: its text never changes, and trees are never changed. */
function wellKnownFile(path: string): ProtoFile | undefined {
  const text = Object.hasOwn(wellKnownTexts, path) ? wellKnownTexts[path] : undefined;
  if (text === undefined) return undefined;
  let file = wellKnownFiles.get(path);
  if (file === undefined) wellKnownFiles.set(path, (file = parseProto(path, text)));
  return file;
}

/** The files of a set by module and import path. */
export class FileIndex {
  readonly placed: PlacedFile[] = [];
  private readonly byImportPath = new Map<string, PlacedFile[]>();
  private readonly modules: readonly ModuleRoot[];

  constructor(files: Iterable<ProtoFile>, modules: readonly ModuleRoot[]) {
    this.modules = modules.length === 0 ? wholeRoot : modules;
    for (const file of files) {
      const module = moduleOf(file.path, this.modules)?.directory ?? "";
      const importPath = module === "" ? file.path : file.path.slice(module.length + 1);
      this.add({ file, importPath, module, isBuiltIn: false });
    }
  }

  /** The file that `path` means in a file of `module`: its own module first, then the others, then what is built in. */
  find(path: string, module: string): PlacedFile | undefined {
    const candidates = this.byImportPath.get(path);
    if (candidates !== undefined) return candidates.find((candidate) => candidate.module === module) ?? candidates[0];
    const file = wellKnownFile(path);
    if (file === undefined) return undefined;
    const placed = { file, importPath: path, module: "", isBuiltIn: true };
    this.add(placed);
    return placed;
  }

  /** Every place where `path` was looked for, as paths relative to the root of the check. */
  placesOf(path: string, module: string): string[] {
    const directories = [
      module,
      ...this.modules.map((other) => other.directory).filter((directory) => directory !== module),
    ];
    return directories.map((directory) => (directory === "" ? path : `${directory}/${path}`));
  }

  private add(placed: PlacedFile): void {
    this.placed.push(placed);
    const same = this.byImportPath.get(placed.importPath);
    if (same === undefined) this.byImportPath.set(placed.importPath, [placed]);
    else same.push(placed);
  }
}
