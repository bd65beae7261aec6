/** What `contrail.yaml` can say, as values; `read-contrail-config.ts` reads it. */
import { builtInProfiles, type DataSetting, type Level, type ReaderProfile } from "../contracts/compat/settings.ts";
import type { Place } from "../contracts/source/index.ts";
import { nameOf } from "./paths.ts";

export const configNames = ["contrail.yaml", "contrail.yml"] as const;

export const levelNames = [
  "backward",
  "forward",
  "full",
  "backward-transitive",
  "forward-transitive",
  "full-transitive",
] as const;
export type LevelName = (typeof levelNames)[number];

export interface ContrailConfig {
  /** Where the file is; absent when there is none. */
  readonly path?: string;
  readonly level: Level;
  /** Compare with every tag that matches `tags` as well. */
  readonly transitive: boolean;
  /** Which tags count as earlier versions; `v*` unless said otherwise. */
  readonly tags: string;
  /** What to compare with: `git:REF`, a folder or a file. */
  readonly against?: string;
  /** Every profile asked about, the built-in ones included. */
  readonly profiles: readonly ReaderProfile[];
  /** Names of the profiles that decide; absent: a break under any counts. */
  readonly decide?: readonly string[];
  /** What it weighs that a change hurts readers of data which no rule of buf watches over. */
  readonly data: DataSetting;
  readonly accepted: readonly AcceptedBreak[];
  /** Files and folders that are not checked. */
  readonly ignore: readonly string[];
  /** Folders that imports of `.proto` files are relative to, where no buf.yaml speaks for them. */
  readonly importPaths?: readonly string[];
  /** Declared sagas, as they stand; whoever correlates reads them. */
  readonly sagas: unknown;
}

/** A break that somebody decided to live with. All that is given has to fit. */
export interface AcceptedBreak {
  readonly rule: string;
  /** A file or folder. */
  readonly path?: string;
  /** A piece of the finding's message, such as the name of a field. */
  readonly element?: string;
  readonly reason: string;
  /** `YYYY-MM-DD`: the last day on which it holds. */
  readonly expires?: string;
  readonly place: Place;
}

export const defaultConfig: ContrailConfig = {
  level: "full",
  transitive: false,
  tags: "v*",
  profiles: builtInProfiles,
  data: "warn",
  accepted: [],
  ignore: [],
  sagas: undefined,
};

export function isContrailConfig(path: string): boolean {
  return (configNames as readonly string[]).includes(nameOf(path));
}
