/** What the readers of archives have in common. */
import { defaultLimits, type Limits } from "./file-sources.ts";

/** Bounds beyond those of a folder: what is not kept has to be unpacked to get behind it, too. */
export interface ArchiveLimits extends Limits {
  readonly unpackedBytes: number;
  readonly entries: number;
}

export const archiveLimits: ArchiveLimits = { ...defaultLimits, unpackedBytes: 4_000_000_000, entries: 1_000_000 };

/** Thrown while an archive is read, and told to the user as one sentence by whoever called. */
export class DamagedArchive extends Error {
  override readonly name = "DamagedArchive";
}

/** One that is told as it is: a bound was reached. */
export class ArchiveTooLarge extends Error {
  override readonly name = "ArchiveTooLarge";
}

/** An archive that is opened: which files it holds, and a way to get their contents. */
export interface OpenArchive {
  readonly sizes: ReadonlyMap<string, number>;
  /** The content, or why there is none. */
  read(path: string): Promise<Buffer | string>;
  /** Set where only a part could be read. */
  readonly failure?: unknown;
}
