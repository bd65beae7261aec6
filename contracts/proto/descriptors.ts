/**
 * What a linked schema is made of: every element with its resolved types, its features, and its places in the text.
 *
 * Descriptors refer to the nodes of the tree for everything that the text says, and add what linking found out.
 */
import type { Place, Problem } from "../source/index.ts";
import type {
  EnumNode,
  EnumValueNode,
  ExtendNode,
  FieldNode,
  MessageNode,
  MethodNode,
  OneofNode,
  OptionNode,
  ProtoFile,
  ServiceNode,
  ValueNode,
} from "./ast.ts";
import { featuresWith, type Features, type SyntaxVersion } from "./features.ts";

export const scalarTypes = [
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
] as const;
export type ScalarType = (typeof scalarTypes)[number];

/** `unknown` is a type that could not be resolved: nothing is concluded from it. */
export type FieldType = ScalarType | "message" | "group" | "enum" | "unknown";

const scalarSet: ReadonlySet<string> = new Set(scalarTypes);

export function isScalar(name: string): name is ScalarType {
  return scalarSet.has(name);
}

export type Descriptor =
  | MessageDescriptor
  | EnumDescriptor
  | ServiceDescriptor
  | FieldDescriptor
  | EnumValueDescriptor
  | OneofDescriptor
  | MethodDescriptor;

/** What may stand in a scope by name. */
export type ScopedSymbol =
  | PackageSymbol
  | MessageDescriptor
  | EnumDescriptor
  | ServiceDescriptor
  | FieldDescriptor
  | EnumValueDescriptor
  | MethodDescriptor;

export class PackageSymbol {
  readonly kind = "package";
  readonly name: string;
  readonly fullName: string;
  readonly parent: PackageSymbol | undefined;
  readonly children = new Map<string, ScopedSymbol>();
  /** A further symbol of the same name in the same scope. */
  sameName: ScopedSymbol | undefined = undefined;

  constructor(name: string, parent: PackageSymbol | undefined) {
    this.name = name;
    this.parent = parent;
    this.fullName = parent === undefined || parent.fullName === "" ? name : `${parent.fullName}.${name}`;
  }
}

export interface ImportLink {
  readonly node: ProtoFile["imports"][number];
  /** Undefined where the file was not found. */
  readonly file: FileDescriptor | undefined;
}

export class FileDescriptor {
  readonly kind = "file";
  /** Where the text is, relative to the root of the check. */
  readonly path: string;
  /** How other files import it. */
  readonly importPath: string;
  readonly node: ProtoFile;
  /** The directory of its module; "" for the root. */
  readonly module: string;
  /** One of the well-known types that stand in no folder of the user. */
  readonly isBuiltIn: boolean;
  readonly syntax: SyntaxVersion;
  readonly package: string;
  readonly features: Features;
  readonly imports: ImportLink[] = [];
  readonly messages: MessageDescriptor[] = [];
  readonly enums: EnumDescriptor[] = [];
  readonly services: ServiceDescriptor[] = [];
  /** Extensions declared at file level. */
  readonly extensions: FieldDescriptor[] = [];
  packageSymbol!: PackageSymbol;
  /** This file, its imports, and what they import publicly. */
  readonly visible = new Set<FileDescriptor>();
  /** An import of this file, or a public one behind it, was not found: unknown types are not told one by one. */
  hasMissingImport = false;
  /** Files whose symbols this file used; the others are imported without need. */
  readonly used = new Set<FileDescriptor>();

  constructor(
    node: ProtoFile,
    importPath: string,
    module: string,
    isBuiltIn: boolean,
    syntax: SyntaxVersion,
    features: Features,
  ) {
    this.node = node;
    this.path = node.path;
    this.importPath = importPath;
    this.module = module;
    this.isBuiltIn = isBuiltIn;
    this.syntax = syntax;
    this.package = node.package?.name ?? "";
    this.features = features;
  }

  get isEditions(): boolean {
    return this.syntax !== "proto2" && this.syntax !== "proto3";
  }

  placeOf(start: number, end: number): Place {
    return { path: this.path, span: { start, end } };
  }
}

/** What every descriptor in a file has. */
abstract class Element {
  readonly file: FileDescriptor;
  sameName: ScopedSymbol | undefined = undefined;

  constructor(file: FileDescriptor) {
    this.file = file;
  }
  abstract readonly node: {
    readonly start: number;
    readonly end: number;
    readonly nameStart: number;
    readonly name: string;
  };

  get name(): string {
    return this.node.name;
  }

  /** The whole declaration. */
  get place(): Place {
    return this.file.placeOf(this.node.start, this.node.end);
  }

  get namePlace(): Place {
    return this.file.placeOf(this.node.nameStart, this.node.nameStart + this.node.name.length);
  }
}

export class MessageDescriptor extends Element {
  readonly kind = "message";
  override readonly node: MessageNode;
  readonly parent: MessageDescriptor | undefined;
  readonly fullName: string;
  readonly features: Features;
  /** The message behind a map field, which no text declares. */
  readonly isMapEntry: boolean;
  readonly fields: FieldDescriptor[] = [];
  readonly oneofs: OneofDescriptor[] = [];
  readonly messages: MessageDescriptor[] = [];
  readonly enums: EnumDescriptor[] = [];
  readonly extensions: FieldDescriptor[] = [];
  /** Nested symbols by name; absent where there are none. */
  children: Map<string, ScopedSymbol> | undefined = undefined;

  constructor(
    file: FileDescriptor,
    parent: MessageDescriptor | undefined,
    node: MessageNode,
    features: Features,
    isMapEntry: boolean,
  ) {
    super(file);
    this.node = node;
    this.parent = parent;
    this.fullName = qualify(parent?.fullName ?? file.package, node.name);
    this.features = features;
    this.isMapEntry = isMapEntry;
  }

  fieldByNumber(number: number): FieldDescriptor | undefined {
    return this.fields.find((field) => field.number === number);
  }

  fieldByName(name: string): FieldDescriptor | undefined {
    return this.fields.find((field) => field.name === name);
  }
}

export class FieldDescriptor extends Element {
  readonly kind = "field";
  override readonly node: FieldNode;
  /** The message it is declared in; for an extension the message around the `extend` block. */
  readonly parent: MessageDescriptor | undefined;
  readonly oneof: OneofDescriptor | undefined;
  readonly extend: ExtendNode | undefined;
  type: FieldType = "unknown";
  typeRef: MessageDescriptor | EnumDescriptor | undefined = undefined;
  extendee: MessageDescriptor | undefined = undefined;

  constructor(
    file: FileDescriptor,
    parent: MessageDescriptor | undefined,
    node: FieldNode,
    oneof: OneofDescriptor | undefined,
    extend: ExtendNode | undefined,
  ) {
    super(file);
    this.node = node;
    this.parent = parent;
    this.oneof = oneof;
    this.extend = extend;
  }

  get number(): number {
    return this.node.number;
  }

  get fullName(): string {
    return qualify(this.parent?.fullName ?? this.file.package, this.node.name);
  }

  get isExtension(): boolean {
    return this.extend !== undefined;
  }

  get isMap(): boolean {
    return this.node.map !== undefined;
  }

  /** Repeated on the wire; a map is. */
  get isRepeated(): boolean {
    return this.node.label === "repeated" || this.node.map !== undefined;
  }

  get features(): Features {
    const outer = this.oneof?.features ?? this.parent?.features ?? this.file.features;
    return featuresWith(outer, this.node.options);
  }

  get isRequired(): boolean {
    if (this.node.label === "required") return true;
    return (
      this.file.isEditions &&
      !this.isRepeated &&
      this.oneof === undefined &&
      this.features.fieldPresence === "LEGACY_REQUIRED"
    );
  }

  /** Whether a reader can tell the default value from no value. */
  get hasPresence(): boolean {
    if (this.isRepeated) return false;
    if (this.type === "message" || this.type === "group" || this.oneof !== undefined || this.isExtension) return true;
    if (this.node.label === "required") return true;
    if (this.file.syntax === "proto3") return this.node.label === "optional";
    return this.features.fieldPresence !== "IMPLICIT";
  }

  /** `optional` in proto3, which descriptors show as a oneof of one field. */
  get isProto3Optional(): boolean {
    return this.file.syntax === "proto3" && this.node.label === "optional" && !this.isExtension;
  }

  get isPackable(): boolean {
    return (
      this.isRepeated &&
      this.type !== "string" &&
      this.type !== "bytes" &&
      this.type !== "message" &&
      this.type !== "group" &&
      this.type !== "unknown"
    );
  }

  get isPacked(): boolean {
    if (!this.isPackable) return false;
    const packed = optionWord(this.node.options, "packed");
    if (packed !== undefined) return packed === "true";
    return this.features.repeatedFieldEncoding === "PACKED";
  }

  /** Written between start and end markers, as a group, instead of with its length. */
  get isDelimited(): boolean {
    if (this.type === "group") return true;
    return (
      this.type === "message" && !this.isMap && this.file.isEditions && this.features.messageEncoding === "DELIMITED"
    );
  }

  get jsonName(): string {
    const own = optionNode(this.node.options, "json_name")?.value;
    return own?.kind === "string" ? own.text : defaultJsonName(this.node.name);
  }

  /** The value of `default`, as written. */
  get defaultValue(): ValueNode | undefined {
    return optionNode(this.node.options, "default")?.value;
  }

  get typePlace(): Place {
    return this.file.placeOf(this.node.typeStart, this.node.typeEnd);
  }

  get numberPlace(): Place {
    return this.file.placeOf(this.node.numberStart, this.node.numberEnd);
  }
}

export class OneofDescriptor extends Element {
  readonly kind = "oneof";
  override readonly node: OneofNode;
  readonly parent: MessageDescriptor;
  readonly features: Features;
  readonly fields: FieldDescriptor[] = [];

  constructor(parent: MessageDescriptor, node: OneofNode) {
    super(parent.file);
    this.node = node;
    this.parent = parent;
    this.features = featuresWith(parent.features, node.options);
  }

  get fullName(): string {
    return qualify(this.parent.fullName, this.node.name);
  }
}

export class EnumDescriptor extends Element {
  readonly kind = "enum";
  override readonly node: EnumNode;
  readonly parent: MessageDescriptor | undefined;
  readonly fullName: string;
  readonly features: Features;
  readonly values: EnumValueDescriptor[] = [];

  constructor(file: FileDescriptor, parent: MessageDescriptor | undefined, node: EnumNode) {
    super(file);
    this.node = node;
    this.parent = parent;
    this.fullName = qualify(parent?.fullName ?? file.package, node.name);
    this.features = featuresWith(parent?.features ?? file.features, node.options);
  }

  /** A closed enum's readers put values they do not know into the unknown fields. */
  get isClosed(): boolean {
    return this.features.enumType === "CLOSED";
  }

  get allowsAlias(): boolean {
    return optionWord(this.node.options, "allow_alias") === "true";
  }
}

export class EnumValueDescriptor extends Element {
  readonly kind = "enum-value";
  override readonly node: EnumValueNode;
  readonly parent: EnumDescriptor;

  constructor(parent: EnumDescriptor, node: EnumValueNode) {
    super(parent.file);
    this.node = node;
    this.parent = parent;
  }

  get number(): number {
    return this.node.number;
  }

  /** Values are named in the scope around their enum, as in C++. */
  get fullName(): string {
    return qualify(this.parent.parent?.fullName ?? this.file.package, this.node.name);
  }
}

export class ServiceDescriptor extends Element {
  readonly kind = "service";
  override readonly node: ServiceNode;
  readonly fullName: string;
  readonly methods: MethodDescriptor[] = [];
  private methodsByName: Map<string, ScopedSymbol> | undefined;

  /** The methods by name: they stand in the scope of their service. */
  get children(): Map<string, ScopedSymbol> {
    return (this.methodsByName ??= new Map<string, ScopedSymbol>(this.methods.map((method) => [method.name, method])));
  }

  constructor(file: FileDescriptor, node: ServiceNode) {
    super(file);
    this.node = node;
    this.fullName = qualify(file.package, node.name);
  }
}

export class MethodDescriptor extends Element {
  readonly kind = "method";
  override readonly node: MethodNode;
  readonly parent: ServiceDescriptor;
  request: MessageDescriptor | undefined = undefined;
  response: MessageDescriptor | undefined = undefined;

  constructor(parent: ServiceDescriptor, node: MethodNode) {
    super(parent.file);
    this.node = node;
    this.parent = parent;
  }

  get fullName(): string {
    return qualify(this.parent.fullName, this.node.name);
  }
}

export function qualify(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

/** The plain option `name`; the last one where it stands several times. */
export function optionNode(options: readonly OptionNode[], name: string): OptionNode | undefined {
  for (let i = options.length - 1; i >= 0; i--) {
    const option = options[i];
    const part = option?.name[0];
    if (option?.name.length === 1 && part !== undefined && !part.isExtension && part.text === name) return option;
  }
  return undefined;
}

/** The value of a plain option that is a word (`true`, `SPEED`). */
export function optionWord(options: readonly OptionNode[], name: string): string | undefined {
  const value = optionNode(options, name)?.value;
  return value?.kind === "word" ? value.text : undefined;
}

/** The value of a plain option that is a text. */
export function optionText(options: readonly OptionNode[], name: string): string | undefined {
  const value = optionNode(options, name)?.value;
  return value?.kind === "string" ? value.text : undefined;
}

/** The JSON name that a field gets without `json_name`: its underscores removed, the letters behind them in upper case. */
export function defaultJsonName(name: string): string {
  if (!name.includes("_")) return name;
  let result = "";
  let upper = false;
  for (const char of name) {
    if (char === "_") upper = true;
    else {
      result += upper ? char.toUpperCase() : char;
      upper = false;
    }
  }
  return result;
}

/** A problem at a place of `file`. */
export function problemIn(
  file: FileDescriptor,
  start: number,
  end: number,
  code: string,
  message: string,
  related?: Problem["related"],
): Problem {
  const base = { path: file.path, span: { start, end }, code, severity: "error" as const, message };
  return related === undefined ? base : { ...base, related };
}
