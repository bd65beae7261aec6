/**
 * `buf.yaml` (v1beta1, v1, v2) and `buf.work.yaml`, as they stand in people's repositories: which folders imports are
 * relative to, and which breaking rules are asked for. Nothing of the network is read; `deps` are left to others.
 */
import { defaultBreaking, type BreakingSettings, type ProtoModule } from "../contracts/compat/settings.ts";
import type { Problem } from "../contracts/source/index.ts";
import { folderOf, isWithin, joinPath, nameOf } from "./paths.ts";
import { withoutNested } from "./modules.ts";
import { SettingsFile, type SettingsNode } from "./yaml-reader.ts";

export interface BufLayout {
  readonly modules: readonly ProtoModule[];
  /** Folders in which these settings decide alone what is a module: a `.proto` there outside of every module is not checked. */
  readonly governed: readonly string[];
  readonly problems: readonly Problem[];
  /** Modules of the registry that these files depend on and that are not on this machine; nothing is fetched. */
  readonly dependencies: readonly string[];
}

/** Takes the texts of all `buf.yaml` and `buf.work.yaml` by path, and the names of dependencies that are on this machine. */
export function readBufSettings(
  texts: ReadonlyMap<string, string>,
  cached: ReadonlySet<string> = new Set(),
): BufLayout {
  const described = [...texts].filter(([path]) => nameOf(path) !== "buf.lock");
  const files = described.map(([path, text]) => ({
    path,
    folder: folderOf(path),
    work: nameOf(path) === "buf.work.yaml",
    file: new SettingsFile(path, text, "buf-settings"),
  }));
  files.sort((a, b) => a.folder.length - b.folder.length || Number(b.work) - Number(a.work));
  const modules: ProtoModule[] = [];
  const governed: string[] = [];
  for (const { folder, work, file } of files) {
    const version = file.root.at("version").oneOf(["v1beta1", "v1", "v2"]) ?? "v1";
    if (work) {
      governed.push(folder);
      for (const directory of file.root.at("directories").texts()) {
        const path = joinPath(folder, directory);
        if (!texts.has(joinPath(path, "buf.yaml")))
          modules.push(moduleOf(path, [], { ...defaultBreaking, version: "v1" }));
      }
    } else if (version === "v2") {
      governed.push(folder);
      modules.push(...v2Modules(folder, file.root));
    } else if (!modules.some((module) => module.directory === folder) && !insideV2(folder, files)) {
      governed.push(folder);
      modules.push(...v1Modules(folder, version, file.root));
    }
  }
  const dependencies = files.flatMap(({ file }) =>
    file.root
      .at("deps")
      .items()
      .flatMap((node) => readDependency(node, cached)),
  );
  const problems = files.flatMap(({ file }) => file.problems);
  return { modules: withoutNested(modules), governed, problems, dependencies };
}

/** One hint each, at its line: what comes from it is unknown, and that must not look like a mistake of this repository. */
function readDependency(node: SettingsNode, cached: ReadonlySet<string>): string[] {
  // A label may stand behind the name; buf.lock says which commit it means.
  const name = node.text()?.replace(/:.*$/, "");
  if (name === undefined || cached.has(name)) return [];
  node.report(
    `"${name}" is not in buf's cache on this machine, and Contrail fetches nothing, so its types count as unknown. Run \`buf dep update\` and \`buf build\` once to have them read.`,
    "hint",
  );
  return [name];
}

function insideV2(
  folder: string,
  files: ReadonlyArray<{ folder: string; work: boolean; file: SettingsFile }>,
): boolean {
  return files.some(
    (other) =>
      !other.work &&
      other.folder !== folder &&
      isWithin(other.folder, folder) &&
      other.file.root.at("version").text() === "v2",
  );
}

function v1Modules(folder: string, version: "v1" | "v1beta1", root: SettingsNode): ProtoModule[] {
  const build = root.at("build");
  const excludes = build.at("excludes").texts();
  const roots = version === "v1beta1" ? build.at("roots").texts() : [];
  return (roots.length === 0 ? ["."] : roots).map((moduleRoot) => {
    const directory = joinPath(folder, moduleRoot);
    const excluded = excludes.map((path) => joinPath(folder, path)).filter((path) => isWithin(directory, path));
    return moduleOf(directory, excluded, breakingOf(root.at("breaking"), version, directory));
  });
}

function v2Modules(folder: string, root: SettingsNode): ProtoModule[] {
  const shared = root.at("breaking");
  const listed = root.at("modules").items();
  if (listed.length === 0) return [moduleOf(folder, [], breakingOf(shared, "v2", folder))];
  return listed.map((item) => {
    const own = item.at("breaking");
    const directory = joinPath(folder, item.at("path").text() ?? ".");
    const excludes = item
      .at("excludes")
      .texts()
      .map((path) => joinPath(folder, path));
    return moduleOf(directory, excludes, breakingOf(own.present ? own : shared, "v2", folder));
  });
}

/** `base` is the folder that the paths in `ignore` and `ignore_only` are relative to. */
function breakingOf(node: SettingsNode, version: BreakingSettings["version"], base: string): BreakingSettings {
  const ignoreOnly: Record<string, string[]> = {};
  for (const { key, value } of node.at("ignore_only").entries()) {
    ignoreOnly[key] = value.texts().map((path) => joinPath(base, path));
  }
  return {
    version,
    use: node.at("use").texts(),
    except: node.at("except").texts(),
    ignore: node
      .at("ignore")
      .texts()
      .map((path) => joinPath(base, path)),
    ignoreOnly,
    ignoreUnstablePackages: node.at("ignore_unstable_packages").flag() ?? false,
  };
}

function moduleOf(directory: string, excludes: readonly string[], breaking: BreakingSettings): ProtoModule {
  return { directory, excludes, breaking };
}
