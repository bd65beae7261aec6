/** Extensions against the messages that they extend: ranges, numbers given twice, and what a range declares. */
import type { MessageFieldNode, ValueNode } from "../ast.ts";
import { optionWord, problemIn, type FieldDescriptor, type MessageDescriptor } from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";
import { checkNumber } from "./messages.ts";
import { bigValue } from "./option-values.ts";
import { extensionsOf, messagesOf } from "./walk.ts";

export function checkExtensions(context: ValidationContext): void {
  const taken = new Map<MessageDescriptor, Map<number, FieldDescriptor>>();
  const declared = new Map<string, Declaration>();
  for (const file of context.files)
    for (const message of messagesOf(file)) checkDeclarations(context, message, declared);
  for (const file of context.files)
    for (const extension of extensionsOf(file)) checkExtension(context, extension, taken);
}

function checkExtension(
  context: ValidationContext,
  extension: FieldDescriptor,
  taken: Map<MessageDescriptor, Map<number, FieldDescriptor>>,
): void {
  const { extendee, file, number, node } = extension;
  if (extendee === undefined) return;
  const at = extension.numberPlace.span;
  const report = (start: number, end: number, message: string): void => {
    context.problems.push(problemIn(file, start, end, "proto-extension", message));
  };
  const isMessageSet = optionWord(extendee.node.options, "message_set_wire_format") === "true";
  if (isMessageSet && extension.type !== "unknown" && (extension.type !== "message" || extension.isRepeated)) {
    report(node.typeStart, node.typeEnd, "A message set takes single messages only.");
  }
  if (file.syntax === "proto3" && !/^google\.protobuf\.\w+Options$/.test(extendee.fullName)) {
    const extend = extension.extend;
    if (extend?.fields[0] === node)
      report(extend.typeStart, extend.typeEnd, "proto3 extends the messages of options only.");
  }
  if (
    optionWord(file.node.options, "optimize_for") === "LITE_RUNTIME" &&
    optionWord(extendee.file.node.options, "optimize_for") !== "LITE_RUNTIME"
  ) {
    const extend = extension.extend;
    report(
      extend?.typeStart ?? at.start,
      extend?.typeEnd ?? at.end,
      `A file for the lite runtime extends messages of such files only, and "${extendee.file.importPath}" is none.`,
    );
  }
  if (
    !extendee.node.extensionRanges.some(
      (range) => range.from <= number && (number <= range.to || (isMessageSet && range.isMax)),
    )
  ) {
    if (!Number.isNaN(number))
      report(at.start, at.end, `The number ${number} is not for extensions of "${extendee.fullName}".`);
    return;
  }
  if (!isMessageSet) checkNumber(context, extension);
  let numbers = taken.get(extendee);
  if (numbers === undefined) taken.set(extendee, (numbers = new Map<number, FieldDescriptor>()));
  const other = numbers.get(number);
  if (other === undefined) numbers.set(number, extension);
  else {
    const related = [{ ...other.numberPlace, message: `"${other.fullName}" has it first` }];
    const message = `"${extension.fullName}" and "${other.fullName}" both extend "${extendee.fullName}" with the number ${number}. Give one of them another.`;
    context.problems.push(problemIn(file, at.start, at.end, "proto-duplicate-number", message, related));
  }
  checkAgainstDeclaration(context, extension, extendee);
}

/** What an extension range says of one number. */
interface Declaration {
  readonly node: ValueNode;
  readonly number: number | undefined;
  readonly fullName: string | undefined;
  readonly type: string | undefined;
  readonly repeated: boolean;
  readonly reserved: boolean;
  readonly extendee: string;
}

function declarationsOf(
  message: MessageDescriptor,
): Array<{ declaration: Declaration; range: MessageDescriptor["node"]["extensionRanges"][number] }> {
  return message.node.extensionRanges.flatMap((range) =>
    range.options
      .filter(
        (option) => option.name.length === 1 && option.name[0]?.text === "declaration" && !option.name[0].isExtension,
      )
      .flatMap((option) =>
        option.value?.kind === "message" ? [{ declaration: readDeclaration(option.value, message), range }] : [],
      ),
  );
}

function readDeclaration(node: ValueNode & { kind: "message" }, message: MessageDescriptor): Declaration {
  const field = (name: string): MessageFieldNode["value"] =>
    node.fields.find((candidate) => candidate.name === name)?.value;
  const text = (name: string): string | undefined => {
    const value = field(name);
    return value?.kind === "string" ? value.text : undefined;
  };
  const flag = (name: string): boolean => {
    const value = field(name);
    return value?.kind === "word" && value.text === "true";
  };
  const number = field("number");
  return {
    node,
    number: number?.kind === "int" ? Number(bigValue(number)) : undefined,
    fullName: text("full_name"),
    type: text("type"),
    repeated: flag("repeated"),
    reserved: flag("reserved"),
    extendee: message.fullName,
  };
}

function checkDeclarations(
  context: ValidationContext,
  message: MessageDescriptor,
  declared: Map<string, Declaration>,
): void {
  const ranges = new Set<unknown>();
  for (const { declaration, range } of declarationsOf(message)) {
    // Ranges of one statement share their declarations.
    if (ranges.has(declaration.node)) continue;
    ranges.add(declaration.node);
    const problem = declarationProblem(declaration, message, range.options, declared);
    if (problem === undefined) continue;
    const at = fieldNode(declaration, problem.field) ?? declaration.node;
    context.problems.push(problemIn(message.file, at.start, at.end, "proto-extension-declaration", problem.message));
  }
}

function fieldNode(declaration: Declaration, name: string | undefined): { start: number; end: number } | undefined {
  return declaration.node.kind === "message" ? declaration.node.fields.find((field) => field.name === name) : undefined;
}

function declarationProblem(
  declaration: Declaration,
  message: MessageDescriptor,
  options: readonly unknown[],
  declared: Map<string, Declaration>,
): { field?: string; message: string } | undefined {
  const { number, fullName, type, reserved } = declaration;
  if (number === undefined) return { message: "A declaration needs the number that it is about." };
  const inRange = message.node.extensionRanges.some(
    (range) => range.options === options && range.from <= number && number <= range.to,
  );
  if (!inRange) return { field: "number", message: `The number ${number} of the declaration is not in the range.` };
  if (!reserved && fullName === undefined) return { message: "A declaration that is not reserved needs a full_name." };
  if (!reserved && type === undefined) return { message: "A declaration that is not reserved needs a type." };
  if (reserved && (fullName === undefined) !== (type === undefined)) {
    return {
      field: fullName === undefined ? "type" : "full_name",
      message: "A reserved declaration has both full_name and type, or neither.",
    };
  }
  if (fullName !== undefined) {
    if (!fullName.startsWith(".")) return { field: "full_name", message: `"${fullName}" must start with a dot.` };
    if (!isQualified(fullName))
      return { field: "full_name", message: `"${fullName}" is not the full name of anything.` };
    const other = declared.get(fullName);
    if (other !== undefined)
      return {
        field: "full_name",
        message: `"${fullName}" is already declared as an extension of "${other.extendee}".`,
      };
    declared.set(fullName, declaration);
  }
  if (type !== undefined && type.startsWith(".") && !isQualified(type))
    return { field: "type", message: `"${type}" is not the full name of a type.` };
  return undefined;
}

function isQualified(name: string): boolean {
  return /^(?:\.[A-Za-z_]\w*)+$/.test(name);
}

function checkAgainstDeclaration(
  context: ValidationContext,
  extension: FieldDescriptor,
  extendee: MessageDescriptor,
): void {
  const { number, node, file } = extension;
  const report = (start: number, end: number, message: string): void => {
    context.problems.push(problemIn(file, start, end, "proto-extension-declaration", message));
  };
  const found = declarationsOf(extendee).find(({ declaration }) => declaration.number === number)?.declaration;
  const at = extension.numberPlace.span;
  if (found === undefined) {
    const range = extendee.node.extensionRanges.find((candidate) => candidate.from <= number && number <= candidate.to);
    const verified =
      range !== undefined &&
      (optionWord(range.options, "verification") === "DECLARATION" ||
        declarationsOf(extendee).some((other) => other.range === range));
    if (verified)
      report(
        at.start,
        at.end,
        `"${extendee.fullName}" wants its extensions declared, and declares none with the number ${number}.`,
      );
    return;
  }
  if (found.reserved) {
    report(at.start, at.end, `The number ${number} is declared as reserved.`);
    return;
  }
  const { span: name } = extension.namePlace;
  if (found.fullName !== undefined && found.fullName !== `.${extension.fullName}`) {
    report(
      name.start,
      name.end,
      `The extension with the number ${number} is declared as "${found.fullName.slice(1)}".`,
    );
  }
  const type = extension.typeRef === undefined ? extension.type : `.${extension.typeRef.fullName}`;
  if (found.type !== undefined && extension.type !== "unknown" && found.type !== type) {
    report(
      node.typeStart,
      node.typeEnd,
      `The extension with the number ${number} is declared with the type "${found.type}".`,
    );
  }
  if (found.repeated !== extension.isRepeated) {
    report(
      node.start,
      node.typeEnd,
      `The extension with the number ${number} is declared as ${found.repeated ? "repeated" : "single"}.`,
    );
  }
}
