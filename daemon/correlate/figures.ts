/**
 * Times and hashes of records. A number that is no small integer would be an object of its own in each record, and there
 * are very many records: here they stand side by side, those of records that were made one after the other on one page.
 * A page goes when the last of its records goes.
 */
const recordsPerPage = 128;

export class Figures {
  /** Where the newest record keeps its figures: from `slot` on. */
  page: number[];
  slot: number;
  private readonly perRecord: number;
  private readonly emptyPage: readonly number[];

  constructor(perRecord: number) {
    this.perRecord = perRecord;
    // A list that holds fractions from the beginning keeps its numbers side by side, and whole ones that come later too.
    this.emptyPage = Array.from({ length: recordsPerPage * perRecord }, () => Number.NaN).fill(0);
    this.page = this.emptyPage.slice();
    this.slot = -perRecord;
  }

  /** Goes to the next free place, where all are 0. */
  next(): this {
    this.slot += this.perRecord;
    if (this.slot < this.page.length) return this;
    this.page = this.emptyPage.slice();
    this.slot = 0;
    return this;
  }
}
