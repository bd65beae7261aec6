/**
 * Every sentence that this folder says to a user, in one place: what happened, what to do.
 */

/** `error`: what was asked could not be done (a terminal exits with 2). `info`: good to know, the rest was done. */
export interface Note {
  readonly code: string;
  readonly severity: "info" | "error";
  readonly message: string;
}

/** A file or folder that could not be read; everything else was. */
export interface Unreadable {
  /** Relative to the root of the check. */
  readonly path: string;
  readonly message: string;
}

const note = (severity: Note["severity"], code: string, message: string): Note => ({ code, severity, message });

export const gitIsMissing = (): Note =>
  note(
    "error",
    "git-missing",
    "There is no git on this machine's PATH, so there is no earlier version to compare with. Install git, or name a folder or file to compare with.",
  );

export const notARepository = (root: string): Note =>
  note(
    "error",
    "not-a-repository",
    `"${root}" is not in a git repository, so there is no earlier version to compare with. Run \`git init\` and commit, or name a folder or file to compare with.`,
  );

export const noCommits = (): Note =>
  note(
    "info",
    "no-commits",
    "This repository has no commits yet, so every contract counts as new. Commit once to have something to compare with.",
  );

export const shallowClone = (branch: string): Note =>
  note(
    "error",
    "shallow-clone",
    `This clone is shallow and does not hold the common ancestor with "${branch}", so HEAD was compared with instead. Run \`git fetch --unshallow\` (in CI: fetch-depth 0).`,
  );

export const noCommonAncestor = (branch: string): Note =>
  note(
    "info",
    "no-common-ancestor",
    `HEAD and "${branch}" have no common ancestor, so HEAD was compared with instead.`,
  );

export const noSuchRef = (ref: string): Note =>
  note(
    "error",
    "no-such-ref",
    `git knows no commit "${ref}" here. Check the spelling, or fetch it with \`git fetch origin ${/^\w[\w./-]*$/.test(ref) ? ref : "REF"}\`.`,
  );

export const ownedBySomebodyElse = (root: string): Note =>
  note(
    "error",
    "dubious-ownership",
    `git does not read "${root}" because another user owns it. If you trust it, run \`git config --global --add safe.directory "${root}"\`.`,
  );

export const gitFailed = (what: string, detail: string): Note =>
  note("error", "git-failed", `git could not ${what}: ${detail}`);

export const gitTimedOut = (what: string, seconds: number): Note =>
  note(
    "error",
    "git-timeout",
    `git took more than ${seconds} s to ${what} and was ended. Try again, or name a folder to compare with.`,
  );

export const noSuchBaseline = (path: string): Note =>
  note(
    "error",
    "no-such-baseline",
    `There is no file or folder "${path}" to compare with. To name a commit, branch or tag, write git:${path}.`,
  );

export const fileBaselineNeedsOneFile = (path: string): Note =>
  note("error", "file-baseline", `"${path}" is one file, so name the one contract that shall be compared with it.`);

export const damagedArchive = (path: string, reason: string): Note =>
  note("error", "damaged-archive", `"${path}" cannot be read as an archive: ${reason}. Make or download it again.`);

export const archiveLeadsOut = (path: string, entry: string): Note =>
  note(
    "error",
    "archive-leads-out",
    `"${path}" names files outside of itself, such as "${entry}". These were left out; do not unpack it elsewhere either.`,
  );

export const archiveTooLarge = (path: string, limit: number): Note =>
  note(
    "error",
    "archive-too-large",
    `"${path}" unpacks to more than ${limit / 1_000_000} MB; the rest was not read. Pack only the contracts.`,
  );

export const tooManyFiles = (limit: number): Note =>
  note(
    "error",
    "too-many-files",
    `There are more than ${limit} files that may be contracts; the rest was not read. Check a smaller folder.`,
  );

export const tooManyBytes = (megabytes: number): Note =>
  note(
    "error",
    "too-many-bytes",
    `The contracts hold more than ${megabytes} MB of text; the rest was not read. Check a smaller folder.`,
  );

export const fileTooLarge = (path: string, bytes: number, limit: number): Unreadable => ({
  path,
  message: `"${path}" has ${megabytes(bytes)} MB; contracts over ${megabytes(limit)} MB are not read.`,
});

export const notText = (path: string): Unreadable => ({
  path,
  message: `"${path}" is not a text file: it holds NUL bytes. Is it a compiled descriptor with the wrong name?`,
});

export const cannotRead = (path: string, reason: string): Unreadable => ({
  path,
  message: `"${path === "" ? "." : path}" cannot be read: ${reason}.`,
});

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}

/** The cause of a failed system call in plain words. */
export function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  switch (code) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOENT":
      return "it does not exist";
    case "EISDIR":
      return "it is a folder";
    case "ENOTDIR":
      return "it is not a folder";
    case "ELOOP":
      return "its symbolic links form a circle";
    case "EMFILE":
      return "too many files are open";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
