/** Which files are worth a look; what kind of contract one is, the engine tells by its text. */

export const isProto = (path: string): boolean => path.endsWith(".proto");
/** Schemas of Avro, which bodies are read by. */
const isAvro = (path: string): boolean => /\.avsc$/i.test(path);
export const isDocument = (path: string): boolean => /\.(ya?ml|json)$/i.test(path);

/** Files of tools, of which repositories hold many and which are never contracts. */
const neverContracts =
  /(^|\/)(package(-lock)?|tsconfig[\w.-]*|composer|angular|nx|lerna|renovate)\.json$|(^|\/)(pnpm-lock|mkdocs|docker-compose|buf[\w.]*)\.ya?ml$/;

export function mayBeContract(path: string): boolean {
  return isProto(path) || isAvro(path) || (isDocument(path) && !neverContracts.test(path));
}

/** Whether a document can be an OpenAPI or AsyncAPI description at all; cheap, asked of every JSON and YAML file. */
export function mentionsApi(path: string, bytes: Buffer): boolean {
  return /(^|[./])(openapi|asyncapi)\.[a-z]+$/i.test(path) || bytes.includes("openapi") || bytes.includes("asyncapi");
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
