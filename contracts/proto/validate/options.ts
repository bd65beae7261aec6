/**
 * Options, interpreted against the messages of descriptor.proto and their extensions: names that exist, values of the
 * right type, nothing set twice, required fields set, features only where and when they are allowed.
 */
import type { MessageFieldNode, OptionNamePart, OptionNode, ValueNode } from "../ast.ts";
import {
  type MessageDescriptor,
  type ServiceDescriptor,
  problemIn,
  type EnumDescriptor,
  type FieldDescriptor,
  type FileDescriptor,
} from "../descriptors.ts";
import { hiddenMessage } from "../scope.ts";
import type { ValidationContext } from "./context.ts";
import { checkSupport, checkTarget } from "./feature-support.ts";
import { type OptionTarget, optionTargets } from "./option-targets.ts";
import { checkScalar } from "./option-values.ts";

type Scope = MessageDescriptor | ServiceDescriptor | undefined;

/** Options that are part of a field's declaration; other checks look at them. */
const pseudoOptions = new Set(["default", "json_name"]);

export class OptionChecker {
  private readonly context: ValidationContext;
  private readonly file: FileDescriptor;
  private readonly roots = new Map<OptionTarget, MessageDescriptor | undefined>();

  constructor(context: ValidationContext, file: FileDescriptor) {
    this.context = context;
    this.file = file;
  }

  /** Checks the options of one element. `scope` is where their names are looked up from. */
  check(options: readonly OptionNode[], target: OptionTarget, scope: Scope): void {
    if (options.length === 0) return;
    const root = this.root(target);
    if (root === undefined) return;
    const set = new Settings();
    for (const option of options) this.option(option, root, target, scope, set);
    this.checkRequired(set, options);
  }

  private root(target: OptionTarget): MessageDescriptor | undefined {
    if (!this.roots.has(target)) this.roots.set(target, this.findRoot(optionTargets[target]));
    return this.roots.get(target);
  }

  /** The options message that the file itself brings along, else the one of descriptor.proto. */
  private findRoot(name: string): MessageDescriptor | undefined {
    for (
      let symbol = this.context.scopes.find(`google.protobuf.${name}`);
      symbol !== undefined;
      symbol = symbol.sameName
    ) {
      if (symbol.kind === "message" && this.file.visible.has(symbol.file)) return symbol;
    }
    return this.context.descriptorFile?.messages.find((message) => message.name === name);
  }

  private option(option: OptionNode, root: MessageDescriptor, target: OptionTarget, scope: Scope, set: Settings): void {
    const [first] = option.name;
    if (first === undefined || option.value === undefined) return;
    if (target === "field" && option.name.length === 1 && !first.isExtension && pseudoOptions.has(first.text)) {
      if (!set.leaf(first.text))
        this.report(option.start, option.end, `Option "${first.text}" is set twice. Remove one.`);
      return;
    }
    if (!first.isExtension && first.text === "uninterpreted_option") {
      this.report(option.nameStart, option.nameEnd, `Option "uninterpreted_option" is for compilers only.`);
      return;
    }
    if (!first.isExtension && first.text === "features" && !this.file.isEditions) {
      const where = this.file.syntax;
      this.report(
        option.nameStart,
        option.nameEnd,
        `Features are for editions; this file uses ${where}. Remove the option, or start the file with edition = "2023";`,
      );
      return;
    }
    this.path(option, root, target, scope, set);
  }

  /** Follows the parts of the name from message to message, and checks the value against the last. */
  private path(option: OptionNode, root: MessageDescriptor, target: OptionTarget, scope: Scope, set: Settings): void {
    let message = root;
    let key = "";
    for (const [index, part] of option.name.entries()) {
      const field = this.fieldFor(part, message, scope);
      if (field === undefined) return;
      const outer = key;
      key += part.isExtension ? `(${field.fullName})` : `/${field.name}`;
      if (!this.checkOneof(field, outer, set, part)) return;
      if (index > 0 || part.isExtension) this.checkUse(field, target, option.start, option.end);
      else checkTarget(this.context, this.file, field, target, option.nameStart, option.nameEnd);
      if (index === option.name.length - 1) {
        this.leaf(option, field, key, target, scope, set);
        return;
      }
      if (field.type === "unknown") return;
      if (field.typeRef?.kind !== "message") {
        this.report(part.start, part.end, `"${part.text}" is no message, so nothing in it can be set.`);
        return;
      }
      if (field.isRepeated) {
        this.report(part.start, part.end, `"${part.text}" is repeated: set its messages whole, in braces.`);
        return;
      }
      set.branch(key, field.typeRef, option);
      message = field.typeRef;
    }
  }

  private leaf(
    option: OptionNode,
    field: FieldDescriptor,
    key: string,
    target: OptionTarget,
    scope: Scope,
    set: Settings,
  ): void {
    const { value } = option;
    if (value === undefined) return;
    if (field.isMap || field.type === "unknown") return;
    if (!field.isRepeated && !set.leaf(key)) {
      this.report(option.nameStart, option.nameEnd, `This option is already set. Remove one of the two.`);
      return;
    }
    this.value(field, value, target, scope, false);
    // Parts of a message that is set whole may be set behind it, but not again.
    if (!field.isRepeated && value.kind === "message") {
      for (const part of value.fields) set.leaf(part.isExtension ? `${key}(${part.name})` : `${key}/${part.name}`);
    }
  }

  private value(
    field: FieldDescriptor,
    value: ValueNode,
    target: OptionTarget,
    scope: Scope,
    inLiteral: boolean,
  ): void {
    if (field.typeRef?.kind === "message") {
      if (value.kind !== "message") {
        this.report(value.start, value.end, `"${field.name}" is a message: give its fields in braces.`);
        return;
      }
      this.literal(field.typeRef, value.fields, value.start, value.end, target, scope);
      return;
    }
    if (value.kind === "message" || value.kind === "list") {
      this.report(
        value.start,
        value.end,
        `"${field.name}" takes a single ${field.typeRef === undefined ? field.type : `value of "${field.typeRef.fullName}"`}.`,
      );
      return;
    }
    const enumeration: EnumDescriptor | undefined = field.typeRef?.kind === "enum" ? field.typeRef : undefined;
    const problem = checkScalar(field.type, enumeration, value, inLiteral);
    if (problem !== undefined) this.report(value.start, value.end, problem);
    const named =
      enumeration !== undefined && value.kind === "word"
        ? enumeration.values.find((known) => known.name === value.text)
        : undefined;
    if (named !== undefined)
      checkSupport(this.context, this.file, named.node.options, named.fullName, value.start, value.end);
  }

  private literal(
    message: MessageDescriptor,
    fields: readonly MessageFieldNode[],
    start: number,
    end: number,
    target: OptionTarget,
    scope: Scope,
  ): void {
    const seen = new Set<FieldDescriptor>();
    const oneofs = new Map<unknown, FieldDescriptor>();
    for (const node of fields) {
      if (node.name.includes("/")) {
        this.anyLiteral(message, node, target, scope);
        continue;
      }
      const field = this.literalField(message, node);
      if (field === undefined) continue;
      if (!field.isRepeated && seen.has(field))
        this.report(node.nameStart, node.nameEnd, `"${node.name}" is set twice. Remove one.`);
      seen.add(field);
      if (field.oneof !== undefined) {
        const other = oneofs.get(field.oneof);
        if (other !== undefined && other !== field) {
          this.report(
            node.nameStart,
            node.nameEnd,
            `Oneof "${field.oneof.name}" already has "${other.name}" set. Remove one of the two.`,
          );
        }
        oneofs.set(field.oneof, field);
      }
      this.checkUse(field, target, node.nameStart, node.nameEnd);
      this.literalValue(field, node, target, scope);
    }
    for (const field of message.fields) {
      if (field.isRequired && !seen.has(field)) {
        this.report(start, end, `The required field "${field.name}" of "${message.fullName}" is not set.`);
      }
    }
  }

  private literalValue(field: FieldDescriptor, node: MessageFieldNode, target: OptionTarget, scope: Scope): void {
    const { value } = node;
    if (value === undefined || field.type === "unknown") return;
    if (!node.hasColon && field.typeRef?.kind !== "message") {
      this.report(value.start, value.end, `Write ":" between "${node.name}" and its value.`);
      return;
    }
    if (value.kind === "list" && field.isRepeated) {
      for (const item of value.items) this.value(field, item, target, scope, true);
    } else {
      this.value(field, value, target, scope, true);
    }
  }

  private literalField(message: MessageDescriptor, node: MessageFieldNode): FieldDescriptor | undefined {
    if (node.isExtension) {
      if (node.name.startsWith(".")) {
        this.report(node.nameStart, node.nameEnd, "Names in brackets start without a dot.");
        return undefined;
      }
      return this.extension(node.name, message, message.parent, node.nameStart, node.nameEnd);
    }
    // A group is named as its message is, a field by its name.
    const field =
      message.fields.find(
        (known) => (known.node.group === undefined ? known.name : known.node.group.name) === node.name,
      ) ?? message.fieldByName(node.name);
    if (field === undefined)
      this.report(node.nameStart, node.nameEnd, `"${message.fullName}" has no field "${node.name}".`);
    return field;
  }

  /** `[type.googleapis.com/pkg.Type] { ... }`, which only `google.protobuf.Any` takes. */
  private anyLiteral(message: MessageDescriptor, node: MessageFieldNode, target: OptionTarget, scope: Scope): void {
    if (message.fullName !== "google.protobuf.Any") {
      this.report(node.nameStart, node.nameEnd, `"[${node.name}]" has a meaning only in google.protobuf.Any.`);
      return;
    }
    const domain = node.name.slice(0, node.name.indexOf("/"));
    if (domain !== "type.googleapis.com" && domain !== "type.googleprod.com") {
      this.report(node.nameStart, node.nameEnd, `The type of an Any starts with "type.googleapis.com/".`);
      return;
    }
    const name = node.name.slice(node.name.lastIndexOf("/") + 1);
    const resolution = this.context.scopes.resolve(`.${name}`, undefined, this.file, () => true);
    const symbol = resolution.symbol;
    if (symbol?.kind === "message") {
      this.file.used.add(symbol.file);
      if (node.value?.kind === "message")
        this.literal(symbol, node.value.fields, node.value.start, node.value.end, target, scope);
    } else if (resolution.symbol === undefined && resolution.hidden !== undefined) {
      this.hidden(node.nameStart, node.nameEnd, resolution.hidden);
    } else if (!this.file.hasMissingImport) {
      this.report(node.nameStart, node.nameEnd, `The message "${name}" is not known. Import the file that defines it.`);
    }
  }

  private fieldFor(part: OptionNamePart, message: MessageDescriptor, scope: Scope): FieldDescriptor | undefined {
    if (part.isExtension) return this.extension(part.text, message, scope, part.start, part.end);
    const field = message.fieldByName(part.text);
    if (field === undefined) {
      const hint =
        message.file.package === "google.protobuf" && message.name.endsWith("Options")
          ? " A custom option is written in parentheses."
          : "";
      this.report(part.start, part.end, `"${message.fullName}" has no field "${part.text}".${hint}`);
    }
    return field;
  }

  private extension(
    name: string,
    message: MessageDescriptor,
    scope: Scope,
    start: number,
    end: number,
  ): FieldDescriptor | undefined {
    const resolution = this.context.scopes.resolve(name, scope, this.file, (found) => found.kind === "field");
    const symbol = resolution.symbol;
    if (symbol?.kind === "field") {
      this.file.used.add(symbol.file);
      if (symbol.extendee === undefined) return undefined;
      if (symbol.extendee.fullName === message.fullName) return symbol;
      this.report(start, end, `"${symbol.fullName}" extends "${symbol.extendee.fullName}", not "${message.fullName}".`);
    } else if (symbol !== undefined) {
      this.report(start, end, `"${symbol.fullName}" is a ${symbol.kind}, not an extension.`);
    } else if (resolution.symbol === undefined && resolution.hidden !== undefined) {
      this.hidden(start, end, resolution.hidden);
    } else if (!this.file.hasMissingImport) {
      const elsewhere = this.context.scopes.find(name.replace(/^\./, ""));
      const hint =
        elsewhere?.kind === "field"
          ? ` It is defined in "${elsewhere.file.importPath}", which this file does not import.`
          : "";
      this.report(start, end, `The option "${name}" is not defined.${hint}`);
    }
    return undefined;
  }

  private checkUse(field: FieldDescriptor, target: OptionTarget, start: number, end: number): void {
    checkTarget(this.context, this.file, field, target, start, end);
    checkSupport(this.context, this.file, field.node.options, field.fullName, start, end);
  }

  private checkOneof(field: FieldDescriptor, outer: string, set: Settings, part: OptionNamePart): boolean {
    if (field.oneof === undefined) return true;
    const other = set.oneof(`${outer}|${field.oneof.name}`, field.name);
    if (other === undefined || other === field.name) return true;
    this.report(part.start, part.end, `Oneof "${field.oneof.name}" already has "${other}" set. Remove one of the two.`);
    return false;
  }

  /** Messages set part by part must have their required fields at the end. */
  private checkRequired(set: Settings, options: readonly OptionNode[]): void {
    for (const [key, { message }] of set.branches) {
      for (const field of message.fields) {
        if (!field.isRequired || set.has(`${key}/${field.name}`)) continue;
        const first = options[0];
        const start = first?.start ?? 0;
        this.report(
          start,
          first?.end ?? start,
          `The required field "${field.name}" of "${message.fullName}" is not set.`,
        );
      }
    }
  }

  private hidden(start: number, end: number, hidden: MessageDescriptor | EnumDescriptor): void {
    this.file.used.add(hidden.file);
    if (this.file.hasMissingImport) return;
    this.context.problems.push(problemIn(this.file, start, end, "proto-local", hiddenMessage(hidden)));
  }

  private report(start: number, end: number, message: string): void {
    this.context.problems.push(problemIn(this.file, start, end, "proto-option", message));
  }
}

/** What the options of one element have set so far, by path. */
class Settings {
  readonly branches = new Map<string, { readonly message: MessageDescriptor; readonly option: OptionNode }>();
  private readonly leaves = new Set<string>();
  private readonly oneofs = new Map<string, string>();

  /** Sets a leaf; false when it, or something in it, is set already. */
  leaf(key: string): boolean {
    if (this.has(key)) return false;
    this.leaves.add(key);
    return true;
  }

  branch(key: string, message: MessageDescriptor, option: OptionNode): void {
    if (!this.branches.has(key)) this.branches.set(key, { message, option });
  }

  has(key: string): boolean {
    return this.leaves.has(key) || this.branches.has(key);
  }

  /** The member of a oneof that is set; `member` where none was. */
  oneof(key: string, member: string): string | undefined {
    const other = this.oneofs.get(key);
    if (other === undefined) this.oneofs.set(key, member);
    return other;
  }
}
