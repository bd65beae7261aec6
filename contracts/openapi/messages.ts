import type { OpenAPIV3 } from "openapi-types";
import type { DataMessage, Dialect, Side } from "../json-schema/index.ts";
import { dialectOfUri } from "../json-schema/index.ts";
import {
  type DocumentNode,
  type DocumentSet,
  type MappingNode,
  type Place,
  keyPlace,
  mappingAt,
  plainValue,
  stringAt,
} from "../source/index.ts";

export type HttpMethod = `${OpenAPIV3.HttpMethods}` | "query";

const methods: readonly HttpMethod[] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/** Callbacks may hold callbacks; no real contract goes deeper than one or two. */
const maxCallbackDepth = 4;

/** Where a path item stands: under `paths`, as a webhook, or in a callback of an operation. */
interface Surroundings {
  /** `GET ` and so on are put before this. */
  readonly label: string;
  readonly key: string;
  /** Whether the provider calls its clients here: then it writes the request and reads the response. */
  readonly reversed: boolean;
  readonly depth: number;
}

/**
 * The messages of an OpenAPI 3 document: request and response bodies with who writes them. A client writes requests
 * and the provider, whom the document describes, reads them; webhooks and callbacks are the other way round.
 */
export function openapiMessages(documents: DocumentSet, path: string): DataMessage[] {
  const root = documents.document(path)?.root;
  const version = stringAt(root, "openapi") ?? "";
  const reader = new MessageReader(documents, openapiDialect(root, version));
  for (const entry of mappingAt(root, "paths")?.entries ?? []) {
    const surroundings = { label: entry.key, key: normalizedPath(entry.key), reversed: false, depth: 0 };
    reader.pathItem(path, entry.value, surroundings);
  }
  for (const entry of mappingAt(root, "webhooks")?.entries ?? []) {
    const surroundings = { label: `webhook ${entry.key}`, key: `webhook ${entry.key}`, reversed: true, depth: 0 };
    reader.pathItem(path, entry.value, surroundings);
  }
  return reader.messages;
}

/** The dialect of the schemas in a document of this version. */
export function openapiDialect(root: DocumentNode | undefined, version: string): Dialect {
  if (version.startsWith("3.0")) return "openapi-3.0";
  const declared = stringAt(root, "jsonSchemaDialect");
  return (declared === undefined ? undefined : dialectOfUri(declared)) ?? "2020-12";
}

class MessageReader {
  readonly messages: DataMessage[] = [];
  private readonly documents: DocumentSet;
  private readonly dialect: Dialect;

  constructor(documents: DocumentSet, dialect: Dialect) {
    this.documents = documents;
    this.dialect = dialect;
  }

  pathItem(path: string, node: DocumentNode, around: Surroundings): void {
    const item = this.documents.follow(path, node);
    if (item?.node.kind !== "mapping") return;
    for (const entry of item.node.entries) {
      const method = methods.find((name) => name === entry.key);
      if (method === undefined || entry.value.kind !== "mapping") continue;
      const place = keyPlace(item.path, entry);
      this.operation(item.path, entry.value, method.toUpperCase(), place, around);
    }
  }

  private operation(path: string, node: MappingNode, method: string, place: Place, around: Surroundings): void {
    const label = `${method} ${around.label}`;
    const key = `${method} ${around.key}`;
    const request = this.documents.follow(path, node.get("requestBody"));
    if (request !== undefined) {
      this.content(request.path, request.node, place, {
        label,
        key: `${key} request`,
        subject: `the request body of ${label}`,
        ownerWrites: around.reversed,
        side: "request",
      });
    }
    for (const entry of mappingAt(node, "responses")?.entries ?? []) {
      const response = this.documents.follow(path, entry.value);
      if (response === undefined) continue;
      const status = entry.key.toUpperCase() === "DEFAULT" ? "default" : entry.key.toUpperCase();
      this.content(response.path, response.node, keyPlace(path, entry), {
        label: `${label} ${status}`,
        key: `${key} ${status}`,
        subject: `the ${status} response of ${label}`,
        ownerWrites: !around.reversed,
        side: "response",
      });
    }
    if (around.depth >= maxCallbackDepth) return;
    for (const entry of mappingAt(node, "callbacks")?.entries ?? []) {
      const callback = this.documents.follow(path, entry.value);
      if (callback?.node.kind !== "mapping") continue;
      for (const expression of callback.node.entries) {
        this.pathItem(callback.path, expression.value, {
          label: `callback ${entry.key} of ${label}`,
          key: `${key} callback ${entry.key} ${expression.key}`,
          reversed: !around.reversed,
          depth: around.depth + 1,
        });
      }
    }
  }

  private content(
    path: string,
    node: DocumentNode,
    place: Place,
    about: { label: string; key: string; subject: string; ownerWrites: boolean; side: Side },
  ): void {
    for (const entry of mappingAt(node, "content")?.entries ?? []) {
      const media = this.documents.follow(path, entry.value);
      if (media?.node.kind !== "mapping" || !carriesJson(entry.key)) continue;
      const schema = media.node.get("schema");
      if (schema === undefined) continue;
      const example = exampleOf(this.documents, media.path, media.node);
      this.messages.push({
        key: `${about.key} ${entry.key.toLowerCase()}`,
        group: about.key,
        name: `${about.label} ${entry.key}`,
        subject: about.subject,
        ownerWrites: about.ownerWrites,
        side: about.side,
        path: media.path,
        schema,
        dialect: this.dialect,
        place,
        ...(example === undefined ? {} : { example: plainValue(example) }),
      });
    }
  }
}

/** Whether bodies of this media type are data that a JSON value can stand for. */
function carriesJson(mediaType: string): boolean {
  return /json|^\*\/\*$|^application\/\*$|x-www-form-urlencoded|multipart\/form-data/i.test(mediaType);
}

function exampleOf(documents: DocumentSet, path: string, media: MappingNode): DocumentNode | undefined {
  const single = media.get("example");
  if (single !== undefined) return single;
  const first = mappingAt(media, "examples")?.entries[0];
  const followed = first === undefined ? undefined : documents.follow(path, first.value);
  return followed?.node.kind === "mapping" ? followed.node.get("value") : undefined;
}

/** Renaming a path parameter changes no message: `/orders/{id}` and `/orders/{orderId}` are one path. */
function normalizedPath(template: string): string {
  return template.replace(/\{[^}]*\}/g, "{}");
}
