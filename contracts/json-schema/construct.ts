import type { JsonValue } from "../codec/decoded.ts";
import { evaluate } from "./evaluate.ts";
import { type JsonType, type Schema, type Side, conjuncts, requiredOn } from "./model.ts";
import { offeredValues, scalarCandidates } from "./sample-scalar.ts";
import { isArray, isObject } from "./values.ts";

/** One step into a value. `additional`: some property that no schema names. */
export type Step =
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "item"; readonly index: number }
  | { readonly kind: "additional" };

/** What the constructed value must show: the place that `steps` lead to is there, and is as the rest says. */
export interface Goal {
  readonly steps: readonly Step[];
  readonly omit?: string;
  /** A property of that place that must have this very value. */
  readonly put?: { readonly name: string; readonly value: JsonValue };
  /** Which alternative of a schema's `anyOf` or `oneOf` the value has to take. */
  readonly branches: ReadonlyMap<Schema, number>;
}

export interface ConstructOptions {
  readonly side?: Side | undefined;
  readonly goal?: Goal | undefined;
  /** A whole example of such a value, to take readable values from. */
  readonly hint?: JsonValue | undefined;
}

export type Construction = { readonly value: JsonValue } | { readonly failure: string };

/** How many values may be tried for one construction: exact counts make answers reproducible. */
const maxAttempts = 3_000;
const maxNesting = 24;

/**
 * A small, readable instance of `schema` that shows the goal. It is one search among others: a failure means that
 * none was found, not that there is none. What is handed out has been checked against `schema` by the evaluator.
 */
export function construct(schema: Schema, options: ConstructOptions = {}): Construction {
  const builder = new Builder(options.side, options.goal);
  const value = builder.build([schema], options.goal?.steps, options.hint, 0, new Set());
  if (value === undefined) return { failure: builder.failure ?? "no message could be constructed that shows it" };
  return { value };
}

/** An alternative to take for a schema with `anyOf`, `oneOf` or `if`. */
interface Choice {
  readonly schema: Schema;
  readonly options: ReadonlyArray<readonly Schema[]>;
}

class Builder {
  failure: string | undefined;
  private readonly side: Side | undefined;
  private readonly goal: Goal | undefined;
  private attempts = 0;

  constructor(side: Side | undefined, goal: Goal | undefined) {
    this.side = side;
    this.goal = goal;
  }

  /**
   * A value on which all of `schemas` hold; `undefined` when none was found. `steps`: what is left of the way to
   * the goal; absent beside that way.
   */
  build(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
    chosen: ReadonlySet<Schema>,
  ): JsonValue | undefined {
    if (++this.attempts > maxAttempts) {
      this.failure = `no message was found in ${maxAttempts} attempts`;
      return undefined;
    }
    if (nesting > maxNesting) return undefined;
    const flat = conjuncts(schemas);
    if (!flat.complete) {
      this.failure = "a reference that cannot be resolved is in the way";
      return undefined;
    }
    const choice = this.openChoice(flat.schemas, chosen);
    if (choice !== undefined) {
      const taken = new Set(chosen).add(choice.schema);
      for (const option of choice.options) {
        const value = this.build(
          [...flat.schemas, ...option],
          steps,
          this.hintFor(choice, option, hint),
          nesting,
          taken,
        );
        if (value !== undefined && this.accepted(schemas, value)) return value;
      }
      return undefined;
    }
    for (const value of this.candidates(flat.schemas, steps, hint, nesting)) {
      if (this.accepted(schemas, value)) return value;
    }
    return undefined;
  }

  private openChoice(schemas: readonly Schema[], chosen: ReadonlySet<Schema>): Choice | undefined {
    for (const schema of schemas) {
      if (chosen.has(schema)) continue;
      const parts = schema.oneOf ?? schema.anyOf;
      if (parts !== undefined) {
        const preferred = this.goal?.branches.get(schema);
        const first = preferred === undefined ? undefined : parts[preferred];
        const options = first === undefined ? parts.map((part) => [part]) : [[first]];
        // Where a schema has both keywords the other one is left to the final check.
        return { schema, options };
      }
      if (schema.if !== undefined) {
        return {
          schema,
          options: [
            schema.then === undefined ? [schema.if] : [schema.if, schema.then],
            schema.else === undefined ? [] : [schema.else],
          ],
        };
      }
    }
    return undefined;
  }

  /** With a discriminator, the value that names the alternative. */
  private hintFor(choice: Choice, option: readonly Schema[], hint: JsonValue | undefined): JsonValue | undefined {
    const { discriminator } = choice.schema;
    const reference = option[0]?.reference?.text;
    if (discriminator === undefined || reference === undefined) return hint;
    const mapped = [...discriminator.mapping].find(
      ([, target]) => target === reference || reference.endsWith(`/${target}`),
    );
    const name = mapped?.[0] ?? reference.split("/").at(-1) ?? reference;
    return { ...(isObject(hint) ? hint : {}), [discriminator.propertyName]: name };
  }

  private *candidates(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
  ): Generator<JsonValue> {
    const types = possibleTypes(schemas);
    const next = steps?.[0];
    if (steps !== undefined && (next !== undefined || this.goal?.omit !== undefined || this.goal?.put !== undefined)) {
      // On the way to the goal only a value of the right shape shows it.
      if (next?.kind === "item") {
        const value = types.has("array") ? this.array(schemas, steps, hint, nesting) : undefined;
        if (value !== undefined) yield value;
      } else if (types.has("object")) yield* this.objects(schemas, steps, hint, nesting);
      return;
    }
    const offered = offeredValues(schemas);
    if (hint !== undefined && !isObject(hint) && !isArray(hint)) yield hint;
    for (const value of offered) if (!isObject(value) && !isArray(value)) yield value;
    for (const schema of schemas) if (schema.const !== undefined) yield schema.const.value;
    const preferObject = hint === undefined ? schemas.some(looksLikeObject) : isObject(hint);
    const preferArray = hint === undefined ? schemas.some(looksLikeArray) : isArray(hint);
    if (preferObject && types.has("object")) yield* this.objects(schemas, steps, hint, nesting);
    if (preferArray && types.has("array")) yield* this.arrays(schemas, steps, hint, nesting);
    yield* scalarCandidates(schemas, types);
    if (!preferObject && types.has("object")) yield* this.objects(schemas, steps, hint, nesting);
    if (!preferArray && types.has("array")) yield* this.arrays(schemas, steps, hint, nesting);
    yield* offered;
    if (hint !== undefined) yield hint;
  }

  /** The object with what is required, then one with all that is named: one of several alternatives shows by that. */
  private *objects(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
  ): Generator<JsonValue> {
    for (const withOptional of [false, true]) {
      const value = this.object(schemas, steps, hint, nesting, withOptional);
      if (value !== undefined) yield value;
    }
  }

  private *arrays(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
  ): Generator<JsonValue> {
    const value = this.array(schemas, steps, hint, nesting);
    if (value !== undefined) yield value;
  }

  private object(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
    withOptional: boolean,
  ): JsonValue | undefined {
    const next = steps?.[0];
    const omit = steps?.length === 0 ? this.goal?.omit : undefined;
    const put = steps?.length === 0 ? this.goal?.put : undefined;
    const known = new Set(schemas.flatMap((schema) => [...(schema.properties?.keys() ?? [])]));
    const goalName = next?.kind === "property" ? next.name : next?.kind === "additional" ? freshName(known) : undefined;
    const names = new Set<string>();
    for (const schema of schemas) for (const { name } of requiredOn(schema, this.side)) names.add(name);
    if (goalName !== undefined) names.add(goalName);
    if (put !== undefined) names.add(put.name);
    for (const schema of schemas) {
      for (const [name, others] of schema.dependentRequired ?? []) {
        if (names.has(name)) for (const other of others) names.add(other);
      }
    }
    const mandatory = new Set(names);
    // The deeper ones stay small, or a schema that leads to itself would grow without end.
    if (withOptional && nesting < 4) for (const name of [...known].slice(0, 40)) names.add(name);
    if (omit !== undefined) names.delete(omit);
    const least = Math.min(100, Math.max(0, ...schemas.map((schema) => schema.minProperties ?? 0)));
    for (const name of known) if (names.size < least && name !== omit) names.add(name);
    for (let i = 0; names.size < least; i++) if (omit !== `key${i}`) names.add(`key${i}`);

    const result: { [key: string]: JsonValue } = {};
    for (const name of ordered(names, known)) {
      const parts = schemas.flatMap((schema) => memberSchemas(schema, name));
      const onWay = name === goalName ? steps?.slice(1) : undefined;
      const inner = isObject(hint) && Object.hasOwn(hint, name) ? hint[name] : undefined;
      const value = put?.name === name ? put.value : this.build(parts, onWay, inner, nesting + 1, new Set());
      if (value === undefined && mandatory.has(name)) return undefined;
      if (value === undefined) continue;
      Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return result;
  }

  private array(
    schemas: readonly Schema[],
    steps: readonly Step[] | undefined,
    hint: JsonValue | undefined,
    nesting: number,
  ): JsonValue | undefined {
    const next = steps?.[0];
    const goalIndex = next?.kind === "item" ? next.index : undefined;
    let least = Math.max(goalIndex === undefined ? 0 : goalIndex + 1, ...schemas.map((schema) => schema.minItems ?? 0));
    const contained = schemas.filter((schema) => schema.contains !== undefined && (schema.minContains ?? 1) > 0);
    for (const schema of contained) least = Math.max(least, schema.minContains ?? 1);
    if (least > 200) return undefined;
    const unique = schemas.some((schema) => schema.uniqueItems === true);
    const result: JsonValue[] = [];
    for (let i = 0; i < least; i++) {
      const parts = schemas.flatMap((schema) => schema.prefixItems?.[i] ?? schema.items ?? []);
      for (const schema of contained)
        if (schema.contains !== undefined && i < (schema.minContains ?? 1)) parts.push(schema.contains);
      const offered = isArray(hint) ? hint[i] : undefined;
      const value = this.build(parts, i === goalIndex ? steps?.slice(1) : undefined, offered, nesting + 1, new Set());
      if (value === undefined) return undefined;
      const different = unique && result.some((other) => JSON.stringify(other) === JSON.stringify(value));
      result.push(different ? (this.another(parts, result, value) ?? value) : value);
    }
    return result;
  }

  /** A value for `schemas` that is not among `taken`. */
  private another(schemas: readonly Schema[], taken: readonly JsonValue[], like: JsonValue): JsonValue | undefined {
    const used = new Set(taken.map((value) => JSON.stringify(value)));
    const flat = conjuncts(schemas).schemas;
    const numbered: JsonValue[] = Array.from({ length: 30 }, (_, i) => i + 2);
    const worded: JsonValue[] = Array.from({ length: 30 }, (_, i) => `text${i + 2}`);
    const scalars = [...offeredValues(flat), ...scalarCandidates(flat, possibleTypes(flat)), ...numbered, ...worded];
    const candidates = typeof like === "object" && like !== null ? [] : scalars;
    for (const value of [...candidates, ...variants(like, taken.length + 1)]) {
      if (!used.has(JSON.stringify(value)) && this.accepted(schemas, value)) return value;
    }
    return undefined;
  }

  private accepted(schemas: readonly Schema[], value: JsonValue): boolean {
    for (const schema of schemas) {
      const evaluation = evaluate(schema, value, { side: this.side });
      if (evaluation.outcome === "undecided") this.failure = evaluation.reason;
      if (evaluation.outcome !== "valid") return false;
    }
    return true;
  }
}

/** Values like `value` with one small difference each, marked by `number`. */
function* variants(value: JsonValue, number: number): Generator<JsonValue> {
  if (typeof value === "string") yield* [`${value}${number}`, `${value.slice(0, -1)}${number % 10}`];
  else if (typeof value === "number") yield* [value + number - 1, value - number + 1];
  else if (typeof value === "boolean") yield !value;
  else if (isArray(value)) {
    for (const [i, item] of value.entries()) for (const variant of variants(item, number)) yield value.with(i, variant);
  } else if (value !== null) {
    const fields = value;
    for (const [name, member] of Object.entries(fields)) {
      for (const variant of variants(member, number)) yield { ...fields, [name]: variant };
    }
    yield { ...fields, [`key${number}`]: number };
  }
}

/** Every schema that `schema` applies to its member `name`. */
function memberSchemas(schema: Schema, name: string): Schema[] {
  const result: Schema[] = [];
  const property = schema.properties?.get(name);
  if (property !== undefined) result.push(property.schema);
  for (const part of schema.patternProperties ?? [])
    if (part.pattern.test?.test(name) === true) result.push(part.schema);
  if (result.length === 0 && schema.additionalProperties !== undefined) result.push(schema.additionalProperties);
  return result;
}

function possibleTypes(schemas: readonly Schema[]): ReadonlySet<JsonType> {
  let types: Set<JsonType> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);
  for (const schema of schemas) {
    if (schema.types === undefined) continue;
    const allowed = new Set(schema.types);
    if (allowed.has("number")) allowed.add("integer");
    if (schema.nullable === true) allowed.add("null");
    types = new Set([...types].filter((type) => allowed.has(type)));
  }
  return types;
}

function looksLikeObject(schema: Schema): boolean {
  return schema.properties !== undefined || schema.required !== undefined || schema.additionalProperties !== undefined;
}

function looksLikeArray(schema: Schema): boolean {
  return schema.items !== undefined || schema.prefixItems !== undefined || schema.contains !== undefined;
}

/** Names in the order in which the contract declares them; that is the order in which people read messages. */
function ordered(names: ReadonlySet<string>, known: ReadonlySet<string>): string[] {
  return [...[...known].filter((name) => names.has(name)), ...[...names].filter((name) => !known.has(name))];
}

function freshName(known: ReadonlySet<string>): string {
  let name = "key";
  for (let i = 1; known.has(name); i++) name = `key${i}`;
  return name;
}
