/** Messages that were read before the schema came that they name, by its key. Bounded: beyond, all are read again. */
const mostAwaiting = 50_000;

export interface AwaitingMessage {
  readonly seq: number;
  readonly n: number;
}

export class Awaiting {
  private readonly messages = new Map<string, AwaitingMessage[]>();
  private count = 0;
  /** More wait than are noted. */
  private isMore = false;

  note(key: string, message: AwaitingMessage): void {
    if (this.count >= mostAwaiting) {
      this.isMore = true;
      return;
    }
    this.count++;
    const list = this.messages.get(key);
    if (list === undefined) this.messages.set(key, [message]);
    else list.push(message);
  }

  /** Takes out those that wait for these schemas; `undefined` where not all are known. */
  take(keys: readonly string[]): readonly AwaitingMessage[] | undefined {
    const taken = keys.flatMap((key) => this.messages.get(key) ?? []);
    for (const key of keys) this.messages.delete(key);
    this.count -= taken.length;
    if (!this.isMore) return taken;
    this.isMore = false;
    return undefined;
  }
}
