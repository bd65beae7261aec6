import type { Problem } from "../source/index.ts";
import type { Finding, Witness } from "./finding.ts";
import type { DataSetting, Level, ProtoModule, ReaderProfile } from "./settings.ts";

/** One version of all contracts: texts by path, relative to the root of the check, `/` between. */
export interface ContractSet {
  readonly files: ReadonlyMap<string, string>;
  readonly protoModules: readonly ProtoModule[];
}

export interface CheckRequest {
  readonly before: ContractSet;
  readonly after: ContractSet;
  /** Which direction is asked of data; findings on `source` are given at every level. */
  readonly level: Level;
  readonly profiles: readonly ReaderProfile[];
  /** What is found beyond the rules that buf.yaml asks for; absent: nothing is. */
  readonly data?: DataSetting;
  /** Whether advice is given as well: what to reserve, what to mark deprecated. */
  readonly advice?: boolean;
}

export interface CheckReport {
  /** In order of path and place. */
  readonly findings: readonly Finding[];
  /** What is wrong with `after` by itself. */
  readonly problems: readonly Problem[];
}

/**
 * Independent judges of witnesses. They are handed in, since they are large and are needed only where something
 * broke: callers load them when the first finding with a witness is there.
 */
export interface Judges {
  /** Does `text`, an instance, satisfy `schema` (a JSON Schema document of `dialect`)? `undefined`: cannot tell. */
  readonly json?: JsonJudge;
  /** Confirms a wire or protobuf-JSON witness by decoding it with both versions. */
  readonly wire?: WireJudge;
}

export interface JsonJudge {
  readonly name: string;
  accepts(schema: unknown, dialect: string, instanceText: string): boolean | undefined;
}

export interface WireJudge {
  readonly name: string;
  confirms(request: CheckRequest, witness: Witness): boolean | undefined;
}
