/**
 * Partners in two versions: files by import path, messages, enums and services by full name, fields by number,
 * methods by name. Rules see pairs only, so matching is decided here, once.
 */
import type {
  EnumDescriptor,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  ServiceDescriptor,
} from "../proto/index.ts";
import type { Lookups, ModulePair, Pair, Proof } from "./proto-rule.ts";

/** All pairs of a module. */
export interface Pairs {
  readonly modules: ModulePair;
  readonly files: ReadonlyArray<Pair<FileDescriptor>>;
  readonly messages: ReadonlyArray<Pair<MessageDescriptor>>;
  readonly fields: ReadonlyArray<Pair<FieldDescriptor>>;
  readonly enums: ReadonlyArray<Pair<EnumDescriptor>>;
  readonly services: ReadonlyArray<Pair<ServiceDescriptor>>;
  readonly methods: ReadonlyArray<Pair<MethodDescriptor>>;
}

export function pairsOf(modules: ModulePair): Pairs {
  const before = namesOf(modules.before);
  const after = namesOf(modules.after);
  const messages = match(before.messages, after.messages);
  const services = match(before.services, after.services);
  const fields: Pair<FieldDescriptor>[] = [];
  for (const pair of messages) matchFields(fields, pair.before.fields, pair.after.fields);
  for (const [extendee, old] of before.extensions) matchFields(fields, old, after.extensions.get(extendee) ?? []);
  const methods: Pair<MethodDescriptor>[] = [];
  for (const pair of services) {
    for (const old of pair.before.methods) {
      const now = pair.after.methods.find((method) => method.name === old.name);
      if (now !== undefined) methods.push({ before: old, after: now });
    }
  }
  return {
    modules,
    files: match(before.files, after.files),
    messages,
    fields,
    enums: match(before.enums, after.enums),
    services,
    methods,
  };
}

interface Names {
  readonly files: Map<string, FileDescriptor>;
  readonly messages: Map<string, MessageDescriptor>;
  readonly enums: Map<string, EnumDescriptor>;
  readonly services: Map<string, ServiceDescriptor>;
  /** By the full name of what they extend. */
  readonly extensions: Map<string, FieldDescriptor[]>;
}

function namesOf(files: readonly FileDescriptor[]): Names {
  const names: Names = {
    files: new Map(),
    messages: new Map(),
    enums: new Map(),
    services: new Map(),
    extensions: new Map(),
  };
  for (const file of files) {
    names.files.set(file.importPath, file);
    for (const message of file.messages) addMessage(names, message);
    for (const enumeration of file.enums) names.enums.set(enumeration.fullName, enumeration);
    for (const service of file.services) names.services.set(service.fullName, service);
    for (const extension of file.extensions) addExtension(names, extension);
  }
  return names;
}

function addMessage(names: Names, message: MessageDescriptor): void {
  names.messages.set(message.fullName, message);
  for (const nested of message.messages) addMessage(names, nested);
  for (const enumeration of message.enums) names.enums.set(enumeration.fullName, enumeration);
  for (const extension of message.extensions) addExtension(names, extension);
}

function addExtension(names: Names, extension: FieldDescriptor): void {
  const extendee = extension.extendee?.fullName ?? extension.extend?.typeName ?? "";
  const list = names.extensions.get(extendee);
  if (list === undefined) names.extensions.set(extendee, [extension]);
  else list.push(extension);
}

function match<Element>(before: ReadonlyMap<string, Element>, after: ReadonlyMap<string, Element>): Pair<Element>[] {
  const pairs: Pair<Element>[] = [];
  for (const [name, old] of before) {
    const now = after.get(name);
    if (now !== undefined) pairs.push({ before: old, after: now });
  }
  return pairs;
}

function matchFields(
  pairs: Pair<FieldDescriptor>[],
  before: readonly FieldDescriptor[],
  after: readonly FieldDescriptor[],
): void {
  for (const [index, old] of before.entries()) {
    // Fields mostly stay in their order, so the partner is mostly found at once.
    const beside = after[index];
    const now = beside?.number === old.number ? beside : after.find((field) => field.number === old.number);
    if (now !== undefined) pairs.push({ before: old, after: now });
  }
}

/** What rules look up beside their pair; made when the first one asks. */
export function lookupsOf(pairs: Pairs): Lookups {
  let fields: Map<EnumDescriptor, Pair<FieldDescriptor>> | undefined;
  return {
    fieldOf(pair): Proof | undefined {
      fields ??= fieldsByEnum(pairs.fields);
      const field = fields.get(pair.before);
      const before = field?.before.parent;
      const after = field?.after.parent;
      if (field === undefined || before === undefined || after === undefined || field.after.typeRef !== pair.after)
        return undefined;
      return { before, after, number: field.before.number };
    },
  };
}

function fieldsByEnum(fields: ReadonlyArray<Pair<FieldDescriptor>>): Map<EnumDescriptor, Pair<FieldDescriptor>> {
  const result = new Map<EnumDescriptor, Pair<FieldDescriptor>>();
  for (const pair of fields) {
    const target = pair.before.typeRef;
    if (target?.kind !== "enum" || pair.before.isExtension || pair.before.parent?.isMapEntry === true) continue;
    const known = result.get(target);
    if (known === undefined || (known.before.isRepeated && !pair.before.isRepeated)) result.set(target, pair);
  }
  return result;
}
