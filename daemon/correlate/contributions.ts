/** Most instances of a family show the same: equal contributions are kept once. */
import type { Contribution } from "./families.ts";
import { bounds } from "./limits.ts";

type Word = string | number | boolean;

/** What is known behind one beginning: contributions are told apart word by word, so that no text is made of them. */
class Branch {
  contribution: Contribution | undefined = undefined;
  private next: Map<Word, Branch> | undefined = undefined;

  behind(word: Word): Branch {
    const known = this.next?.get(word);
    if (known) return known;
    const branch = new Branch();
    (this.next ??= new Map()).set(word, branch);
    return branch;
  }
}

export class Contributions {
  private root = new Branch();
  private size = 0;

  /** The one that is equal to this, where there is one. */
  shared(what: Contribution): Contribution {
    // Long ones are hardly ever the same.
    if (what.messages.length > bounds.sharedContribution) return what;
    const branch = this.branchOf(what);
    if (branch.contribution) return branch.contribution;
    // At the bound everything is forgotten: those in use stay with those who use them.
    if (++this.size > bounds.contributions) {
      this.root = new Branch();
      this.size = 0;
    }
    branch.contribution = what;
    return what;
  }

  private branchOf(what: Contribution): Branch {
    let at = this.root.behind(what.family).behind(what.pause);
    at = at.behind(what.failed).behind(what.saga).behind(what.over).behind(what.messages.length);
    for (const { type, effects } of what.messages) {
      at = at.behind(type).behind(effects.length);
      for (const { name, delay } of effects) at = at.behind(name).behind(delay);
    }
    for (const { name, undone } of what.steps) at = at.behind(name).behind(undone);
    return at;
  }
}
