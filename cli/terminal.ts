/** Colour where somebody looks at it, none where a program reads it. */

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const wrap = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;
const same = (text: string) => text;

const coloured: Style = {
  bold: wrap(1, 22),
  dim: wrap(2, 22),
  red: wrap(31, 39),
  yellow: wrap(33, 39),
  green: wrap(32, 39),
  cyan: wrap(36, 39),
};
const plain: Style = { bold: same, dim: same, red: same, yellow: same, green: same, cyan: same };

export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style {
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return plain;
  if (env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "" && env["FORCE_COLOR"] !== "0") return coloured;
  return stream.isTTY === true && env["TERM"] !== "dumb" ? coloured : plain;
}

/** A text of a contract without what a terminal would take for a command: escapes and other control characters. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\u{fffd}");
}

/** One line on a terminal that says what is going on, for work that takes long; silent elsewhere. */
export class Progress {
  private readonly active = process.stderr.isTTY && process.env["CI"] === undefined;
  private readonly started = performance.now();
  private shown = false;

  /** Shown only when the work has already taken a while, so that a short check does not flicker. */
  say(text: string): void {
    if (!this.active || performance.now() - this.started < 400) return;
    process.stderr.write(`\r\u001b[2K${text}`);
    this.shown = true;
  }

  end(): void {
    if (this.shown) process.stderr.write("\r\u001b[2K");
    this.shown = false;
  }
}
