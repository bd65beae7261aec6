/** What can be wrong with a capture file, in the words that users see. */
export class CaptureError extends Error {
  readonly code: "capture-newer" | "capture-unreadable" | "capture-missing" | "capture-not-made";

  constructor(code: CaptureError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "CaptureError";
    this.code = code;
  }
}

export function captureIsNewer(name: string): CaptureError {
  return new CaptureError(
    "capture-newer",
    `The capture "${name}" was written by a newer Contrail. Update Contrail to open it.`,
  );
}

export function captureIsUnreadable(name: string, cause?: unknown): CaptureError {
  return new CaptureError(
    "capture-unreadable",
    `"${name}" is not a capture of Contrail, or it is damaged. Choose another file, or record it again.`,
    cause,
  );
}

/** A failure while a capture is read: where its pages are damaged, in words; anything else as it is. */
export function readingFailed(name: string, cause: unknown): unknown {
  const { errcode = 0, message = "" } = cause as { readonly errcode?: number; readonly message?: string };
  // SQLITE_CORRUPT, of which there are kinds, and SQLITE_NOTADB; or what says which tables there are is damaged.
  const isDamaged = (errcode & 0xff) === 11 || errcode === 26;
  return isDamaged || (errcode === 1 && /^no such (?:table|column)/.test(message))
    ? captureIsUnreadable(name, cause)
    : cause;
}

export function captureIsMissing(name: string): CaptureError {
  return new CaptureError("capture-missing", `There is no capture file "${name}". Check its path.`);
}

export function captureIsForbidden(name: string): CaptureError {
  return new CaptureError(
    "capture-unreadable",
    `The permissions of the capture "${name}" do not let you read it. Have them changed, or get a copy of your own.`,
  );
}

/** A new capture cannot be begun where it was asked for. */
export function captureIsNotMade(file: string, cause: unknown): CaptureError {
  const { code, errcode, message } = cause as { code?: string; errcode?: number; message?: string };
  const why: Readonly<Record<string, string>> = {
    EEXIST: `"${file}" is there already. Name a new file, or move it away.`,
    ENOENT: `There is no folder for "${file}". Make it first, or name another file.`,
    ENOTDIR: `There is no folder for "${file}". Make it first, or name another file.`,
    EACCES: `"${file}" may not be written here. Name another file.`,
    EPERM: `"${file}" may not be written here. Name another file.`,
    EROFS: `"${file}" may not be written here. Name another file.`,
    ENOSPC: `The disk is full, so "${file}" cannot be written. Make room, or name a file on another disk.`,
  };
  const known = why[errcode === sqliteFull ? "ENOSPC" : (code ?? "")];
  return new CaptureError(
    "capture-not-made",
    known ?? `"${file}" cannot be written (${message ?? String(cause)}). Name another file.`,
    cause,
  );
}

const sqliteFull = 13;

/** The capture file failed while tracing; it goes on in memory. */
export function captureFailed(cause: unknown): string {
  const { code, errcode } = cause as { code?: string; errcode?: number };
  const isFull = errcode === sqliteFull || code === "ENOSPC";
  const why = isFull
    ? "the disk is full"
    : `the capture file failed (${cause instanceof Error ? cause.message : String(cause)})`;
  const help = isFull ? "Make room and start the trace again." : "Start the trace again to begin a new file.";
  return `Messages are kept in memory only, since ${why}: what comes from now on is gone when the trace ends. ${help}`;
}

/** The runtime's SQLite has no FTS5. */
export function noFullText(): string {
  return "This runtime's SQLite has no full-text search, so a search reads the messages one by one and takes longer. Update VS Code, or Node.";
}

export function indexFailed(why: string): string {
  return `The search index cannot be written (${why}), so a search reads the messages one by one and takes longer. Start the trace again.`;
}
