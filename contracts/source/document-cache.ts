import { type ContractDocument, readDocument } from "./document.ts";

/** Two versions of a document are compared again and again while one of them is edited: both are kept. */
const versionsKept = 2;
/** Beyond this many characters in all everything is forgotten; a tree takes about ten times the size of its text. */
const charactersKept = 32 * 1024 * 1024;

const kept = new Map<string, ContractDocument[]>();
let characters = 0;

/**
 * `readDocument`, which remembers: a document is a value that depends on nothing but its path and text, and reading
 * is the most expensive step of a check.
 */
export function readDocumentOnce(path: string, text: string): ContractDocument {
  const versions = kept.get(path) ?? [];
  const known = versions.find((version) => version.text === text);
  if (known !== undefined) {
    // What was used last goes last, so that the version at rest is not pushed out by the one that changes.
    if (versions.at(-1) !== known) versions.push(...versions.splice(versions.indexOf(known), 1));
    return known;
  }
  const document = readDocument(path, text);
  if (characters + text.length > charactersKept) {
    kept.clear();
    characters = 0;
    versions.length = 0;
  }
  if (text.length > charactersKept) return document;
  versions.push(document);
  characters += text.length;
  if (versions.length > versionsKept) characters -= versions.shift()?.text.length ?? 0;
  kept.set(path, versions);
  return document;
}
