/**
 * The row of the conversation list that keys act on. It is a conversation, not a place: it moves along when rows come
 * above it. A conversation can stand in both groups at once, so the cursor also knows in which.
 */
import type { ConversationRow } from "../../daemon/serve/protocol.ts";

export class ListCursor {
  group: "look" | "new" = "look";
  /** Its place among all rows, pinned ones first; kept while the row itself is not loaded. */
  index: number | undefined;
  #look: readonly ConversationRow[] = [];
  #first = 0;
  #rows: readonly ConversationRow[] = [];
  #awaited = false;

  /** Finds the cursor again after the list changed. Returns the conversation of an awaited place, once it is loaded. */
  update(
    look: readonly ConversationRow[],
    first: number,
    rows: readonly ConversationRow[],
    id: string | undefined,
  ): string | undefined {
    this.#look = look;
    this.#first = first;
    this.#rows = rows;
    if (this.#awaited) {
      const found = this.index === undefined ? undefined : this.#at(this.index);
      if (!found) return undefined;
      this.#awaited = false;
      return found.id;
    }
    if (id !== undefined) this.#find(id);
    else this.index = undefined;
    return undefined;
  }

  #find(id: string): void {
    const [look, rows, first] = [this.#look, this.#rows, this.#first];
    const pinned = look.findIndex((row) => row.id === id);
    const listed = rows.findIndex((row) => row.id === id);
    const inNew = listed < 0 ? undefined : look.length + first + listed;
    if (this.group === "look" && pinned >= 0) this.index = pinned;
    else if (inNew !== undefined) {
      this.group = "new";
      this.index = inNew;
    } else if (pinned >= 0) {
      this.group = "look";
      this.index = pinned;
    } else if (this.group === "look") this.index = undefined;
  }

  /** Goes to a place; the id of the row there, when it is loaded. */
  moveTo(index: number): string | undefined {
    this.index = index;
    this.group = index < this.#look.length ? "look" : "new";
    const found = this.#at(index);
    this.#awaited = found === undefined;
    return found?.id;
  }

  /** The nearest loaded row with a problem, after or before the cursor. */
  problem(step: 1 | -1): number | undefined {
    const low = 0;
    const high = this.#look.length + this.#first + this.#rows.length;
    for (let index = (this.index ?? -1) + step; index >= low && index < high; index += step) {
      const row = this.#at(index);
      if (row && row.errors + row.warnings > 0) return index;
    }
    return undefined;
  }

  #at(index: number): ConversationRow | undefined {
    if (index < this.#look.length) return this.#look[index];
    return this.#rows[index - this.#look.length - this.#first];
  }
}
