/**
 * From the text of a .proto file to its tree.
 *
 * Any text gives a tree. A mistake gives one problem, at the token where it shows, and the statements around it stay
 * understood. Nesting is bounded, so no text makes the parser recurse without end.
 */
import type {
  EnumNode,
  ExtendNode,
  ImportNode,
  MessageNode,
  MethodNode,
  MethodTypeNode,
  OptionNode,
  PackageNode,
  ProtoFile,
  ServiceNode,
  SyntaxNode,
} from "./ast.ts";
import { tokenKind } from "./lexer.ts";
import { trimEnum, trimExtend, trimMessage, trimmed, trimService } from "./lists.ts";
import { MessageParser } from "./parse-messages.ts";
import { parseQualifiedName, parseTextToken } from "./parse-options.ts";

/** Declarations that cannot stand in a body: where one does, the body's brace is missing. */
const foreignToService = new Set(["message", "enum", "extend", "service", "import"]);
const foreignToMethod = new Set(["message", "enum", "extend", "service", "rpc", "import"]);

/** Reads one file. `path` is only used to place problems. */
export function parseProto(path: string, text: string): ProtoFile {
  return new Parser(path, text).file();
}

class Parser extends MessageParser {
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
    for (const node of messages) trimMessage(node);
    for (const node of enums) trimEnum(node);
    for (const node of services) trimService(node);
    for (const node of extends_) trimExtend(node);
    return {
      path: this.path,
      text: this.text,
      syntax,
      package: packageNode,
      imports: trimmed(imports),
      options: trimmed(options),
      messages: trimmed(messages),
      enums: trimmed(enums),
      services: trimmed(services),
      extends: trimmed(extends_),
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

  private service(start: number, trivia: number): ServiceNode {
    this.next();
    const nameStart = this.start;
    const name = this.declaredName("a service");
    const node: ServiceNode = { kind: "service", start, end: start, trivia, name, nameStart, methods: [], options: [] };
    if (!this.opensBody()) {
      node.end = Math.max(start, this.previousEnd);
      return node;
    }
    while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToService)) {
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
    if (this.opensOptions()) {
      while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToMethod)) {
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

  /** Whether the options of an rpc follow; where only their brace is missing, they are read all the same. */
  private opensOptions(): boolean {
    if (this.takeChar(123)) return true;
    if (!this.isWord("option") || this.failed) return false;
    this.expected(`"{" or ";"`);
    return true;
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
