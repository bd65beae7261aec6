import { readDocumentOnce } from "./document-cache.ts";
import { type ContractDocument, nodeAt } from "./document.ts";
import { type DocumentNode, stringAt } from "./document-node.ts";

/** Where a `$ref` leads: a node in a document. */
export interface ResolvedNode {
  readonly path: string;
  readonly pointer: string;
  readonly node: DocumentNode;
}

/** What a reference could not be resolved for, in words that follow "…". */
export interface UnresolvedReference {
  readonly failure: string;
}

/** A chain of references longer than this is a cycle for every purpose. */
const maxReferenceChain = 32;

/** The documents of one version of all contracts, read when asked for, and the references between them. */
export class DocumentSet {
  private readonly files: ReadonlyMap<string, string>;
  private readonly documents = new Map<string, ContractDocument>();
  private readonly anchors = new Map<string, ReadonlyMap<string, DocumentNode>>();

  constructor(files: ReadonlyMap<string, string>) {
    this.files = files;
  }

  /** The document at `path`; `undefined` when there is no such file. */
  document(path: string): ContractDocument | undefined {
    const known = this.documents.get(path);
    if (known !== undefined) return known;
    const text = this.files.get(path);
    if (text === undefined) return undefined;
    const document = readDocumentOnce(path, text);
    this.documents.set(path, document);
    return document;
  }

  /** The documents that were read so far. */
  get readDocuments(): Iterable<ContractDocument> {
    return this.documents.values();
  }

  /** What `reference`, written in the file `from`, leads to. Files are looked up relative to `from`. */
  resolve(from: string, reference: string): ResolvedNode | UnresolvedReference {
    const hash = reference.indexOf("#");
    const file = hash < 0 ? reference : reference.slice(0, hash);
    const fragment = decoded(hash < 0 ? "" : reference.slice(hash + 1));
    if (/^[a-z][a-z0-9+.-]+:/i.test(file)) return { failure: "it lies outside of these files, and nothing is fetched" };
    const path = file === "" ? from : joinPath(from, decoded(file));
    if (path === undefined) return { failure: "it leads out of the checked folder" };
    const document = this.document(path);
    if (document === undefined) return { failure: `there is no file "${path}"` };
    if (document.root === undefined) return { failure: `"${path}" cannot be read` };
    const node =
      fragment === "" || fragment.startsWith("/")
        ? nodeAt(document.root, fragment)
        : this.anchorsOf(document).get(fragment);
    if (node === undefined) return { failure: `"${path}" has nothing at "#${fragment}"` };
    return { path, pointer: fragment, node };
  }

  /**
   * `node`, or what it refers to when it is a reference object; follows chains. The references of a document's
   * structure (a message, a parameter) are meant; schemas resolve theirs where they are compiled.
   */
  follow(path: string, node: DocumentNode | undefined): ResolvedNode | undefined {
    let current: ResolvedNode | undefined = node === undefined ? undefined : { path, pointer: "", node };
    for (let i = 0; i < maxReferenceChain && current !== undefined; i++) {
      const reference = stringAt(current.node, "$ref");
      if (reference === undefined) return current;
      const target = this.resolve(current.path, reference);
      current = "failure" in target ? undefined : target;
    }
    return undefined;
  }

  private anchorsOf(document: ContractDocument): ReadonlyMap<string, DocumentNode> {
    const known = this.anchors.get(document.path);
    if (known !== undefined) return known;
    const found = new Map<string, DocumentNode>();
    const seen = new Set<DocumentNode>();
    const collect = (node: DocumentNode): void => {
      if (node.kind === "scalar" || seen.has(node)) return;
      seen.add(node);
      if (node.kind === "sequence") {
        node.items.forEach(collect);
        return;
      }
      for (const key of ["$anchor", "$dynamicAnchor"]) {
        const name = stringAt(node, key);
        if (name !== undefined && !found.has(name)) found.set(name, node);
      }
      for (const key of ["$id", "id"]) {
        const name = stringAt(node, key);
        if (name?.startsWith("#") === true && name.length > 1) found.set(name.slice(1), node);
      }
      for (const entry of node.entries) {
        if (!["const", "enum", "default", "example", "examples"].includes(entry.key)) collect(entry.value);
      }
    };
    if (document.root !== undefined) collect(document.root);
    this.anchors.set(document.path, found);
    return found;
  }
}

/** `reference` relative to the folder of `from`; `undefined` when it climbs out of the root. */
export function joinPath(from: string, reference: string): string | undefined {
  const parts = reference.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const part of reference.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
