/**
 * What stands around contracts on disk.
 *
 * Takes in: a folder, what to compare it with, unsaved texts. Hands out: both versions of all contracts below it as
 * values (`loadSides`), the settings that steer the check (`buf.yaml`, `contrail.yaml`), and one clear sentence for each
 * thing that could not be read. It reads disk and git, writes nothing, connects to nothing, and knows no editor.
 */
export { decide, type Decided } from "./accept.ts";
export { isArchive } from "./archive-names.ts";
export { type Baseline, resolveBaseline, tagsMatching } from "./baseline.ts";
export { readBufSettings } from "./buf-config.ts";
export { type Collected } from "./collect.ts";
export {
  type AcceptedBreak,
  configNames,
  type ContrailConfig,
  defaultConfig,
  isContrailConfig,
  type LevelName,
  levelNames,
} from "./contrail-config.ts";
export { type CheckedSides, checkSides } from "./check-sides.ts";
export { fileOfDependency } from "./dependencies.ts";
export { isDocument, isProto } from "./detect.ts";
export { findRoot } from "./find-root.ts";
export { isBufSettings } from "./modules.ts";
export { changedPaths, narrowSides } from "./narrow.ts";
export { nearest } from "./nearest.ts";
export { type Note, type Unreadable } from "./notes.ts";
export { folderOf, insideRoot, isInScope, isWithin, joinPath, nameOf } from "./paths.ts";
export { loadContracts, loadSides, type LoadRequest, type Sides, SidesCache } from "./sides.ts";
