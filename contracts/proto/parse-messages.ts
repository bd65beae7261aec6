/** Messages, their fields, oneofs and groups, and extensions. */
import type { EnumNode, ExtendNode, FieldNode, Label, MapTypeNode, MessageNode, OneofNode, Visibility } from "./ast.ts";
import { tokenKind } from "./lexer.ts";
import { EnumParser } from "./parse-enums.ts";
import { parseOptionList, parseQualifiedName } from "./parse-options.ts";

/** protoc refuses messages nested deeper. */
export const deepestMessage = 32;

/** The greatest field number. */
export const maxFieldNumber = 536_870_911;

/** Declarations that cannot stand in a body: where one does, the body's brace is missing. */
const foreignToMessage = new Set(["service", "rpc", "import"]);
const foreignToOneof = new Set([
  "message",
  "enum",
  "oneof",
  "extend",
  "service",
  "reserved",
  "extensions",
  "rpc",
  "import",
]);
const foreignToExtend = new Set(["message", "enum", "extend", "service", "rpc", "import"]);

export class MessageParser extends EnumParser {
  /** `export` and `local` before a message or enum; elsewhere the word is the name of a type. */
  protected visible(
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

  protected message(start: number, trivia: number, visibility: Visibility, depth: number): MessageNode {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a message");
    const node = emptyMessage(start, trivia, visibility, name, nameStart, false);
    if (this.opensBody()) node.end = this.messageBody(node, depth);
    else node.end = Math.max(start, this.previousEnd);
    return node;
  }

  protected messageBody(node: MessageNode, depth: number): number {
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
    while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToMessage)) {
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

  protected messageStatement(node: MessageNode, depth: number): void {
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
  protected field(
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
      typeName = parseQualifiedName(this, "a type", "the rest of the name");
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

  protected restOfName(first: string): string {
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

  protected mapType(): MapTypeNode {
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

  protected group(
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

  protected oneof(message: MessageNode, start: number, trivia: number, depth: number): void {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a oneof");
    const node: OneofNode = { kind: "oneof", start, end: start, trivia, name, nameStart, options: [] };
    message.oneofs.push(node);
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return;
    }
    while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToOneof)) {
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

  protected extend(start: number, trivia: number, messages: MessageNode[], depth: number): ExtendNode {
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
    while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToExtend)) {
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

  protected extensions(node: MessageNode, start: number): void {
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
