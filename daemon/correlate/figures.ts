/**
 * Times and hashes of records. A number that is no small integer would be an object of its own in each record, and there
 * are very many records: here they stand side by side, those of records that were made one after the other on one page.
 * A page goes when the last of its records goes.
 */
const recordsPerPage = 128;

export class Figures {
  /** Where the newest record keeps its figures: from `slot` on. */
  page: Float64Array;
  slot: number;
  private readonly perRecord: number;

  constructor(perRecord: number) {
    this.perRecord = perRecord;
    this.page = new Float64Array(recordsPerPage * perRecord);
    this.slot = -perRecord;
  }

  /** Goes to the next free place, where all are 0. */
  next(): this {
    this.slot += this.perRecord;
    if (this.slot < this.page.length) return this;
    this.page = new Float64Array(recordsPerPage * this.perRecord);
    this.slot = 0;
    return this;
  }
}
