/**
 * The places where ids stand: header names and body paths, each read once. A tree, so that reading a body costs one
 * look-up a field and makes no text.
 */
import { bodyMeaning, headerMeaning, type HeaderMeaning } from "./headers.ts";
import type { Slot } from "./node.ts";
import { fieldName } from "./words.ts";

export class Place {
  readonly slot: Slot;
  /** What its name means by itself, when it means something. */
  readonly meaning: HeaderMeaning | undefined;
  readonly depth: number;
  private readonly path: readonly string[];
  private children: Map<string, Place> | undefined;

  constructor(slot: Slot, meaning: HeaderMeaning | undefined, path: readonly string[]) {
    this.slot = slot;
    this.meaning = meaning;
    this.path = path;
    this.depth = path.length;
  }

  /** The field `name` below this one; `undefined` when there are too many places already. */
  child(name: string, places: Places): Place | undefined {
    const known = this.children?.get(name);
    if (known) return known;
    if (!places.admit()) return undefined;
    const path = [...this.path, name];
    const child = new Place(
      { where: `body ${path.join(".")}`, ...fieldName(path), ways: [] },
      path.length <= 2 ? bodyMeaning(name) : undefined,
      path,
    );
    (this.children ??= new Map()).set(name, child);
    return child;
  }
}

export class Places {
  readonly body = new Place(
    { where: "body", stem: "", field: "", named: false, thing: false, ways: [] },
    undefined,
    [],
  );
  readonly key: Slot = { where: "key", stem: "key", field: "key", named: true, thing: false, ways: [] };
  readonly messageId = named("property message_id");
  readonly correlationId = named("property correlation_id");
  private readonly headers = new Map<string, Place>();
  private readonly most: number;
  private size = 0;
  /** How often a new place was not remembered because there were too many. */
  refused = 0;

  constructor(most: number) {
    this.most = most;
  }

  header(name: string): Place | undefined {
    const known = this.headers.get(name);
    if (known) return known;
    if (!this.admit()) return undefined;
    const place = new Place({ where: `header ${name}`, ...fieldName([name]), ways: [] }, headerMeaning(name), [name]);
    this.headers.set(name, place);
    return place;
  }

  /** Whether one more may be remembered. */
  admit(): boolean {
    if (this.size >= this.most) {
      this.refused++;
      return false;
    }
    this.size++;
    return true;
  }
}

function named(where: string): Slot {
  return { where, ...fieldName([where.slice(where.indexOf(" ") + 1)]), ways: [] };
}
