/**
 * Which earlier version to compare with. Unless told otherwise: the merge-base of HEAD with the default branch, so
 * that a branch is judged by all it changed and by nothing that others changed meanwhile; else HEAD.
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { isArchive } from "./archive-names.ts";
import { git, gitTimeoutMs, type GitResult } from "./git.ts";
import * as notes from "./notes.ts";
import type { Note } from "./notes.ts";

export type Baseline =
  | {
      readonly kind: "git";
      /** The full id of the commit. */
      readonly commit: string;
      /** How to name it to a user: `main (merge-base 1a2b3c4)`, `v1.2 (1a2b3c4)`. */
      readonly label: string;
    }
  | { readonly kind: "folder"; readonly path: string; readonly label: string }
  | { readonly kind: "archive"; readonly path: string; readonly label: string }
  | { readonly kind: "file"; readonly path: string; readonly label: string }
  /** There is nothing to compare with; every contract counts as new. */
  | { readonly kind: "none"; readonly label: string };

export interface ResolvedBaseline {
  readonly baseline: Baseline;
  readonly notes: readonly Note[];
}

const nothing: Baseline = { kind: "none", label: "nothing" };

/** Finds what `against` (`git:REF`, a folder, an archive, a file, or nothing for the default) means for the folder `root`. */
export async function resolveBaseline(root: string, against?: string): Promise<ResolvedBaseline> {
  if (against === undefined) return defaultBaseline(root);
  if (against.startsWith("git:")) return namedCommit(root, against.slice("git:".length));
  const path = resolve(root, against);
  try {
    const found = await stat(path);
    const kind = found.isDirectory() ? "folder" : isArchive(path) ? "archive" : "file";
    return { baseline: { kind, path, label: against }, notes: [] };
  } catch {
    return { baseline: nothing, notes: [notes.noSuchBaseline(against)] };
  }
}

/** The tags whose names match `pattern` (git's own globs), oldest first: what transitive levels compare with. */
export async function tagsMatching(root: string, pattern: string): Promise<string[]> {
  const listed = await git(root, ["tag", "--list", "--sort=creatordate", "--merged", "HEAD", pattern]);
  return listed.ok ? listed.stdout.split("\n").filter((tag) => tag !== "") : [];
}

async function namedCommit(root: string, ref: string): Promise<ResolvedBaseline> {
  if (ref === "" || ref.startsWith("-")) return { baseline: nothing, notes: [notes.noSuchRef(ref)] };
  const found = await git(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
  const commit = lastLine(found.stdout);
  if (found.ok && commit !== "") return { baseline: commitBaseline(commit, ref), notes: [] };
  return { baseline: nothing, notes: [noteFor(found, root, `read "${ref}"`, notes.noSuchRef(ref))] };
}

async function defaultBaseline(root: string): Promise<ResolvedBaseline> {
  const branches = ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"].concat([
    "refs/heads/main",
    "refs/heads/master",
  ]);
  const [head, shallow, refs] = await Promise.all([
    git(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]),
    git(root, ["rev-parse", "--is-shallow-repository"]),
    git(root, ["for-each-ref", "--format=%(refname) %(symref)", ...branches]),
  ]);
  if (!shallow.ok) return { baseline: nothing, notes: [noteFor(shallow, root, "read the repository")] };
  const headCommit = lastLine(head.stdout);
  if (!head.ok || headCommit === "") return { baseline: nothing, notes: [notes.noCommits()] };

  const known = new Map(refs.stdout.split("\n").map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""]));
  const branch = branches.find((name) => known.has(name));
  if (branch === undefined) return { baseline: commitBaseline(headCommit, "HEAD"), notes: [] };
  const name = (known.get(branch) || branch).replace(/^refs\/(remotes|heads)\//, "");
  const base = await git(root, ["merge-base", "HEAD", branch]);
  const commit = lastLine(base.stdout);
  if (base.ok && commit !== "") {
    const label = commit === headCommit ? `HEAD (${commit.slice(0, 7)})` : `${name} (merge-base ${commit.slice(0, 7)})`;
    return { baseline: { kind: "git", commit, label }, notes: [] };
  }
  const fallback = shallow.stdout.trim() === "true" ? notes.shallowClone(name) : notes.noCommonAncestor(name);
  return { baseline: commitBaseline(headCommit, "HEAD"), notes: [fallback] };
}

function commitBaseline(commit: string, ref: string): Baseline {
  const short = commit.slice(0, 7);
  return { kind: "git", commit, label: commit.startsWith(ref) ? short : `${ref} (${short})` };
}

/** The sentence for a failed call of git; `otherwise` where git worked and only the answer was no. */
export function noteFor(result: GitResult, root: string, what: string, otherwise?: Note): Note {
  switch (result.failure) {
    case "missing":
      return notes.gitIsMissing();
    case "not-a-repository":
      return notes.notARepository(root);
    case "dubious-ownership":
      return notes.ownedBySomebodyElse(root);
    case "timeout":
      return notes.gitTimedOut(what, gitTimeoutMs / 1000);
    default:
      return otherwise ?? notes.gitFailed(what, result.stderr.split("\n")[0] ?? "it gave no reason");
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
