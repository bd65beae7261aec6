/** What can be wrong with a capture file, in the words that users see. */
export class CaptureError extends Error {
  readonly code: "capture-newer" | "capture-unreadable" | "capture-missing";

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
  const { errcode } = cause as { readonly errcode?: number };
  // SQLITE_CORRUPT, of which there are kinds, and SQLITE_NOTADB.
  return errcode !== undefined && ((errcode & 0xff) === 11 || errcode === 26)
    ? captureIsUnreadable(name, cause)
    : cause;
}

export function captureIsMissing(name: string): CaptureError {
  return new CaptureError("capture-missing", `There is no capture file "${name}". Check its path.`);
}

/** The capture file failed while tracing; it goes on in memory. */
export function captureFailed(cause: unknown): string {
  const isFull = (cause as { errcode?: number }).errcode === 13;
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
