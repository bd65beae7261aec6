/**
 * The times and hashes of messages. A number that is no small integer would be an object of its own in each record, and
 * there are very many records: here they stand side by side, those of messages that came one after the other on one
 * page. A page goes when the last of its messages goes.
 */
const messagesPerPage = 128;
const figuresPerMessage = 4;

/** Where a message keeps its figures: from `slot` on, as many as `figuresPerMessage`. */
export class Figures {
  page = newPage();
  slot = -figuresPerMessage;

  /** Goes to the next free place. */
  next(): this {
    this.slot += figuresPerMessage;
    if (this.slot < this.page.length) return this;
    this.page = newPage();
    this.slot = 0;
    return this;
  }
}

function newPage(): Float64Array {
  return new Float64Array(messagesPerPage * figuresPerMessage);
}
