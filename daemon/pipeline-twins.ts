import { sizeOf } from "./envelope-size.ts";
import type { Envelope } from "./tap/envelope.ts";

interface Written {
  readonly seq: number;
  readonly envelope: Envelope;
  /** Nothing in it had to be masked: it is as it came. */
  readonly isClean: boolean;
  /** Of its body; and how many came before it. */
  readonly content: number;
  readonly number: number;
  readonly bytes: number;
}

/** A power of two. */
const mostKept = 4_096;
/** More than these are kept for so long only: a consumer that keeps up is given a message at once. */
const alwaysKept = 500;
const keptMs = 200;
const mostBytes = 32 * 1024 * 1024;

/**
 * RabbitMQ shows a message when it is published and each time that it is handed out. A delivery is stored as what
 * differs from a message with the same bytes, so that bodies are in a capture once. Which of several equal messages it
 * was does not matter for that; nor that one is missed now and then, since a delivery can be stored whole as well.
 *
 * They stand in two lists of fixed length and not in a Map: see recent messages (pipeline-recent.ts).
 */
export class Twins {
  /** By their number, and by content where no newer one is in its place. */
  private readonly inOrder: Array<Written | undefined> = Array.from({ length: mostKept });
  private readonly byContent: Array<Written | undefined> = Array.from({ length: mostKept });
  private oldest = 0;
  private next = 0;
  private bytes = 0;
  /** How many are kept. */
  size = 0;

  add(seq: number, envelope: Envelope, isClean: boolean): void {
    if (envelope.origin.broker !== "rabbitmq") return;
    const content = contentOf(envelope);
    this.forget(this.byContent[content % mostKept]);
    const written = { seq, envelope, isClean, content, number: this.next++, bytes: sizeOf(envelope) };
    this.forget(this.inOrder[written.number % mostKept]);
    this.inOrder[written.number % mostKept] = written;
    this.byContent[content % mostKept] = written;
    this.size++;
    this.bytes += written.bytes;
    this.forgetOld(envelope.receivedAt - keptMs);
  }

  private forgetOld(before: number): void {
    while (this.oldest < this.next - 1) {
      const written = this.inOrder[this.oldest % mostKept];
      const isOld = written !== undefined && this.size > alwaysKept && written.envelope.receivedAt < before;
      if (written?.number === this.oldest && !isOld && this.bytes <= mostBytes) return;
      if (written?.number === this.oldest) this.forget(written);
      this.oldest++;
    }
  }

  private forget(written: Written | undefined): void {
    if (written === undefined) return;
    this.inOrder[written.number % mostKept] = undefined;
    if (this.byContent[written.content % mostKept] === written) this.byContent[written.content % mostKept] = undefined;
    this.size--;
    this.bytes -= written.bytes;
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
    const content = contentOf(envelope);
    const written = this.byContent[content % mostKept];
    return written?.content === content ? written : undefined;
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
