/**
 * From the text of a .proto file to its tree.
 *
 * Any text gives a tree. A mistake gives one problem, at the token where it shows, and the statements around it stay
 * understood. Nesting is bounded, so no text makes the parser recurse without end.
 */
import type {
  EnumNode,
  EnumValueNode,
  ExtendNode,
  FieldNode,
  ImportNode,
  Label,
  MapTypeNode,
  MessageNode,
  MethodNode,
  MethodTypeNode,
  OneofNode,
  OptionNode,
  PackageNode,
  ProtoFile,
  RangeNode,
  ReservedNameNode,
  ServiceNode,
  SyntaxNode,
  Visibility,
} from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { tokenKind } from "./lexer.ts";
import { parseOption, parseOptionList, parseQualifiedName, parseTextToken } from "./parse-options.ts";

/** protoc refuses messages nested deeper. */
export const deepestMessage = 32;

/** The greatest field number, and the greatest enum value. */
export const maxFieldNumber = 536_870_911;
export const maxEnumNumber = 2_147_483_647;

/** Reads one file. `path` is only used to place problems. */
export function parseProto(path: string, text: string): ProtoFile {
  return new Parser(path, text).file();
}

class Parser extends Cursor {
  file(): ProtoFile {
    let syntax: SyntaxNode | undefined;
    let packageNode: PackageNode | undefined;
    const imports: ImportNode[] = [];
    const options: OptionNode[] = [];
    const messages: MessageNode[] = [];
    const enums: EnumNode[] = [];
    const services: ServiceNode[] = [];
    const extends_: ExtendNode[] = [];
    let sawStatement = false;
    // Fields and closing braces that stand outside of any message mostly follow from one brace too many.
    let lost = false;
    while (!this.atEnd()) {
      this.beginStatement();
      const start = this.start;
      const trivia = this.previousEnd;
      const word = this.kind === tokenKind.word ? this.word() : "";
      switch (word) {
        case "syntax":
        case "edition": {
          const node = this.syntaxStatement(word, start);
          if (sawStatement || syntax !== undefined) {
            this.problem(
              "proto-syntax",
              start,
              start + word.length,
              `"${word}" must be the first statement of the file, and stand only once.`,
            );
          }
          syntax ??= node;
          break;
        }
        case "package": {
          const node = this.packageStatement(start);
          if (packageNode !== undefined) {
            this.problem(
              "proto-duplicate-package",
              start,
              node.end,
              "A file has one package. Remove this line or the other.",
            );
          }
          packageNode ??= node;
          break;
        }
        case "import":
          imports.push(this.importStatement(start));
          break;
        case "option":
          options.push(this.optionStatement(start));
          break;
        case "message":
          messages.push(this.message(start, trivia, "", 1));
          break;
        case "enum":
          enums.push(this.enumeration(start, trivia, ""));
          break;
        case "service":
          services.push(this.service(start, trivia));
          break;
        case "extend":
          extends_.push(this.extend(start, trivia, messages, 1));
          break;
        case "export":
        case "local":
          this.visible(start, trivia, word, messages, enums, 1, true);
          break;
        default:
          if (this.takeChar(59)) break;
          if (!lost) this.expected(`a declaration such as "message", "enum", "service" or "import"`);
          lost = true;
          this.recover();
          if (this.start === start && !this.atEnd()) this.next();
          sawStatement = true;
          continue;
      }
      lost = false;
      sawStatement = true;
      if (this.start === start && !this.atEnd()) this.next();
    }
    return {
      path: this.path,
      text: this.text,
      syntax,
      package: packageNode,
      imports,
      options,
      messages,
      enums,
      services,
      extends: extends_,
      problems: this.problems,
    };
  }

  private syntaxStatement(keyword: "syntax" | "edition", start: number): SyntaxNode {
    this.next();
    this.expectChar(61);
    const value = parseTextToken(this, `a version in quotes, such as "proto3"`);
    const end = this.endStatement();
    const text = value?.kind === "string" ? value.text : "";
    return { keyword, start, end, value: text, valueStart: value?.start ?? start, valueEnd: value?.end ?? end };
  }

  private packageStatement(start: number): PackageNode {
    this.next();
    const nameStart = this.start;
    if (this.char === 46) this.expected("the name of a package");
    const name = parseQualifiedName(this, "the name of a package");
    const nameEnd = this.previousEnd;
    const end = this.endStatement();
    return { start, end, name: this.trimName(name), nameStart, nameEnd: Math.max(nameStart, nameEnd) };
  }

  /** `a.b.` with its last part missing still names what stands before the dot. */
  private trimName(name: string): string {
    return name.endsWith(".") ? name.slice(0, -1) : name;
  }

  private importStatement(start: number): ImportNode {
    this.next();
    let modifier: ImportNode["modifier"] = "";
    const modifierStart = this.start;
    for (const word of ["public", "weak", "option"] as const) {
      if (modifier === "" && this.takeWord(word)) modifier = word;
    }
    const value = parseTextToken(this, "the path of a file in quotes");
    const end = this.endStatement();
    const path = value?.kind === "string" ? value.text : "";
    return { start, end, modifier, modifierStart, path, pathStart: value?.start ?? start, pathEnd: value?.end ?? end };
  }

  private optionStatement(start: number): OptionNode {
    this.next();
    const node = parseOption(this, start);
    return { ...node, end: this.endStatement() };
  }

  /** `export` and `local` before a message or enum; elsewhere the word is the name of a type. */
  private visible(
    start: number,
    trivia: number,
    visibility: Visibility,
    messages: MessageNode[],
    enums: EnumNode[],
    depth: number,
    atFileLevel: boolean,
  ): boolean {
    const back = this.previousEnd;
    this.next();
    const isMessage = this.isWord("message");
    const isEnum = this.isWord("enum");
    if (isMessage || isEnum) {
      const second = this.previousEnd;
      this.next();
      const named = this.kind === tokenKind.word;
      this.seek(second);
      if (named) {
        if (isMessage) messages.push(this.message(start, trivia, visibility, depth));
        else enums.push(this.enumeration(start, trivia, visibility));
        return true;
      }
    }
    if (!atFileLevel) {
      this.seek(back);
      return false;
    }
    this.expected(`"message" or "enum"`);
    this.recover();
    return true;
  }

  /** The name of a declaration, or "" with a problem. */
  private declaredName(what: string): string {
    if (this.kind !== tokenKind.word) {
      this.expected(`the name of ${what}`);
      return "";
    }
    const name = this.word();
    this.next();
    return name;
  }

  /**
   * Whether a body follows. Where only the brace is missing, what follows is read as the body all the same;
   * where more is wrong, the statement is skipped.
   */
  private opensBody(): boolean {
    if (this.takeChar(123)) return true;
    this.expected(`"{"`);
    if (this.kind === tokenKind.word || this.char === 125) return true;
    this.recover();
    return false;
  }

  /** Takes the `}` of a body and gives the end of the declaration. */
  private closeBody(): number {
    if (this.takeChar(125)) return this.previousEnd;
    this.beginStatement();
    const last = this.problems.at(-1);
    // Several bodies that miss their end at the end of the file are one mistake.
    if (last === undefined || last.span.start < this.start) this.expected(`"}"`);
    return this.previousEnd;
  }

  private message(start: number, trivia: number, visibility: Visibility, depth: number): MessageNode {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a message");
    const node = emptyMessage(start, trivia, visibility, name, nameStart, false);
    if (this.opensBody()) node.end = this.messageBody(node, depth);
    else node.end = Math.max(start, this.previousEnd);
    return node;
  }

  private messageBody(node: MessageNode, depth: number): number {
    if (depth >= deepestMessage) {
      const start = this.previousEnd - 1;
      this.problem(
        "proto-nesting",
        start,
        start + 1,
        `Messages nest up to ${deepestMessage - 1} levels deep. Move this one further out.`,
      );
      this.seek(start);
      this.skipBlock();
      return this.previousEnd;
    }
    while (this.char !== 125 && !this.atEnd()) {
      const start = this.start;
      this.beginStatement();
      this.messageStatement(node, depth);
      if (this.start === start && !this.atEnd()) {
        // Nothing was taken: step over the token, so that the loop ends for any text.
        this.next();
      }
    }
    return this.closeBody();
  }

  private messageStatement(node: MessageNode, depth: number): void {
    const start = this.start;
    const trivia = this.previousEnd;
    const word = this.kind === tokenKind.word ? this.word() : "";
    switch (word) {
      case "message":
        node.messages.push(this.message(start, trivia, "", depth + 1));
        return;
      case "enum":
        node.enums.push(this.enumeration(start, trivia, ""));
        return;
      case "extend":
        node.extends.push(this.extend(start, trivia, node.messages, depth + 1));
        return;
      case "option":
        node.options.push(this.optionStatement(start));
        return;
      case "oneof":
        this.oneof(node, start, trivia, depth);
        return;
      case "extensions":
        this.extensions(node, start);
        return;
      case "reserved":
        this.reserved(node.reservedRanges, node.reservedNames, maxFieldNumber);
        return;
      case "export":
      case "local":
        if (this.visible(start, trivia, word, node.messages, node.enums, depth + 1, false)) return;
        break;
      default:
        break;
    }
    if (this.takeChar(59)) return;
    if (word === "" && this.char !== 46) {
      this.expected("a field or another member of the message");
      this.recover();
      return;
    }
    this.field(node.fields, node.messages, undefined, depth, true);
  }

  /** A field, map field or group, appended to `fields` (and the group's message to `messages`). */
  private field(
    fields: FieldNode[],
    messages: MessageNode[],
    oneof: OneofNode | undefined,
    depth: number,
    mayBeMap: boolean,
  ): void {
    const start = this.start;
    const trivia = this.previousEnd;
    let label: Label = "";
    const word = this.word();
    if (word === "optional" || word === "required" || word === "repeated") {
      label = word;
      this.next();
      if (oneof !== undefined) {
        this.problem(
          "proto-oneof-label",
          start,
          start + word.length,
          `A field of a oneof takes no label. Remove "${word}".`,
        );
      }
    }
    const typeStart = this.start;
    if (this.isWord("group")) {
      this.next();
      const isGroup = this.kind === tokenKind.word;
      if (isGroup) return this.group(fields, messages, oneof, depth, start, trivia, label);
      this.expected("the name of a group");
      this.recover();
      return;
    }
    let map: MapTypeNode | undefined;
    let typeName: string;
    if (this.isWord("map")) {
      this.next();
      if (this.char === 60) {
        map = this.mapType();
        typeName = "map";
        if (!mayBeMap || label !== "") {
          this.problem(
            "proto-map-place",
            typeStart,
            typeStart + 3,
            "A map field stands directly in a message and takes no label.",
          );
        }
      } else {
        typeName = this.restOfName("map");
      }
    } else if (this.kind === tokenKind.word) {
      const first = this.word();
      this.next();
      typeName = this.char === 46 ? this.restOfName(first) : first;
    } else {
      typeName = parseQualifiedName(this, "a type");
    }
    const typeEnd = this.previousEnd;
    const nameStart = this.start;
    const name = this.declaredName("a field");
    let number = Number.NaN;
    let numberStart = this.start;
    // Behind a missing name or sign the number is still worth reading.
    if (this.expectChar(61) || this.isInt()) {
      numberStart = this.start;
      number = this.integer(false);
    }
    const numberEnd = Math.max(numberStart, this.previousEnd);
    const options = parseOptionList(this);
    const end = this.endStatement();
    fields.push({
      kind: "field",
      start,
      end,
      trivia,
      label,
      typeName: this.trimName(typeName),
      typeStart,
      typeEnd,
      name,
      nameStart,
      number,
      numberStart,
      numberEnd,
      options,
      oneof,
      map,
      group: undefined,
    });
  }

  /** (A call, as the compiler would else believe that `kind` cannot have changed.) */
  private isInt(): boolean {
    return this.kind === tokenKind.int;
  }

  private restOfName(first: string): string {
    let name = first;
    while (this.takeChar(46)) {
      name += ".";
      if (this.kind !== tokenKind.word) {
        this.expected("the rest of the name");
        break;
      }
      name += this.word();
      this.next();
    }
    return name;
  }

  private mapType(): MapTypeNode {
    this.next();
    const keyStart = this.start;
    const keyType = parseQualifiedName(this, "the type of the map's keys");
    const keyEnd = this.previousEnd;
    this.expectChar(44);
    const valueStart = this.start;
    const valueType = parseQualifiedName(this, "the type of the map's values");
    const valueEnd = this.previousEnd;
    this.expectChar(62);
    return { keyType, keyStart, keyEnd, valueType, valueStart, valueEnd };
  }

  private group(
    fields: FieldNode[],
    messages: MessageNode[],
    oneof: OneofNode | undefined,
    depth: number,
    start: number,
    trivia: number,
    label: Label,
  ): void {
    const nameStart = this.start;
    const name = this.word();
    const typeStart = nameStart;
    this.next();
    let number = Number.NaN;
    let numberStart = this.start;
    if (this.expectChar(61) || this.isInt()) {
      numberStart = this.start;
      number = this.integer(false);
    }
    const numberEnd = Math.max(numberStart, this.previousEnd);
    const options = parseOptionList(this);
    const message = emptyMessage(start, trivia, "", name, nameStart, true);
    const place = fields.length;
    if (this.opensBody()) message.end = this.messageBody(message, depth + 1);
    else message.end = Math.max(start, this.previousEnd);
    fields.splice(place, 0, {
      kind: "field",
      start,
      end: message.end,
      trivia,
      label,
      typeName: name,
      typeStart,
      typeEnd: nameStart + name.length,
      name: name.toLowerCase(),
      nameStart,
      number,
      numberStart,
      numberEnd,
      options,
      oneof,
      map: undefined,
      group: message,
    });
    messages.push(message);
  }

  private oneof(message: MessageNode, start: number, trivia: number, depth: number): void {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a oneof");
    const node: OneofNode = { kind: "oneof", start, end: start, trivia, name, nameStart, options: [] };
    message.oneofs.push(node);
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return;
    }
    while (this.char !== 125 && !this.atEnd()) {
      const at = this.start;
      this.beginStatement();
      if (this.isWord("option")) node.options.push(this.optionStatement(at));
      else if (this.kind === tokenKind.word || this.char === 46)
        this.field(message.fields, message.messages, node, depth, false);
      else if (!this.takeChar(59)) {
        this.expected("a field of the oneof");
        this.recover();
      }
      if (this.start === at && !this.atEnd()) this.next();
    }
    node.end = this.closeBody();
  }

  private extend(start: number, trivia: number, messages: MessageNode[], depth: number): ExtendNode {
    this.next();
    const typeStart = this.start;
    const typeName = parseQualifiedName(this, "the message to extend");
    const typeEnd = Math.max(typeStart, this.previousEnd);
    const node: ExtendNode = {
      kind: "extend",
      start,
      end: start,
      trivia,
      typeName: this.trimName(typeName),
      typeStart,
      typeEnd,
      fields: [],
      messages: [],
    };
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return node;
    }
    while (this.char !== 125 && !this.atEnd()) {
      const at = this.start;
      this.beginStatement();
      if (this.kind === tokenKind.word || this.char === 46)
        this.field(node.fields, node.messages, undefined, depth - 1, false);
      else if (!this.takeChar(59)) {
        this.expected("an extension field");
        this.recover();
      }
      if (this.start === at && !this.atEnd()) this.next();
    }
    node.end = this.closeBody();
    messages.push(...node.messages);
    return node;
  }

  private extensions(node: MessageNode, start: number): void {
    this.next();
    const first = node.extensionRanges.length;
    this.ranges(node.extensionRanges, maxFieldNumber, false);
    const options = this.failed ? [] : parseOptionList(this);
    const end = this.endStatement();
    for (let i = first; i < node.extensionRanges.length; i++) {
      const range = node.extensionRanges[i];
      if (range !== undefined) node.extensionRanges[i] = { ...range, options, end: Math.min(range.end, end) };
    }
    if (node.extensionRanges.length === first && !this.failed)
      this.syntaxProblem(start, end, "Say which numbers are for extensions.");
  }

  private reserved(ranges: RangeNode[], names: ReservedNameNode[], max: number): void {
    this.next();
    if (this.kind === tokenKind.string || this.kind === tokenKind.word) {
      do {
        const nameStart = this.start;
        if (this.kind === tokenKind.string) {
          const value = parseTextToken(this, "a name");
          names.push({
            start: nameStart,
            end: this.previousEnd,
            name: value?.kind === "string" ? value.text : "",
            quoted: true,
          });
        } else if (this.kind === tokenKind.word) {
          names.push({ start: nameStart, end: this.end, name: this.word(), quoted: false });
          this.next();
        } else {
          this.expected("a name to reserve");
        }
      } while (!this.failed && this.takeChar(44));
    } else {
      this.ranges(ranges, max, max === maxEnumNumber);
    }
    this.endStatement();
  }

  private ranges(ranges: RangeNode[], max: number, mayBeNegative: boolean): void {
    do {
      const start = this.start;
      const from = this.integer(mayBeNegative);
      if (this.failed) return;
      const fromEnd = this.previousEnd;
      let to = from;
      let toStart = start;
      let toEnd = fromEnd;
      let isMax = false;
      if (this.takeWord("to")) {
        toStart = this.start;
        isMax = this.takeWord("max");
        to = isMax ? max : this.integer(mayBeNegative);
        toEnd = Math.max(toStart, this.previousEnd);
      }
      ranges.push({ start, end: toEnd, from, to, fromStart: start, fromEnd, toStart, toEnd, isMax, options: [] });
    } while (!this.failed && this.takeChar(44));
  }

  /** A whole number; NaN and a problem where none stands. */
  private integer(mayBeNegative: boolean): number {
    let sign = 1;
    if (mayBeNegative && this.takeChar(45)) sign = -1;
    if (this.kind !== tokenKind.int) {
      this.expected("a whole number");
      return Number.NaN;
    }
    const value = integerValue(this.word());
    this.next();
    return sign * value;
  }

  private enumeration(start: number, trivia: number, visibility: Visibility): EnumNode {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("an enum");
    const node: EnumNode = {
      kind: "enum",
      start,
      end: start,
      trivia,
      visibility,
      name,
      nameStart,
      values: [],
      options: [],
      reservedRanges: [],
      reservedNames: [],
    };
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return node;
    }
    while (this.char !== 125 && !this.atEnd()) {
      const at = this.start;
      this.beginStatement();
      this.enumStatement(node);
      if (this.start === at && !this.atEnd()) this.next();
    }
    node.end = this.closeBody();
    return node;
  }

  private enumStatement(node: EnumNode): void {
    const start = this.start;
    if (this.isWord("option")) {
      node.options.push(this.optionStatement(start));
      return;
    }
    if (this.isWord("reserved")) {
      this.reserved(node.reservedRanges, node.reservedNames, maxEnumNumber);
      return;
    }
    if (this.takeChar(59)) return;
    if (this.kind !== tokenKind.word) {
      this.expected("an enum value");
      this.recover();
      return;
    }
    const trivia = this.previousEnd;
    const name = this.word();
    this.next();
    let number = Number.NaN;
    let numberStart = this.start;
    if (this.expectChar(61) || this.isInt()) {
      numberStart = this.start;
      number = this.integer(true);
    }
    const numberEnd = Math.max(numberStart, this.previousEnd);
    const options = parseOptionList(this);
    const end = this.endStatement();
    const value: EnumValueNode = {
      kind: "enum-value",
      start,
      end,
      trivia,
      name,
      nameStart: start,
      number,
      numberStart,
      numberEnd,
      options,
    };
    node.values.push(value);
  }

  private service(start: number, trivia: number): ServiceNode {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a service");
    const node: ServiceNode = { kind: "service", start, end: start, trivia, name, nameStart, methods: [], options: [] };
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return node;
    }
    while (this.char !== 125 && !this.atEnd()) {
      const at = this.start;
      this.beginStatement();
      if (this.isWord("option")) node.options.push(this.optionStatement(at));
      else if (this.isWord("rpc")) node.methods.push(this.method(at));
      else if (!this.takeChar(59)) {
        this.expected(`"rpc" or "option"`);
        this.recover();
      }
      if (this.start === at && !this.atEnd()) this.next();
    }
    node.end = this.closeBody();
    return node;
  }

  private method(start: number): MethodNode {
    const trivia = this.previousEnd;
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("an rpc");
    const request = this.methodType("the type of the request");
    if (!this.takeWord("returns")) this.expected(`"returns"`);
    const response = this.methodType("the type of the response");
    const options: OptionNode[] = [];
    let end: number;
    if (this.takeChar(123)) {
      while (this.char !== 125 && !this.atEnd()) {
        const at = this.start;
        this.beginStatement();
        if (this.isWord("option")) options.push(this.optionStatement(at));
        else if (!this.takeChar(59)) {
          this.expected(`"option" or "}"`);
          this.recover();
        }
        if (this.start === at && !this.atEnd()) this.next();
      }
      end = this.closeBody();
    } else {
      end = this.endStatement();
    }
    return { kind: "method", start, end, trivia, name, nameStart, request, response, options };
  }

  private methodType(what: string): MethodTypeNode {
    const opened = this.expectChar(40);
    if (opened) this.open++;
    let stream = false;
    const streamStart = this.start;
    if (this.isWord("stream")) {
      const back = this.previousEnd;
      this.next();
      stream = this.char !== 41;
      if (!stream) this.seek(back);
    }
    const start = this.start;
    const typeName = this.failed ? "" : parseQualifiedName(this, what);
    const end = Math.max(start, this.previousEnd);
    if (this.expectChar(41) && opened) this.open--;
    return { start, end, stream, streamStart, typeName: this.trimName(typeName) };
  }
}

function emptyMessage(
  start: number,
  trivia: number,
  visibility: Visibility,
  name: string,
  nameStart: number,
  isGroup: boolean,
): MessageNode {
  return {
    kind: "message",
    start,
    end: start,
    trivia,
    visibility,
    name,
    nameStart,
    isGroup,
    fields: [],
    oneofs: [],
    messages: [],
    enums: [],
    extends: [],
    options: [],
    extensionRanges: [],
    reservedRanges: [],
    reservedNames: [],
  };
}

/** The value of an integer token: decimal, octal or hexadecimal. Beyond 2^53 it is only near. */
export function integerValue(text: string): number {
  if (text.length > 1 && text.charCodeAt(0) === 48) {
    const second = text.charCodeAt(1) | 32;
    return second === 120 ? Number.parseInt(text, 16) : Number.parseInt(text, 8);
  }
  return Number(text);
}
