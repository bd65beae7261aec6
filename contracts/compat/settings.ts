/**
 * What is asked of the versions. `backward`: new readers read what old writers wrote; `forward`: old readers
 * read what new writers write; `full`: both. (Transitive levels compare against several baselines; whoever
 * holds the baselines asks once for each.)
 */
export type Level = "backward" | "forward" | "full";

/** What a reader tolerates; each finding about data says under which profiles it breaks. */
export interface ReaderProfile {
  readonly name: string;
  readonly unknownFields: "ignore" | "reject";
  readonly unknownEnumValues: "accept" | "reject";
  readonly missingFields: "default" | "reject";
  readonly constraints: "ignore" | "enforce";
  readonly coercion: "none" | "numbers" | "all";
  /** The fields this reader reads, as dotted paths; a change outside them cannot break it. Absent: all. */
  readonly reads?: readonly string[];
}

/** Ignores unknown fields, defaults what is missing and optional, keeps unknown enum values apart, validates nothing. */
export const tolerant: ReaderProfile = {
  name: "tolerant",
  unknownFields: "ignore",
  unknownEnumValues: "accept",
  missingFields: "default",
  constraints: "ignore",
  coercion: "none",
};

/** Validates everything it received and refuses what the contract does not name. */
export const strict: ReaderProfile = {
  name: "strict",
  unknownFields: "reject",
  unknownEnumValues: "reject",
  missingFields: "reject",
  constraints: "enforce",
  coercion: "none",
};

export const builtInProfiles: readonly ReaderProfile[] = [tolerant, strict];

/**
 * What findings weigh that no rule of the user's tools has, such as a value added to a closed enum: nothing is said,
 * a warning that fails no check, or a break as any other.
 */
export type DataSetting = "off" | "warn" | "error";

/** The `breaking` section of buf.yaml, as it stands in people's repositories. */
export interface BreakingSettings {
  readonly version: "v1beta1" | "v1" | "v2";
  /** Rule and category ids; empty: the version's default (FILE). */
  readonly use: readonly string[];
  readonly except: readonly string[];
  /** Paths (files or folders) relative to the root of the check. */
  readonly ignore: readonly string[];
  readonly ignoreOnly: Readonly<Record<string, readonly string[]>>;
  readonly ignoreUnstablePackages: boolean;
}

/** A folder that imports are relative to, with what buf.yaml says of it. */
export interface ProtoModule {
  /** Relative to the root of the check, `/` between, "" for the root itself. */
  readonly directory: string;
  /** Folders or files below it that do not belong to it, relative to the root of the check. */
  readonly excludes: readonly string[];
  readonly breaking: BreakingSettings;
}

export const defaultBreaking: BreakingSettings = {
  version: "v2",
  use: [],
  except: [],
  ignore: [],
  ignoreOnly: {},
  ignoreUnstablePackages: false,
};
