import type { ContractSet } from "../compat/request.ts";

/** Two 32-bit FNV-1a hashes over all paths and texts: equal texts, equal revision. */
export function revisionOf(set: ContractSet): string {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  const add = (text: string) => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second ^ (code + i), 0x5bd1e995);
    }
    first = Math.imul(first ^ 0xffff, 0x01000193);
  };
  for (const [path, text] of [...set.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(path);
    add(text);
  }
  return (first >>> 0).toString(16).padStart(8, "0") + (second >>> 0).toString(16).padStart(8, "0");
}
