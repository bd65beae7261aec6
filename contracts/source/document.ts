import { type DocumentNode, type MappingEntry } from "./document-node.ts";
import type { Problem } from "./problem.ts";
import { readJson } from "./read-json.ts";
import { readYaml } from "./read-yaml.ts";
import { type Place, emptySpan } from "./span.ts";

/** A YAML or JSON file, read: as much of a tree as could be made of it, and what is wrong with it. */
export interface ContractDocument {
  readonly path: string;
  readonly text: string;
  /** Absent when nothing at all could be read. */
  readonly root: DocumentNode | undefined;
  readonly problems: readonly Problem[];
}

/** Reads a `.json` or `.avsc` file as JSON and any other as YAML, of which JSON is a part. Never throws. */
export function readDocument(path: string, text: string): ContractDocument {
  const garbage = notText(path, text);
  if (garbage !== undefined) return { path, text, root: undefined, problems: [garbage] };
  const { root, problems } = /\.(?:json|avsc)$/i.test(path) ? readJson(path, text) : readYaml(path, text);
  return { path, text, root, problems };
}

/** The problem to show for a file that holds no text, `undefined` for text. */
export function notText(path: string, text: string): Problem | undefined {
  let strange = 0;
  const looked = Math.min(text.length, 4096);
  for (let i = 0; i < looked; i++) {
    const code = text.charCodeAt(i);
    if (code === 0) strange += looked;
    else if (code === 0xfffd || (code < 0x20 && code !== 9 && code !== 10 && code !== 13 && code !== 12)) strange++;
  }
  if (looked === 0 || strange / looked <= 0.05) return undefined;
  return {
    code: "not-text",
    severity: "error",
    path,
    span: emptySpan(0),
    message: `"${path}" is not text. Restore the contract that should stand here, or rename the file.`,
  };
}

/** The node that a JSON pointer (`/components/schemas/Order`, empty for the root) leads to. */
export function nodeAt(root: DocumentNode | undefined, pointer: string): DocumentNode | undefined {
  let node = root;
  for (const token of pointerTokens(pointer)) {
    if (node?.kind === "mapping") node = node.get(token);
    else if (node?.kind === "sequence" && /^\d+$/.test(token)) node = node.items[Number(token)];
    else return undefined;
  }
  return node;
}

/** The entry that a JSON pointer leads to, when its last step is a key. */
export function entryAt(root: DocumentNode | undefined, pointer: string): MappingEntry | undefined {
  const cut = pointer.lastIndexOf("/");
  if (cut < 0) return undefined;
  const parent = nodeAt(root, pointer.slice(0, cut));
  return parent?.kind === "mapping" ? parent.entry(pointerTokens(pointer.slice(cut))[0] ?? "") : undefined;
}

/** The unescaped steps of a JSON pointer. */
export function pointerTokens(pointer: string): readonly string[] {
  if (pointer === "" || pointer === "/") return pointer === "" ? [] : [""];
  return pointer
    .replace(/^\//, "")
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function placeOf(path: string, node: DocumentNode): Place {
  return { path, span: node.span };
}

/** The place of an entry's key: the best line to point at for anything that has a name. */
export function keyPlace(path: string, entry: MappingEntry): Place {
  return { path, span: entry.keySpan };
}
