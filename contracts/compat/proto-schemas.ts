/**
 * Linked .proto files of contract sets. What was parsed or linked a moment ago is kept: after a keystroke only one text
 * is another, and the old version is the same. Trees and schemas are values, so it shows in time only.
 */
import { linkProto, parseProto, type ProtoFile, type ProtoSchema } from "../proto/index.ts";
import type { ContractSet } from "./request.ts";

/** Sets with more text are checked once as a whole, and are not worth the room. */
const largestKept = 8_000_000;
/** Both versions of a part of a tree, and of the part that was edited before. */
const keptSchemas = 4;
const keptTreeCharacters = 16_000_000;

interface Kept {
  readonly set: ContractSet;
  readonly schema: ProtoSchema;
}

/** Remembers the last sets, and the trees of the last texts. */
export class SchemaCache {
  private readonly bySet = new WeakMap<ContractSet, ProtoSchema>();
  private recent: readonly Kept[] = [];
  private readonly trees = new Map<string, ProtoFile>();
  private treeCharacters = 0;

  of(set: ContractSet): ProtoSchema {
    const known = this.bySet.get(set);
    if (known !== undefined) return known;
    const isSmall = charactersOf(set) <= largestKept;
    const alike = isSmall ? this.recent.find((kept) => isAlike(kept.set, set)) : undefined;
    const schema = alike?.schema ?? this.link(set, isSmall);
    this.bySet.set(set, schema);
    if (isSmall) {
      this.recent = [{ set, schema }, ...this.recent.filter((kept) => kept !== alike)].slice(0, keptSchemas);
    }
    return schema;
  }

  private link(set: ContractSet, isSmall: boolean): ProtoSchema {
    const files: ProtoFile[] = [];
    for (const [path, text] of protoFiles(set)) files.push(isSmall ? this.treeOf(path, text) : parseProto(path, text));
    return linkProto(files, set.protoModules);
  }

  /** The tree of a text; the longest unused go first. Two versions of a file seldom have the same length. */
  private treeOf(path: string, text: string): ProtoFile {
    const key = `${path}\0${text.length}`;
    const known = this.trees.get(key);
    const tree = known?.text === text ? known : parseProto(path, text);
    if (known !== undefined) {
      this.trees.delete(key);
      this.treeCharacters -= known.text.length;
    }
    this.trees.set(key, tree);
    this.treeCharacters += text.length;
    for (const [oldest, { text: old }] of this.trees) {
      if (this.treeCharacters <= keptTreeCharacters) break;
      this.trees.delete(oldest);
      this.treeCharacters -= old.length;
    }
    return tree;
  }
}

const cache = new SchemaCache();

/** The linked .proto files of one version; linked once a set, so that judges and a second check find it ready. */
export function schemaOf(set: ContractSet): ProtoSchema {
  return cache.of(set);
}

/** Whether both sets have the same .proto files in the same modules; texts that are one object compare at once. */
function isAlike(a: ContractSet, b: ContractSet): boolean {
  if (a.protoModules !== b.protoModules && JSON.stringify(a.protoModules) !== JSON.stringify(b.protoModules)) {
    return false;
  }
  let count = 0;
  for (const [path, text] of protoFiles(b)) {
    if (a.files.get(path) !== text) return false;
    count++;
  }
  for (const _ of protoFiles(a)) count--;
  return count === 0;
}

function* protoFiles(set: ContractSet): Generator<readonly [path: string, text: string]> {
  for (const entry of set.files) if (entry[0].endsWith(".proto")) yield entry;
}

function charactersOf(set: ContractSet): number {
  let characters = 0;
  for (const [, text] of protoFiles(set)) characters += text.length;
  return characters;
}
