import { sizeOf } from "./envelope-size.ts";
import { OldestFirst } from "./oldest-first.ts";
import type { Envelope } from "./tap/envelope.ts";

interface Written {
  readonly seq: number;
  readonly envelope: Envelope;
  /** Nothing in it had to be masked: it is as it came. */
  readonly isClean: boolean;
}

const mostKept = 4_000;
const mostBytes = 32 * 1024 * 1024;

/**
 * RabbitMQ shows a message when it is published and each time that it is handed out. A delivery is stored as what
 * differs from a message with the same bytes, so that bodies are in a capture once. Which of several equal messages it
 * was does not matter for that.
 */
export class Twins {
  private readonly byContent = new OldestFirst<number, Written>();
  private bytes = 0;

  /** How many are kept. */
  get size(): number {
    return this.byContent.size;
  }

  add(seq: number, envelope: Envelope, isClean: boolean): void {
    if (envelope.origin.broker !== "rabbitmq") return;
    const content = contentOf(envelope);
    this.bytes += sizeOf(envelope);
    this.forget(this.byContent.get(content));
    this.byContent.set(content, { seq, envelope, isClean });
    while (this.byContent.size > mostKept || (this.bytes > mostBytes && this.byContent.size > 1)) {
      this.forget(this.byContent.shift());
    }
  }

  private forget(written: Written | undefined): void {
    if (written !== undefined) this.bytes -= sizeOf(written.envelope);
  }

  /** A message that was written lately with this very body, in which there was nothing to mask. */
  cleanOf(raw: Envelope): Written | undefined {
    const twin = this.of(raw);
    const body = twin?.envelope.body;
    if (twin?.isClean !== true || raw.body === null || body === null || body === undefined) return undefined;
    return Buffer.compare(raw.body, body) === 0 ? twin : undefined;
  }

  /** A message that was written lately with what is probably the same body. */
  of(envelope: Envelope): Written | undefined {
    return this.byContent.get(contentOf(envelope));
  }
}

/** FNV-1a over the body's length and up to 256 bytes at its beginning and its end, where ids and times stand. */
function contentOf({ body }: Envelope): number {
  if (body === null) return 0;
  let hash = 0x811c9dc5 ^ body.length;
  const step = (from: number, to: number) => {
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (body[at] as number), 0x01000193);
  };
  step(0, Math.min(256, body.length));
  step(Math.max(256, body.length - 256), body.length);
  return hash >>> 0;
}
