/** What bodies of messages and enums have in common: names, braces, numbers, ranges, options; and enums themselves. */
import type { EnumNode, EnumValueNode, OptionNode, RangeNode, ReservedNameNode, Visibility } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { tokenKind } from "./lexer.ts";
import { parseOption, parseOptionList, parseTextToken } from "./parse-options.ts";

/** The greatest enum value. */
export const maxEnumNumber = 2_147_483_647;

/** Declarations that cannot stand in an enum: where one does, the enum's brace is missing. */
const foreignToEnum = new Set(["message", "enum", "oneof", "extend", "service", "rpc", "import"]);

export class EnumParser extends Cursor {
  protected optionStatement(start: number): OptionNode {
    this.next();
    const node = parseOption(this, start);
    return { ...node, end: this.endStatement() };
  }

  /** The name of a declaration, or "" with a problem. */
  protected declaredName(what: string): string {
    if (this.kind !== tokenKind.word) {
      this.expected(`the name of ${what}`);
      return "";
    }
    const name = this.shared(this.start, this.end);
    this.next();
    return name;
  }

  /**
   * Whether a body follows. Where only the brace is missing, what follows is read as the body all the same;
   * where more is wrong, the statement is skipped.
   */
  protected opensBody(): boolean {
    if (this.takeChar(123)) return true;
    this.expected(`"{"`);
    if (this.kind === tokenKind.word || this.char === 125) return true;
    this.recover();
    return false;
  }

  /** Takes the `}` of a body and gives the end of the declaration. */
  protected closeBody(): number {
    if (this.takeChar(125)) return this.previousEnd;
    this.beginStatement();
    const last = this.problems.at(-1);
    // Several bodies that miss their end at one place are one mistake.
    if (this.lostAtEnd || last?.span.start === this.start) return this.previousEnd;
    this.expected(`"}"`);
    return this.previousEnd;
  }

  /** `a.b.` with its last part missing still names what stands before the dot. */
  protected trimName(name: string): string {
    return name.endsWith(".") ? name.slice(0, -1) : name;
  }

  /** (A call, as the compiler would else believe that `kind` cannot have changed.) */
  protected isInt(): boolean {
    return this.kind === tokenKind.int;
  }

  /** A whole number; NaN and a problem where none stands. */
  protected integer(mayBeNegative: boolean): number {
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

  protected ranges(ranges: RangeNode[], max: number, mayBeNegative: boolean): void {
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

  protected reserved(ranges: RangeNode[], names: ReservedNameNode[], max: number): void {
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

  protected enumeration(start: number, trivia: number, visibility: Visibility): EnumNode {
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
    while (this.char !== 125 && !this.atEnd() && !this.startsForeign(foreignToEnum) && !this.startsField()) {
      const at = this.start;
      this.beginStatement();
      this.enumStatement(node);
      if (this.start === at && !this.atEnd()) this.next();
    }
    node.end = this.closeBody();
    return node;
  }

  protected enumStatement(node: EnumNode): void {
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
}

/** The value of an integer token: decimal, octal or hexadecimal. Beyond 2^53 it is only near. */
export function integerValue(text: string): number {
  if (text.length > 1 && text.charCodeAt(0) === 48) {
    const second = text.charCodeAt(1) | 32;
    return second === 120 ? Number.parseInt(text, 16) : Number.parseInt(text, 8);
  }
  return Number(text);
}
