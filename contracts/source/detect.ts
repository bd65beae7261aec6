/** The kinds of contract that there are. */
export type ContractKind = "proto" | "openapi" | "asyncapi";

/** Only the beginning of a text is looked at for names in it: large files are mostly no contracts. */
const lookedAt = 4_000;
/** Text that only mentions the names, such as an example in a description, is tried a few times. */
const maxTried = 4;

/**
 * What kind of contract a file is, by its name and the beginning of its text; `undefined` for everything else. Works
 * on broken texts too, as it is asked while someone types. Only documents that stand by themselves count: a file
 * that only holds schemas for others is read when it is referred to.
 */
export function detectContract(path: string, text: string): ContractKind | undefined {
  if (/\.proto$/i.test(path)) return "proto";
  if (!/\.(?:ya?ml|json)$/i.test(path)) return undefined;
  for (const field of fields(path, text)) {
    if (isTopLevel(path, text, field.index)) return field[1] as ContractKind;
  }
  // A file that is named so but says nothing (yet, or any more) is still meant to be one.
  const name = path.split("/").at(-1)?.toLowerCase() ?? "";
  if (/^openapi\.(?:ya?ml|json)$|\.openapi\.(?:ya?ml|json)$/.test(name)) return "openapi";
  if (/^asyncapi\.(?:ya?ml|json)$|\.asyncapi\.(?:ya?ml|json)$/.test(name)) return "asyncapi";
  return undefined;
}

/**
 * The first places where the field may stand: at the beginning of the text mostly, but some tools sort keys, so that it
 * stands behind the whole of `components`.
 */
function fields(path: string, text: string): RegExpExecArray[] {
  const early = text.slice(0, lookedAt).matchAll(/(?:^|[\n{,])[ \t]*["']?(openapi|asyncapi)["']?[ \t]*:[ \t]*["']?\d/g);
  const late = /\.json$/i.test(path)
    ? text.matchAll(/[\n{,]\s{0,8}"(openapi|asyncapi)"\s{0,4}:\s{0,4}"\d/g)
    : text.matchAll(/\n(openapi|asyncapi)[ \t]*:[ \t]*["']?\d/g);
  const found: RegExpExecArray[] = [...early].slice(0, maxTried);
  for (const field of late) {
    if (found.length >= 2 * maxTried) break;
    found.push(field);
  }
  return found;
}

/** In YAML the field stands at the beginning of a line; in JSON before any second brace is open. */
function isTopLevel(path: string, text: string, index: number): boolean {
  const before = text.slice(0, index + 1);
  if (!/\.json$/i.test(path) && !text.trimStart().startsWith("{")) {
    const line = text.slice(index).replace(/^[\n{,]/, "");
    return !/^[ \t]/.test(line);
  }
  let depth = 0;
  for (const char of before.replace(/"(?:[^"\\]|\\.)*"/g, "")) {
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  return depth <= 1;
}
