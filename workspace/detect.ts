/** What kind of contract a text is. Protobuf is known by its extension; documents by what they say of themselves. */
import type { Format } from "../contracts/compat/index.ts";

export const isProto = (path: string): boolean => path.endsWith(".proto");
export const isDocument = (path: string): boolean => /\.(ya?ml|json)$/i.test(path);

/** Files of tools, of which repositories hold many and which are never contracts. */
const neverContracts =
  /(^|\/)(package(-lock)?|tsconfig[\w.-]*|composer|angular|nx|lerna|renovate)\.json$|(^|\/)(pnpm-lock|mkdocs|docker-compose|buf[\w.]*)\.ya?ml$/;

export function mayBeContract(path: string): boolean {
  return isProto(path) || (isDocument(path) && !neverContracts.test(path));
}

/** Whether bytes of a document can hold an OpenAPI or AsyncAPI description at all; cheap, asked of every JSON and YAML file. */
export function mentionsApi(bytes: Buffer): boolean {
  return bytes.includes("openapi") || bytes.includes("asyncapi") || bytes.includes("swagger");
}

/** OpenAPI or AsyncAPI, by the version key at the top of the document. */
export function detectDocument(text: string): Format | undefined {
  const json = /^\s*[{[]/.test(text);
  const key = json
    ? /"(openapi|swagger|asyncapi)"\s*:\s*"\d/.exec(text)
    : /^["']?(openapi|swagger|asyncapi)["']?\s*:\s*["']?\d/m.exec(text);
  if (key === null) return undefined;
  return key[1] === "asyncapi" ? "asyncapi" : "openapi";
}

const reference = /["']?\$ref["']?\s*:\s*(?:"([^"#]+)|'([^'#]+)|([^\s"'#{},]+))/g;

/** The files that a document refers to, as written; addresses of the network are left out. */
export function referencesIn(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(reference)) {
    const path = match[1] ?? match[2] ?? match[3] ?? "";
    if (path !== "" && !/^[a-z][a-z0-9+.-]+:/i.test(path) && !path.startsWith("/")) found.add(path.trim());
  }
  return [...found];
}
