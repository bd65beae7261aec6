/** Pairs of .proto files for property tests: a random file, and the same with random changes. */
import * as fc from "fast-check";

export type Syntax = "proto2" | "proto3" | "2023";

interface FieldModel {
  readonly number: number;
  /** Which of the names that this number can have. */
  readonly nameVariant: number;
  readonly type: string;
  readonly shape: "single" | "optional" | "required" | "repeated" | "map" | "oneof";
  readonly keyType: string;
  readonly jsonName: boolean;
  readonly packed: boolean | undefined;
  readonly defaultOne: boolean;
}

interface EnumModel {
  readonly values: readonly number[];
  readonly renamed: boolean;
}

interface MethodModel {
  readonly request: string;
  readonly response: string;
  readonly clientStream: boolean;
  readonly serverStream: boolean;
}

interface FileModel {
  readonly syntax: Syntax;
  readonly messages: ReadonlyArray<{ readonly fields: readonly FieldModel[]; readonly reserved: boolean } | undefined>;
  readonly enums: readonly [EnumModel, EnumModel];
  readonly methods: ReadonlyArray<MethodModel | undefined>;
}

export interface ModelPair {
  readonly before: string;
  readonly after: string;
}

const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" ");
const messageNames = ["A", "B", "C"];
const enumNames = ["E", "F"];
const highest = 5;

const fieldModel = (number: number): fc.Arbitrary<FieldModel> =>
  fc.record({
    number: fc.constant(number),
    nameVariant: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
    type: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...scalars) },
      { weight: 2, arbitrary: fc.constantFrom(...messageNames, ...enumNames) },
    ),
    shape: fc.constantFrom("single", "single", "optional", "required", "repeated", "map", "oneof"),
    keyType: fc.constantFrom("int32", "string", "bool"),
    jsonName: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    packed: fc.constantFrom(undefined, undefined, undefined, true, false),
    defaultOne: fc.boolean(),
  });

const fieldModels: fc.Arbitrary<readonly FieldModel[]> = fc
  .tuple(
    ...Array.from({ length: highest }, (_, index) => fc.option(fieldModel(index + 1), { freq: 4, nil: undefined })),
  )
  .map((fields) => fields.filter((field) => field !== undefined));

const enumModel: fc.Arbitrary<EnumModel> = fc.record({
  values: fc.subarray([1, 2, 3, 7]).map((values) => [0, ...values]),
  renamed: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const methodModel: fc.Arbitrary<MethodModel> = fc.record({
  request: fc.constantFrom(...messageNames),
  response: fc.constantFrom(...messageNames),
  clientStream: fc.boolean(),
  serverStream: fc.boolean(),
});

const syntaxes: fc.Arbitrary<Syntax> = fc.constantFrom("proto2", "proto3", "2023");

const fileModel = (syntax: Syntax): fc.Arbitrary<FileModel> => {
  const message = fc.record({ fields: fieldModels, reserved: fc.boolean() });
  return fc.record({
    syntax: fc.constant(syntax),
    messages: fc.tuple(message, message, message),
    enums: fc.tuple(enumModel, enumModel),
    methods: fc.array(fc.option(methodModel, { freq: 5, nil: undefined }), { minLength: 2, maxLength: 2 }),
  });
};

/** `base` with some of its parts taken from `other`. */
function mixed(base: FileModel, other: FileModel, choices: readonly number[]): FileModel {
  let at = 0;
  const choose = <T>(own: T, changed: T): T => ((choices[at++ % choices.length] ?? 0) === 0 ? changed : own);
  return {
    syntax: base.syntax,
    messages: base.messages.map((message, index) => {
      if (message === undefined) return message;
      const theirs = other.messages[index];
      const fields: FieldModel[] = [];
      for (let number = 1; number <= highest; number++) {
        const own = message.fields.find((field) => field.number === number);
        const changed = theirs?.fields.find((field) => field.number === number);
        const field = choose(own, changed);
        if (field !== undefined) fields.push(field);
      }
      return { fields, reserved: message.reserved };
    }),
    enums: [choose(base.enums[0], other.enums[0]), choose(base.enums[1], other.enums[1])],
    methods: base.methods.map((method, index) => choose(method, other.methods[index])),
  };
}

/** Two versions of one file; `packageName` keeps those of a run apart. */
export const modelPairs = (packageName: string): fc.Arbitrary<ModelPair> =>
  syntaxes.chain((syntax) =>
    fc
      .tuple(fileModel(syntax), fileModel(syntax), fc.array(fc.nat(3), { minLength: 24, maxLength: 24 }))
      .map(([base, other, choices]) => ({
        before: print(base, packageName, undefined),
        after: print(mixed(base, other, choices), packageName, base),
      })),
  );

/** The text of a model. What `previous` had and this one lacks is reserved where the message says so. */
function print(file: FileModel, packageName: string, previous: FileModel | undefined): string {
  const lines = [
    file.syntax === "2023" ? `edition = "2023";` : `syntax = "${file.syntax}";`,
    `package ${packageName};`,
    "",
  ];
  for (const [index, message] of file.messages.entries()) {
    if (message === undefined) continue;
    lines.push(`message ${messageNames[index] ?? ""} {`);
    const gone =
      previous?.messages[index]?.fields.filter((old) => !message.fields.some((field) => field.number === old.number)) ??
      [];
    if (message.reserved) for (const field of gone) lines.push(`  reserved ${field.number};`);
    for (const field of message.fields) if (field.shape !== "oneof") lines.push(`  ${printField(field, file.syntax)}`);
    const members = message.fields.filter((field) => field.shape === "oneof");
    if (members.length > 0)
      lines.push("  oneof choice {", ...members.map((field) => `    ${printField(field, file.syntax)}`), "  }");
    lines.push("}");
  }
  for (const [index, enumeration] of file.enums.entries()) {
    const name = enumNames[index] ?? "";
    lines.push(`enum ${name} {`);
    for (const value of enumeration.values)
      lines.push(`  ${name}_${enumeration.renamed && value > 0 ? "NEW" : "V"}${value} = ${value};`);
    lines.push("}");
  }
  lines.push("service S {");
  for (const [index, method] of file.methods.entries()) {
    if (method === undefined) continue;
    const request = `${method.clientStream ? "stream " : ""}${method.request}`;
    lines.push(`  rpc M${index}(${request}) returns (${method.serverStream ? "stream " : ""}${method.response});`);
  }
  lines.push("}", "");
  return lines.join("\n");
}

function printField(field: FieldModel, syntax: Syntax): string {
  const name = `${field.nameVariant === 0 ? "field" : "other"}_${field.number}`;
  const options: string[] = [];
  if (field.jsonName) options.push(`json_name = "custom${field.number}"`);
  const isScalar = scalars.includes(field.type);
  const packable = (isScalar && field.type !== "string" && field.type !== "bytes") || enumNames.includes(field.type);
  let label = "";
  if (field.shape === "repeated") {
    label = "repeated ";
    if (packable && field.packed !== undefined)
      options.push(
        syntax === "2023"
          ? `features.repeated_field_encoding = ${field.packed ? "PACKED" : "EXPANDED"}`
          : `packed = ${field.packed}`,
      );
  } else if (field.shape !== "map" && field.shape !== "oneof") {
    if (syntax === "proto2") label = field.shape === "required" && isScalar ? "required " : "optional ";
    else if (syntax === "proto3" && field.shape === "optional") label = "optional ";
    else if (syntax === "2023" && isScalar) {
      if (field.shape === "required") options.push("features.field_presence = LEGACY_REQUIRED");
      else if (field.shape === "optional") options.push("features.field_presence = IMPLICIT");
    }
    const implicit = syntax === "proto3" || (syntax === "2023" && field.shape !== "single");
    if (field.defaultOne && !implicit && field.type.includes("int")) options.push("default = 1");
  }
  const type = field.shape === "map" ? `map<${field.keyType}, ${field.type}>` : field.type;
  return `${label}${type} ${name} = ${field.number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
}
