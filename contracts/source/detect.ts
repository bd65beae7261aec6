/** The kinds of contract that there are. */
export type ContractKind = "proto" | "openapi" | "asyncapi";

/** Only the beginning of a text is looked at for names in it: large files are mostly no contracts. */
const lookedAt = 4_000;

/**
 * What kind of contract a file is, by its name and the beginning of its text; `undefined` for everything else. Works
 * on broken texts too, as it is asked while someone types. Only documents that stand by themselves count: a file
 * that only holds schemas for others is read when it is referred to.
 */
export function detectContract(path: string, text: string): ContractKind | undefined {
  if (/\.proto$/i.test(path)) return "proto";
  if (!/\.(?:ya?ml|json)$/i.test(path)) return undefined;
  const start = text.slice(0, lookedAt);
  const field =
    /(?:^|[\n{,])[ \t]*["']?(openapi|asyncapi)["']?[ \t]*:[ \t]*["']?\d/.exec(start) ?? lateField(path, text);
  if (field !== null && isTopLevel(path, text, field.index)) return field[1] as ContractKind;
  // A file that is named so but says nothing (yet, or any more) is still meant to be one.
  const name = path.split("/").at(-1)?.toLowerCase() ?? "";
  if (/^openapi\.(?:ya?ml|json)$|\.openapi\.(?:ya?ml|json)$/.test(name)) return "openapi";
  if (/^asyncapi\.(?:ya?ml|json)$|\.asyncapi\.(?:ya?ml|json)$/.test(name)) return "asyncapi";
  return undefined;
}

/** Some tools sort keys, so that the field stands behind the whole of `components`. */
function lateField(path: string, text: string): RegExpExecArray | null {
  return /\.json$/i.test(path)
    ? /[\n{,]\s{0,8}"(openapi|asyncapi)"\s{0,4}:\s{0,4}"\d/.exec(text)
    : /\n(openapi|asyncapi)[ \t]*:[ \t]*["']?\d/.exec(text);
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
