/**
 * Schemas from a registry over HTTP: Confluent's API, and Apicurio's own for ids that only it knows.
 *
 *     GET /schemas/ids/{id}                        {"schema": "...", "schemaType": "AVRO", "references": [...]}
 *     GET /schemas/guids/{guid}                    the same
 *     GET /subjects/{subject}/versions/{version}   what a reference leads to
 *     GET /apis/registry/v3/ids/globalIds/{id}     Apicurio: the schema itself; v2 before version 3
 *
 * A registry is somebody else's program: what it sends is bounded in size, number and time, and it leads to no other host.
 */
import type { RegisteredSchema } from "../contracts/codec/index.ts";
import { FailedFetch, registrySentence } from "./registry-failures.ts";

export interface RegistryAddress {
  /** Without credentials and without a slash at its end. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

const patienceMs = 5_000;
const largestAnswer = 4 * 1024 * 1024;
/** All texts of one schema with its references. */
const largestSchema = 16 * 1024 * 1024;
const mostReferences = 500;
const deepestReference = 20;
const mostRedirects = 3;

/** Fetches the schema of a key with all that it refers to. Rejects with a FailedFetch that says why not. */
export async function fetchSchema(
  registry: RegistryAddress,
  key: string,
  signal: AbortSignal,
): Promise<RegisteredSchema> {
  const [kind = "", id = ""] = key.split(":");
  if (kind === "global" || kind === "content") {
    const apicurio = apicurioBase(registry.url);
    if (apicurio !== undefined) return fetchApicurio(registry, apicurio, kind, id, signal);
  }
  const path = kind === "guid" ? `/schemas/guids/${id}` : `/schemas/ids/${id === "" ? kind : id}`;
  const answer = await getJson(registry, registry.url + path, signal);
  const schema = schemaIn(registry, answer);
  const references = new Map<string, string>();
  await followReferences(
    registry,
    answer["references"],
    references,
    0,
    { left: largestSchema - schema.text.length },
    signal,
  );
  return { ...schema, references: [...references].map(([name, text]) => ({ name, text })) };
}

type Answer = Readonly<Record<string, unknown>>;

function schemaIn(registry: RegistryAddress, answer: Answer): { type: RegisteredSchema["type"]; text: string } {
  const { schema, schemaType = "AVRO" } = answer;
  if (typeof schema !== "string") throw new FailedFetch(registrySentence.strange(registry.url), false);
  if (schemaType !== "AVRO" && schemaType !== "PROTOBUF" && schemaType !== "JSON") {
    throw new FailedFetch(registrySentence.unknownType(String(schemaType).slice(0, 40)), false);
  }
  return { type: schemaType, text: schema };
}

/** References by subject and version, and theirs, each name once. */
async function followReferences(
  registry: RegistryAddress,
  references: unknown,
  found: Map<string, string>,
  depth: number,
  budget: { left: number },
  signal: AbortSignal,
): Promise<void> {
  if (!Array.isArray(references)) return;
  if (depth > deepestReference) throw new FailedFetch(registrySentence.tooLarge(registry.url), false);
  for (const reference of references as readonly unknown[]) {
    if (typeof reference !== "object" || reference === null) continue;
    const { name, subject, version } = reference as Answer;
    if (typeof name !== "string" || typeof subject !== "string" || typeof version !== "number" || found.has(name))
      continue;
    if (found.size >= mostReferences) throw new FailedFetch(registrySentence.tooLarge(registry.url), false);
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const answer = await getJson(registry, registry.url + path, signal);
    const { text } = schemaIn(registry, answer);
    if ((budget.left -= text.length) < 0) throw new FailedFetch(registrySentence.tooLarge(registry.url), false);
    found.set(name, text);
    await followReferences(registry, answer["references"], found, depth + 1, budget, signal);
  }
}

/** Where Apicurio's own API is, from the address of its API in Confluent's form. */
function apicurioBase(url: string): string | undefined {
  const at = url.search(/\/apis\/(?:ccompat|registry)(?:\/|$)/);
  return at < 0 ? undefined : url.slice(0, at);
}

async function fetchApicurio(
  registry: RegistryAddress,
  base: string,
  kind: "global" | "content",
  id: string,
  signal: AbortSignal,
): Promise<RegisteredSchema> {
  const resource = `ids/${kind}Ids/${id}`;
  // What a schema refers to, Apicurio puts into it when asked.
  const addresses = [
    `${base}/apis/registry/v3/${resource}?references=DEREFERENCE`,
    `${base}/apis/registry/v2/${resource}?dereference=true`,
  ];
  let failure: unknown;
  for (const address of addresses) {
    try {
      const { text, headers } = await get(registry, address, signal);
      return { type: typeOf(headers.get("x-registry-artifacttype"), text), text, references: [] };
    } catch (cause) {
      failure ??= cause;
      if (!(cause instanceof FailedFetch) || cause.status !== 404) throw cause;
    }
  }
  throw failure;
}

function typeOf(told: string | null, text: string): RegisteredSchema["type"] {
  if (told === "AVRO" || told === "PROTOBUF" || told === "JSON") return told;
  if (!/^\s*[[{"]/.test(text)) return "PROTOBUF";
  return /"type"\s*:\s*"(?:record|enum|fixed|array|map)"/.test(text) &&
    /"fields"|"symbols"|"size"|"items"|"values"/.test(text)
    ? /"properties"|"\$schema"/.test(text)
      ? "JSON"
      : "AVRO"
    : "JSON";
}

async function getJson(registry: RegistryAddress, address: string, signal: AbortSignal): Promise<Answer> {
  const { text } = await get(registry, address, signal);
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Answer;
  } catch {
    // It is no JSON.
  }
  throw new FailedFetch(registrySentence.strange(registry.url), false);
}

async function get(
  registry: RegistryAddress,
  address: string,
  signal: AbortSignal,
  redirects = 0,
): Promise<{ text: string; headers: Headers }> {
  const timeout = AbortSignal.timeout(patienceMs);
  let response: Response;
  try {
    response = await fetch(address, {
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
      headers: {
        accept: "application/vnd.schemaregistry.v1+json, application/json, */*;q=0.5",
        ...authorization(registry),
      },
    });
    const { status, headers } = response;
    const location = headers.get("location");
    if (status >= 300 && status < 400 && location !== null) {
      void response.body?.cancel();
      const next = URL.canParse(location, address) ? new URL(location, address) : undefined;
      if (next === undefined || next.origin !== new URL(address).origin || redirects >= mostRedirects) {
        throw new FailedFetch(registrySentence.redirected(registry.url, next?.host ?? location.slice(0, 100)), false);
      }
      return await get(registry, next.href, signal, redirects + 1);
    }
    if (status !== 200) {
      void response.body?.cancel();
      throw new FailedFetch(registrySentence.status(registry.url, status), status >= 500 || status === 429, status);
    }
    return { text: await textOf(registry, response), headers };
  } catch (cause) {
    if (cause instanceof FailedFetch) throw cause;
    const why = timeout.aborted ? `no answer within ${patienceMs / 1000} s` : reasonOf(cause);
    throw new FailedFetch(registrySentence.unreachable(registry.url, why), true);
  }
}

function authorization({ username, password }: RegistryAddress): Record<string, string> {
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}` };
}

async function textOf(registry: RegistryAddress, response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > largestAnswer) {
      throw new FailedFetch(registrySentence.tooLarge(registry.url), false);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (inner as { code?: unknown }).code;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its host is not known to this machine";
  if (code === "ECONNRESET" || code === "UND_ERR_SOCKET") return "it closed the connection";
  return inner instanceof Error ? inner.message : "the connection failed";
}
