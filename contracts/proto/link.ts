/**
 * From trees to a schema: descriptors for all elements, imports to files, names to what they mean.
 *
 * A missing import is one problem at the import; types that may come from it stay `unknown` without a word.
 */
import type { Problem } from "../source/index.ts";
import type { EnumNode, ExtendNode, FieldNode, MessageNode, OptionNode, ProtoFile } from "./ast.ts";
import {
  EnumDescriptor,
  EnumValueDescriptor,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  OneofDescriptor,
  ServiceDescriptor,
  isScalar,
  problemIn,
  type ScopedSymbol,
} from "./descriptors.ts";
import { defaultFeatures, featuresWith, type SyntaxVersion } from "./features.ts";
import { linkImports } from "./link-imports.ts";
import { none, trimmed, type Growing } from "./lists.ts";
import { FileIndex, type ModuleRoot, type PlacedFile } from "./modules.ts";
import { ProtoSchema } from "./schema.ts";
import { Scopes, addSymbol, hiddenMessage } from "./scope.ts";
import { validateSchema } from "./validate/index.ts";

/** Links a set of files. Without modules, the root of the check is the one folder that imports are relative to. */
export function linkProto(files: Iterable<ProtoFile>, modules: readonly ModuleRoot[] = []): ProtoSchema {
  const linker = new Linker(files, modules);
  return linker.link();
}

class Linker {
  private readonly index: FileIndex;
  private readonly scopes = new Scopes();
  private readonly problems: Problem[] = [];
  private readonly descriptors = new Map<PlacedFile, FileDescriptor>();

  constructor(files: Iterable<ProtoFile>, modules: readonly ModuleRoot[]) {
    const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    this.index = new FileIndex(sorted, modules);
  }

  link(): ProtoSchema {
    // Built-in files join the index while imports are followed, hence the growing list.
    for (const placed of this.index.placed) {
      if (!placed.isBuiltIn) for (const problem of placed.file.problems) this.problems.push(problem);
      this.declareFile(placed);
      for (const node of placed.file.imports) this.index.find(node.path, placed.module);
    }
    // Options are checked against descriptor.proto, whether or not a file imports it. Parsing that takes a while.
    const isEmpty = this.index.placed.length === 0;
    const descriptorProto = isEmpty ? undefined : this.index.find("google/protobuf/descriptor.proto", "");
    for (const placed of this.index.placed) if (!this.descriptors.has(placed)) this.declareFile(placed);
    const files = [...this.descriptors.values()];
    linkImports(this.index, this.descriptors, this.problems);
    for (const file of files) this.resolveFile(file);
    const user = files.filter((file) => !file.isBuiltIn);
    const builtIn = files.filter((file) => file.isBuiltIn);
    const descriptorFile = descriptorProto === undefined ? undefined : this.descriptors.get(descriptorProto);
    const { problems, scopes } = this;
    const findProblems = (): Problem[] => {
      validateSchema({ files: user, scopes, descriptorFile, problems });
      return problems.sort(byPlace);
    };
    return new ProtoSchema(user, builtIn, findProblems, scopes);
  }

  private declareFile(placed: PlacedFile): void {
    const node = placed.file;
    const syntax = syntaxOf(node);
    const features = featuresWith(defaultFeatures[syntax], node.options);
    const file = new FileDescriptor(node, placed.importPath, placed.module, placed.isBuiltIn, syntax, features);
    this.descriptors.set(placed, file);
    const scope = this.scopes.package(file.package);
    file.packageSymbol = scope;
    const children = scope.children;
    for (const message of node.messages) {
      const descriptor = this.declareMessage(file, undefined, message);
      file.messages.push(descriptor);
      addSymbol(children, message.name, descriptor);
    }
    for (const enumeration of node.enums) file.enums.push(declareEnum(file, undefined, enumeration, children));
    for (const extend of node.extends) declareExtensions(file, undefined, extend, file.extensions, children);
    for (const service of node.services) {
      const descriptor = new ServiceDescriptor(file, service);
      for (const method of service.methods) descriptor.methods.push(new MethodDescriptor(descriptor, method));
      file.services.push(descriptor);
      addSymbol(children, service.name, descriptor);
    }
  }

  private declareMessage(
    file: FileDescriptor,
    parent: MessageDescriptor | undefined,
    node: MessageNode,
  ): MessageDescriptor {
    const features = featuresWith(parent?.features ?? file.features, node.options);
    const message = new MessageDescriptor(file, parent, node, features, false);
    for (const oneof of node.oneofs) message.oneofs.push(new OneofDescriptor(message, oneof));
    for (const field of node.fields) {
      const oneof = field.oneof === undefined ? undefined : message.oneofs[node.oneofs.indexOf(field.oneof)];
      const descriptor = new FieldDescriptor(file, message, field, oneof, undefined);
      message.fields.push(descriptor);
      oneof?.fields.push(descriptor);
      if (field.map !== undefined) {
        const entry = mapEntry(file, message, field);
        message.messages.push(entry);
        descriptor.typeRef = entry;
        descriptor.type = "message";
        addSymbol((message.children ??= new Map<string, ScopedSymbol>()), entry.name, entry);
      }
    }
    if (node.messages.length + node.enums.length + node.extends.length > 0) {
      const children = (message.children ??= new Map<string, ScopedSymbol>());
      for (const nested of node.messages) {
        const descriptor = this.declareMessage(file, message, nested);
        message.messages.push(descriptor);
        addSymbol(children, nested.name, descriptor);
      }
      for (const nested of node.enums) message.enums.push(declareEnum(file, message, nested, children));
      for (const extend of node.extends) declareExtensions(file, message, extend, message.extensions, children);
    }
    trimMessageLists(message);
    return message;
  }

  private resolveFile(file: FileDescriptor): void {
    for (const extension of file.extensions) this.resolveExtension(extension, file.messages);
    for (const message of file.messages) this.resolveMessage(message);
    for (const service of file.services) {
      for (const method of service.methods) {
        const { request, response } = method.node;
        method.request = this.methodType(file, service, request.typeName, request.start, request.end);
        method.response = this.methodType(file, service, response.typeName, response.start, response.end);
      }
    }
  }

  private resolveMessage(message: MessageDescriptor): void {
    for (const field of message.fields) this.resolveField(field, message, message.messages);
    for (const extension of message.extensions) this.resolveExtension(extension, message.messages);
    for (const nested of message.messages) this.resolveMessage(nested);
  }

  private resolveExtension(extension: FieldDescriptor, messages: readonly MessageDescriptor[]): void {
    this.resolveField(extension, extension.parent, messages);
    const extend = extension.extend;
    if (extend === undefined || extend.typeName === "") return;
    const isFirst = extend.fields[0] === extension.node;
    const found = this.resolve(
      extension.file,
      extension.parent,
      extend.typeName,
      extend.typeStart,
      extend.typeEnd,
      isFirst,
      isAny,
    );
    if (found === undefined) return;
    if (found.kind === "message") extension.extendee = found;
    else if (isFirst) this.wrongKind(extension.file, found, extend.typeStart, extend.typeEnd, "a message to extend");
  }

  private resolveField(
    field: FieldDescriptor,
    scope: MessageDescriptor | undefined,
    messages: readonly MessageDescriptor[],
  ): void {
    const node = field.node;
    if (node.map !== undefined) return;
    if (node.group !== undefined) {
      field.type = "group";
      field.typeRef = messages.find((message) => message.node === node.group);
      return;
    }
    const name = node.typeName;
    if (isScalar(name)) {
      field.type = name;
      return;
    }
    if (name === "" || name === ".") return;
    const found = this.resolve(field.file, scope, name, node.typeStart, node.typeEnd, true);
    if (found === undefined) return;
    if (found.kind === "message" && !found.isMapEntry) field.type = "message";
    else if (found.kind === "enum") field.type = "enum";
    else {
      this.wrongKind(field.file, found, node.typeStart, node.typeEnd, "a type");
      return;
    }
    field.typeRef = found;
  }

  private methodType(
    file: FileDescriptor,
    service: ServiceDescriptor,
    name: string,
    start: number,
    end: number,
  ): MessageDescriptor | undefined {
    if (name === "") return undefined;
    const found = this.resolve(file, service, name, start, end, true, isAny);
    if (found === undefined) return undefined;
    if (found.kind === "message" && !found.isMapEntry) return found;
    this.wrongKind(file, found, start, end, "a message");
    return undefined;
  }

  private resolve(
    file: FileDescriptor,
    scope: MessageDescriptor | ServiceDescriptor | undefined,
    name: string,
    start: number,
    end: number,
    report: boolean,
    wanted: (symbol: ScopedSymbol) => boolean = isType,
  ): ScopedSymbol | undefined {
    const resolution = this.scopes.resolve(name, scope, file, wanted);
    const symbol = resolution.symbol;
    if (symbol !== undefined) {
      if (symbol.kind !== "package") file.used.add(symbol.file);
      return symbol;
    }
    const { hidden, instead } = resolution;
    if (hidden !== undefined) file.used.add(hidden.file);
    if (!report || file.hasMissingImport) return undefined;
    if (hidden === undefined) this.unresolved(file, name, start, end, instead);
    else this.problems.push(problemIn(file, start, end, "proto-local", hiddenMessage(hidden)));
    return undefined;
  }

  private unresolved(
    file: FileDescriptor,
    name: string,
    start: number,
    end: number,
    instead: string | undefined,
  ): void {
    let message = `"${name}" is not defined.`;
    if (instead !== undefined) {
      message = `"${name}" means "${instead}" here, which is not defined. To start from the outermost scope, write ".${name}".`;
    }
    const elsewhere =
      this.scopes.find(name.startsWith(".") ? name.slice(1) : name) ?? this.scopes.find(`${file.package}.${name}`);
    if (elsewhere !== undefined && elsewhere.kind !== "package" && !file.visible.has(elsewhere.file)) {
      const path = elsewhere.file.importPath;
      message = `"${name}" is defined in "${path}", which this file does not import. Add: import "${path}";`;
    }
    this.problems.push(problemIn(file, start, end, "proto-unresolved", message));
  }

  private wrongKind(file: FileDescriptor, found: ScopedSymbol, start: number, end: number, wanted: string): void {
    const kind = found.kind === "message" ? "the hidden message of a map field" : kindWords[found.kind];
    this.problems.push(
      problemIn(file, start, end, "proto-wrong-kind", `"${found.fullName}" is ${kind}, not ${wanted}.`),
    );
  }
}

const kindWords: Readonly<Record<ScopedSymbol["kind"], string>> = {
  package: "a package",
  message: "a message",
  enum: "an enum",
  service: "a service",
  field: "an extension",
  "enum-value": "an enum value",
  method: "an rpc",
};

/** Extended messages and the messages of rpcs are what the name means first, whatever that is. */
function isAny(): boolean {
  return true;
}

function isType(symbol: ScopedSymbol): boolean {
  return symbol.kind === "message" || symbol.kind === "enum";
}

/** The version of the language a file is written in; what is unknown is read as the nearest that is known. */
function syntaxOf(node: ProtoFile): SyntaxVersion {
  const value = node.syntax?.value;
  if (node.syntax?.keyword === "edition") return value === "2023" ? "2023" : "2024";
  return value === "proto3" ? "proto3" : "proto2";
}

function declareEnum(
  file: FileDescriptor,
  parent: MessageDescriptor | undefined,
  node: EnumNode,
  children: Map<string, ScopedSymbol>,
): EnumDescriptor {
  const descriptor = new EnumDescriptor(file, parent, node);
  addSymbol(children, node.name, descriptor);
  for (const value of node.values) {
    const valueDescriptor = new EnumValueDescriptor(descriptor, value);
    descriptor.values.push(valueDescriptor);
    addSymbol(children, value.name, valueDescriptor);
  }
  (descriptor as Growing<EnumDescriptor>).values = trimmed(descriptor.values);
  return descriptor;
}

function declareExtensions(
  file: FileDescriptor,
  parent: MessageDescriptor | undefined,
  extend: ExtendNode,
  extensions: FieldDescriptor[],
  children: Map<string, ScopedSymbol>,
): void {
  for (const field of extend.fields) {
    const descriptor = new FieldDescriptor(file, parent, field, undefined, extend);
    extensions.push(descriptor);
    addSymbol(children, field.name, descriptor);
  }
}

const noOptions: readonly OptionNode[] = [];

/** The message that a map field is on the wire: `key = 1`, `value = 2`. Its places are those of the map's types. */
function mapEntry(file: FileDescriptor, parent: MessageDescriptor, field: FieldNode): MessageDescriptor {
  const map = field.map;
  const entryNode: MessageNode = {
    kind: "message",
    start: field.typeStart,
    end: field.typeEnd,
    trivia: field.trivia,
    visibility: "",
    name: mapEntryName(field.name),
    nameStart: field.typeStart,
    isGroup: false,
    fields: none(),
    oneofs: none(),
    messages: none(),
    enums: none(),
    extends: none(),
    options: none(),
    extensionRanges: none(),
    reservedRanges: none(),
    reservedNames: none(),
  };
  const entry = new MessageDescriptor(file, parent, entryNode, parent.features, true);
  if (map === undefined) return entry;
  const features = field.options.length === 0 ? noOptions : field.options.filter(setsFeatures);
  const part = (name: string, number: number, typeName: string, start: number, end: number): FieldNode => ({
    kind: "field",
    start,
    end,
    trivia: start,
    label: "optional",
    typeName,
    typeStart: start,
    typeEnd: end,
    name,
    nameStart: start,
    number,
    numberStart: start,
    numberEnd: end,
    // The features of the map field hold for its keys and values.
    options: features,
    oneof: undefined,
    map: undefined,
    group: undefined,
  });
  const key = part("key", 1, map.keyType, map.keyStart, map.keyEnd);
  const value = part("value", 2, map.valueType, map.valueStart, map.valueEnd);
  for (const node of [key, value]) entry.fields.push(new FieldDescriptor(file, entry, node, undefined, undefined));
  return entry;
}

function trimMessageLists(message: Growing<MessageDescriptor>): void {
  message.fields = trimmed(message.fields);
  message.oneofs = trimmed(message.oneofs);
  message.messages = trimmed(message.messages);
  message.enums = trimmed(message.enums);
  message.extensions = trimmed(message.extensions);
}

function setsFeatures(option: OptionNode): boolean {
  return option.name[0]?.text === "features" && !option.name[0].isExtension;
}

/** `line_items` -> `LineItemsEntry`. */
export function mapEntryName(fieldName: string): string {
  let result = "";
  let upper = true;
  for (const char of fieldName) {
    if (char === "_") upper = true;
    else {
      result += upper ? char.toUpperCase() : char;
      upper = false;
    }
  }
  return `${result}Entry`;
}

function byPlace(a: Problem, b: Problem): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.span.start - b.span.start || a.span.end - b.span.end;
}
