/**
 * Which fields of a message its contract marks as secret: `format: password` and `x-sensitive: true` in JSON Schema,
 * `debug_redact = true` and options named like `(acme.sensitive) = true` in Protobuf, `"x-sensitive": true` in Avro.
 */
import { conjuncts, type Schema } from "../json-schema/index.ts";
import { type FieldDescriptor, type MessageDescriptor, optionWord } from "../proto/index.ts";
import type { AvroSchema } from "./avro-schema.ts";
import type { SecretPath } from "./decoded.ts";

/** Messages that hold themselves are followed so far. */
const deepest = 8;
/** Fields that are looked at for one definition, and paths that come of it. */
const mostVisited = 5_000;
const mostPaths = 200;

/** Calls `visit` for everything below, each with the name that leads to it; `undefined` passes through a list. */
type Children<T> = (part: T, visit: (name: string | undefined, child: T, isSecret: boolean) => void) => void;

function pathsOf<T extends object>(root: T, children: Children<T>): readonly SecretPath[] {
  const paths: SecretPath[] = [];
  const waiting: Array<{ part: T; path: SecretPath; steps: number }> = [{ part: root, path: [], steps: 0 }];
  let visited = 0;
  for (const { part, path, steps } of waiting) {
    children(part, (name, child, isSecret) => {
      if (++visited > mostVisited || paths.length >= mostPaths) return;
      const own = name === undefined ? path : [...path, name];
      if (isSecret) paths.push(own);
      else if (own.length <= deepest && steps < 4 * deepest) waiting.push({ part: child, path: own, steps: steps + 1 });
    });
  }
  return paths;
}

export function secretsOfProto(message: MessageDescriptor): readonly SecretPath[] {
  return pathsOf<MessageDescriptor>(message, (part, visit) => {
    for (const field of part.fields) {
      // The value of a map's entry lies behind a name that nobody knows before; its key is that name.
      if (part.isMapEntry && field.number !== 2) continue;
      const inner = field.typeRef?.kind === "message" ? field.typeRef : undefined;
      const isSecret = isSecretField(field);
      if (isSecret || inner !== undefined) visit(part.isMapEntry ? "*" : field.jsonName, inner ?? part, isSecret);
    }
  });
}

const secretWords = /(?:^|[._])(?:is_)?(?:sensitive|secret|redact|redacted|confidential|pii)$/i;

function isSecretField(field: FieldDescriptor): boolean {
  const { options } = field.node;
  if (options.length === 0) return false;
  if (optionWord(options, "debug_redact") === "true") return true;
  return options.some(({ name, value }) => {
    const last = name.at(-1);
    const isCustom = name.some((part) => part.isExtension);
    return (
      isCustom && last !== undefined && secretWords.test(last.text) && value?.kind === "word" && value.text === "true"
    );
  });
}

export function secretsOfSchema(schema: Schema): readonly SecretPath[] {
  return pathsOf<Schema>(schema, (part, visit) => {
    const { schemas } = conjuncts([part]);
    for (const one of schemas) {
      for (const [name, property] of one.properties ?? [])
        visit(name, property.schema, isSecretSchema(property.schema));
      for (const { schema: other } of one.patternProperties ?? []) visit("*", other, isSecretSchema(other));
      if (one.additionalProperties !== undefined) {
        visit("*", one.additionalProperties, isSecretSchema(one.additionalProperties));
      }
      for (const list of [one.prefixItems, one.anyOf, one.oneOf]) {
        for (const item of list ?? []) visit(undefined, item, isSecretSchema(item));
      }
      for (const item of [one.items, one.then, one.else]) {
        if (item !== undefined) visit(undefined, item, isSecretSchema(item));
      }
    }
  });
}

function isSecretSchema(schema: Schema): boolean {
  return conjuncts([schema]).schemas.some(({ format, node }) => {
    if (format === "password") return true;
    const mark = node.kind === "mapping" ? node.get("x-sensitive") : undefined;
    return mark?.kind === "scalar" && mark.value === true;
  });
}

export function secretsOfAvro(schema: AvroSchema): readonly SecretPath[] {
  return pathsOf<AvroSchema>(schema, (part, visit) => {
    if (part.kind === "record") {
      for (const field of part.fields) visit(field.name, field.schema, field.isSecret);
    } else if (part.kind === "array") visit(undefined, part.items, false);
    else if (part.kind === "map") visit("*", part.values, false);
    else if (part.kind === "union") {
      const records = part.branches.filter((branch) => branch.kind === "record").length;
      for (const branch of part.branches) {
        // Where several records are possible, the value is wrapped in the name of the one that it is.
        visit(branch.kind === "record" && records > 1 ? branch.fullName : undefined, branch, false);
      }
    }
  });
}
