/** Where a name leads: types and imports of `.proto` files, `$ref`s of documents. Also what a name is, in one line. */
import type { ContractSet } from "../contracts/compat/index.ts";
import {
  linkProto,
  parseProto,
  type FieldDescriptor,
  type MessageDescriptor,
  type ProtoSchema,
} from "../contracts/proto/index.ts";
import { DocumentSet, spanContains, type Place } from "../contracts/source/index.ts";

const schemas = new WeakMap<ContractSet, Map<string, ProtoSchema>>();

/** `path` linked with all that it imports, directly or not. */
export function schemaAround(contracts: ContractSet, path: string): ProtoSchema {
  const known = schemas.get(contracts)?.get(path);
  if (known !== undefined) return known;
  const needed = new Map<string, string>();
  const queue = [path];
  const byName = new Map<string, string[]>();
  for (const candidate of contracts.files.keys()) {
    if (!candidate.endsWith(".proto")) continue;
    const name = candidate.slice(candidate.lastIndexOf("/") + 1);
    byName.set(name, [...(byName.get(name) ?? []), candidate]);
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const text = contracts.files.get(next);
    if (text === undefined || needed.has(next)) continue;
    needed.set(next, text);
    for (const { path: imported } of parseProto(next, text).imports) {
      const name = imported.slice(imported.lastIndexOf("/") + 1);
      for (const candidate of byName.get(name) ?? []) {
        if (candidate === imported || candidate.endsWith(`/${imported}`)) queue.push(candidate);
      }
    }
  }
  const schema = linkProto(
    [...needed].map(([name, text]) => parseProto(name, text)),
    contracts.protoModules,
  );
  const ofSet = schemas.get(contracts) ?? new Map<string, ProtoSchema>();
  ofSet.set(path, schema);
  schemas.set(contracts, ofSet);
  return schema;
}

/** The place that the name at `offset` leads to. */
export function definitionAt(contracts: ContractSet, path: string, offset: number): Place | undefined {
  return path.endsWith(".proto") ? protoDefinition(contracts, path, offset) : reference(contracts, path, offset);
}

function protoDefinition(contracts: ContractSet, path: string, offset: number): Place | undefined {
  const schema = schemaAround(contracts, path);
  const file = schema.file(path);
  if (file === undefined) return undefined;
  for (const link of file.imports) {
    if (!spanContains({ start: link.node.pathStart, end: link.node.pathEnd }, offset)) continue;
    return link.file === undefined || link.file.isBuiltIn
      ? undefined
      : { path: link.file.path, span: { start: 0, end: 0 } };
  }
  for (const service of file.services) {
    for (const method of service.methods) {
      for (const [node, target] of [
        [method.node.request, method.request],
        [method.node.response, method.response],
      ] as const) {
        if (spanContains(node, offset) && target !== undefined && !target.file.isBuiltIn) return target.namePlace;
      }
    }
  }
  const field = fieldAt(file.messages, file.extensions, offset);
  if (field === undefined || !spanContains(field.typePlace.span, offset)) return undefined;
  const target = field.isMap ? mapValue(field) : field.typeRef;
  return target === undefined || target.file.isBuiltIn ? undefined : target.namePlace;
}

function mapValue(field: FieldDescriptor) {
  const entry = field.typeRef;
  return entry?.kind === "message" ? entry.fieldByNumber(2)?.typeRef : undefined;
}

function fieldAt(
  messages: readonly MessageDescriptor[],
  extensions: readonly FieldDescriptor[],
  offset: number,
): FieldDescriptor | undefined {
  for (const field of extensions) if (spanContains(field.place.span, offset)) return field;
  for (const message of messages) {
    if (message.isMapEntry || !spanContains(message.place.span, offset)) continue;
    const nested = fieldAt(message.messages, message.extensions, offset);
    return nested ?? message.fields.find((field) => spanContains(field.place.span, offset));
  }
  return undefined;
}

/** The message whose name stands at `offset`. */
export function messageAt(contracts: ContractSet, path: string, offset: number): MessageDescriptor | undefined {
  const visit = (messages: readonly MessageDescriptor[]): MessageDescriptor | undefined => {
    for (const message of messages) {
      if (message.isMapEntry || !spanContains(message.place.span, offset)) continue;
      return spanContains(message.namePlace.span, offset) ? message : visit(message.messages);
    }
    return undefined;
  };
  return visit(schemaAround(contracts, path).file(path)?.messages ?? []);
}

const referencePattern = /["']?\$ref["']?\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"',}\]]+))/g;

function reference(contracts: ContractSet, path: string, offset: number): Place | undefined {
  const text = contracts.files.get(path);
  if (text === undefined) return undefined;
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset) < 0 ? text.length : text.indexOf("\n", offset);
  for (const match of text.slice(lineStart, lineEnd).matchAll(referencePattern)) {
    const start = lineStart + match.index;
    if (!spanContains({ start, end: start + match[0].length }, offset)) continue;
    const target = new DocumentSet(contracts.files).resolve(path, match[1] ?? match[2] ?? match[3] ?? "");
    if (!("failure" in target)) return { path: target.path, span: target.node.span };
  }
  return undefined;
}
