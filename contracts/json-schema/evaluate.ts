import type { JsonValue } from "../codec/decoded.ts";
import type { Place } from "../source/index.ts";
import { type Seen, mergeSeen, newSeen } from "./evaluated-parts.ts";
import { type Property, type Schema, type Side, requiredOn } from "./model.ts";
import { surelyValid } from "./surely-valid.ts";
import { article, describe, listed } from "./violation-words.ts";
import { codePointLength, dottedPath, equalValues, isArray, isMultipleOf, isObject, typeOf } from "./values.ts";

/** What a reader lets pass; everything else a schema says is enforced. */
export interface Tolerance {
  readonly unknownFields: boolean;
  readonly unknownEnumValues: boolean;
  readonly constraints: boolean;
  /** A required property that is missing is taken from its `default`, where it has one. */
  readonly defaults: boolean;
  readonly coercion: "none" | "numbers" | "all";
}

export interface EvaluationOptions {
  readonly side?: Side | undefined;
  readonly tolerance?: Tolerance | undefined;
}

export interface SchemaViolation {
  /** Dotted, empty for the whole value. */
  readonly path: string;
  readonly message: string;
  /** Of the keyword that is violated. */
  readonly place: Place;
  /** The name of the property, where one is missing below `path`. */
  readonly missing?: string;
}

export interface Evaluation {
  /** `undecided`: something was met that this evaluator does not decide, see `reason`. */
  readonly outcome: "valid" | "invalid" | "undecided";
  readonly violations: readonly SchemaViolation[];
  readonly reason?: string;
}

const maxViolations = 20;
/** In-place applications on one value and nesting of values together; beyond it a schema only refers to itself. */
const maxDepth = 600;
/** A hostile value must not keep the evaluator busy without end: `oneOf` in recursion is exponential. */
const maxSteps = 500_000;

/** Patterns may take quadratic time and worse, and bodies are hostile. */
const longestMatched = 20_000;

const valid: Evaluation = { outcome: "valid", violations: [] };

/** Whether `value` is an instance of `schema`, and if not, why not, at which path. Never throws. */
export function evaluate(schema: Schema, value: JsonValue, options: EvaluationOptions = {}): Evaluation {
  // Nearly every message keeps its contract.
  if (options.side === undefined && options.tolerance === undefined && surelyValid(schema, value)) return valid;
  return evaluateFully(schema, value, options);
}

/** The same without the quick way. */
export function evaluateFully(schema: Schema, value: JsonValue, options: EvaluationOptions = {}): Evaluation {
  const run = new Run(options.side, options.tolerance);
  const accepted = run.check(schema, value, undefined);
  if (run.undecided !== undefined) {
    return { outcome: "undecided", violations: run.violations, reason: run.undecided };
  }
  return accepted ? valid : { outcome: "invalid", violations: run.violations };
}

class Run {
  readonly violations: SchemaViolation[] = [];
  undecided: string | undefined;
  private readonly side: Side | undefined;
  private readonly tolerance: Tolerance | undefined;
  private readonly path: Array<string | number> = [];
  private quiet = 0;
  private depth = 0;
  private steps = 0;

  constructor(side: Side | undefined, tolerance: Tolerance | undefined) {
    this.side = side;
    this.tolerance = tolerance;
  }

  check(schema: Schema, value: JsonValue, outer: Seen | undefined): boolean {
    if (schema.always !== undefined) {
      return schema.always || this.fail(schema, undefined, "is not allowed here");
    }
    if (++this.steps > maxSteps) return this.giveUp("checking it takes too many steps");
    if (++this.depth > maxDepth) {
      this.depth--;
      return this.giveUp("it is nested too deeply, or a schema refers to itself without end");
    }
    const needsSeen = schema.unevaluatedProperties !== undefined || schema.unevaluatedItems !== undefined;
    const seen = needsSeen ? newSeen() : outer;
    let ok = this.checkAnyType(schema, value);
    switch (typeof value) {
      case "string":
        ok = this.checkString(schema, value) && ok;
        break;
      case "number":
        ok = this.checkNumber(schema, value) && ok;
        break;
      case "object":
        if (isArray(value)) ok = this.checkArray(schema, value, seen) && ok;
        else if (value !== null) ok = this.checkObject(schema, value, seen) && ok;
        break;
    }
    ok = this.checkInPlace(schema, value, seen) && ok;
    if (needsSeen && seen !== undefined) {
      ok = this.checkUnevaluated(schema, value, seen) && ok;
      if (outer !== undefined && ok) mergeSeen(outer, seen);
    }
    this.depth--;
    return ok;
  }

  private checkAnyType(schema: Schema, value: JsonValue): boolean {
    if (schema.undecided !== undefined) this.giveUp(schema.undecided[0] ?? "");
    let ok = true;
    const { types } = schema;
    if (types !== undefined && !this.typeAccepted(schema, value)) {
      const expected = types.join(" or ");
      ok = this.fail(schema, "type", `must be ${article(expected)}, but is ${describe(value)}`);
    }
    if (this.tolerance?.unknownEnumValues === true) return ok;
    if (schema.enum !== undefined && !schema.enum.some((item) => equalValues(item, value))) {
      ok = this.fail(schema, "enum", `must be one of ${listed(schema.enum)}, but is ${describe(value)}`);
    }
    if (schema.const !== undefined && !equalValues(schema.const.value, value)) {
      ok = this.fail(schema, "const", `must be ${describe(schema.const.value)}, but is ${describe(value)}`);
    }
    return ok;
  }

  private typeAccepted(schema: Schema, value: JsonValue): boolean {
    const { types } = schema;
    if (types === undefined) return true;
    const type = typeOf(value);
    if (type === "null" && schema.nullable === true) return true;
    for (const expected of types) {
      if (expected === type || (expected === "integer" && Number.isInteger(value))) return true;
      const coercion = this.tolerance?.coercion ?? "none";
      if (coercion === "none" || value === null || typeof value === "object") continue;
      const numeric = expected === "number" || expected === "integer";
      if (numeric && type === "number") return true;
      if (numeric && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) return true;
      if (expected === "string" && (type === "number" || coercion === "all")) return true;
      if (coercion === "all" && expected === "boolean" && (value === "true" || value === "false")) return true;
    }
    return false;
  }

  private checkString(schema: Schema, value: string): boolean {
    if (this.tolerance?.constraints === true) return true;
    const { minLength, maxLength, pattern } = schema;
    let ok = true;
    if (minLength !== undefined || maxLength !== undefined) {
      const length = codePointLength(value);
      if (minLength !== undefined && length < minLength) {
        ok = this.fail(schema, "minLength", `must have at least ${minLength} characters, but has ${length}`);
      }
      if (maxLength !== undefined && length > maxLength) {
        ok = this.fail(schema, "maxLength", `must have at most ${maxLength} characters, but has ${length}`);
      }
    }
    if (pattern !== undefined) {
      if (pattern.test === undefined) this.giveUp(`the pattern ${pattern.source} cannot be read`);
      else if (value.length > longestMatched) this.giveUp("a text is too long to be matched against a pattern");
      else if (!pattern.test.test(value)) {
        ok = this.fail(schema, "pattern", `must match ${pattern.source}, but is ${describe(value)}`);
      }
    }
    return ok;
  }

  private checkNumber(schema: Schema, value: number): boolean {
    if (this.tolerance?.constraints === true) return true;
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    let ok = true;
    if (minimum !== undefined && !(value >= minimum)) {
      ok = this.fail(schema, "minimum", `must be at least ${minimum}, but is ${value}`);
    }
    if (maximum !== undefined && !(value <= maximum)) {
      ok = this.fail(schema, "maximum", `must be at most ${maximum}, but is ${value}`);
    }
    if (exclusiveMinimum !== undefined && !(value > exclusiveMinimum)) {
      ok = this.fail(schema, "exclusiveMinimum", `must be greater than ${exclusiveMinimum}, but is ${value}`);
    }
    if (exclusiveMaximum !== undefined && !(value < exclusiveMaximum)) {
      ok = this.fail(schema, "exclusiveMaximum", `must be less than ${exclusiveMaximum}, but is ${value}`);
    }
    if (multipleOf !== undefined && !isMultipleOf(value, multipleOf)) {
      ok = this.fail(schema, "multipleOf", `must be a multiple of ${multipleOf}, but is ${value}`);
    }
    return ok;
  }

  private checkObject(schema: Schema, value: { readonly [key: string]: JsonValue }, seen: Seen | undefined): boolean {
    const { properties, patternProperties, additionalProperties, propertyNames } = schema;
    let ok = true;
    if (schema.required !== undefined) {
      for (const { name, place } of requiredOn(schema, this.side)) {
        if (Object.hasOwn(value, name)) continue;
        if (this.tolerance?.defaults === true && hasDefault(properties?.get(name))) continue;
        ok = this.report(place, `${JSON.stringify(name)} is missing, but required`, name);
      }
    }
    if (
      properties !== undefined ||
      patternProperties !== undefined ||
      additionalProperties !== undefined ||
      propertyNames !== undefined
    ) {
      for (const name of Object.keys(value)) {
        if (!this.checkMember(schema, name, value[name] ?? null, seen)) ok = false;
      }
    }
    return this.checkObjectConstraints(schema, value, seen) && ok;
  }

  private checkMember(schema: Schema, name: string, member: JsonValue, seen: Seen | undefined): boolean {
    const property = schema.properties?.get(name);
    let ok = true;
    let named = false;
    if (property !== undefined) {
      named = true;
      ok = this.checkAt(name, property.schema, member);
    }
    for (const { pattern, schema: part } of schema.patternProperties ?? []) {
      if (pattern.test === undefined) this.giveUp(`the pattern ${pattern.source} cannot be read`);
      else if (pattern.test.test(name)) {
        named = true;
        ok = this.checkAt(name, part, member) && ok;
      }
    }
    const rest = schema.additionalProperties;
    if (!named && rest !== undefined) {
      named = true;
      if (rest.always === false) {
        if (this.tolerance?.unknownFields !== true) {
          this.path.push(name);
          ok = this.fail(schema, "additionalProperties", "is a property that the contract does not allow");
          this.path.pop();
        }
      } else ok = this.checkAt(name, rest, member) && ok;
    }
    if (named) seen?.names.add(name);
    if (schema.propertyNames !== undefined && this.tolerance?.constraints !== true) {
      this.quiet++;
      const accepted = this.check(schema.propertyNames, name, undefined);
      this.quiet--;
      if (!accepted)
        ok = this.fail(schema, "propertyNames", `has the property name ${JSON.stringify(name)}, which is not allowed`);
    }
    return ok;
  }

  private checkObjectConstraints(
    schema: Schema,
    value: { readonly [key: string]: JsonValue },
    seen: Seen | undefined,
  ): boolean {
    let ok = true;
    const { minProperties, maxProperties, dependentRequired, dependentSchemas } = schema;
    if (this.tolerance?.constraints !== true) {
      if (minProperties !== undefined || maxProperties !== undefined) {
        const count = Object.keys(value).length;
        if (minProperties !== undefined && count < minProperties) {
          ok = this.fail(schema, "minProperties", `must have at least ${minProperties} properties, but has ${count}`);
        }
        if (maxProperties !== undefined && count > maxProperties) {
          ok = this.fail(schema, "maxProperties", `must have at most ${maxProperties} properties, but has ${count}`);
        }
      }
      for (const [name, others] of dependentRequired ?? []) {
        if (!Object.hasOwn(value, name)) continue;
        for (const other of others) {
          if (Object.hasOwn(value, other)) continue;
          const message = `${JSON.stringify(other)} is missing, but required beside ${JSON.stringify(name)}`;
          ok = this.fail(schema, "dependentRequired", message);
        }
      }
    }
    for (const [name, part] of dependentSchemas ?? []) {
      if (Object.hasOwn(value, name)) ok = this.check(part, value, seen) && ok;
    }
    return ok;
  }

  private checkArray(schema: Schema, value: readonly JsonValue[], seen: Seen | undefined): boolean {
    const { prefixItems, items, contains } = schema;
    let ok = true;
    const fixed = prefixItems?.length ?? 0;
    for (let i = 0; i < value.length; i++) {
      const part = i < fixed ? prefixItems?.[i] : items;
      if (part === undefined) break;
      ok = this.checkAt(i, part, value[i] ?? null) && ok;
    }
    if (seen !== undefined) seen.items = Math.max(seen.items, items === undefined ? fixed : value.length);
    if (this.tolerance?.constraints === true) return ok;
    if (schema.minItems !== undefined && value.length < schema.minItems) {
      ok = this.fail(schema, "minItems", `must have at least ${schema.minItems} items, but has ${value.length}`);
    }
    if (schema.maxItems !== undefined && value.length > schema.maxItems) {
      ok = this.fail(schema, "maxItems", `must have at most ${schema.maxItems} items, but has ${value.length}`);
    }
    if (schema.uniqueItems === true && hasDuplicates(value)) {
      ok = this.fail(schema, "uniqueItems", "must not have two equal items");
    }
    return contains === undefined ? ok : this.checkContains(schema, contains, value, seen) && ok;
  }

  private checkContains(schema: Schema, part: Schema, value: readonly JsonValue[], seen: Seen | undefined): boolean {
    let count = 0;
    this.quiet++;
    for (let i = 0; i < value.length; i++) {
      if (!this.check(part, value[i] ?? null, undefined)) continue;
      count++;
      if (schema.dialect === "2020-12") seen?.marked.add(i);
    }
    this.quiet--;
    const least = schema.minContains ?? 1;
    if (count < least)
      return this.fail(schema, "contains", `must contain at least ${least} such items, but has ${count}`);
    if (schema.maxContains !== undefined && count > schema.maxContains) {
      return this.fail(
        schema,
        "maxContains",
        `must contain at most ${schema.maxContains} such items, but has ${count}`,
      );
    }
    return true;
  }

  /** Everything that applies other schemas to the same value. */
  private checkInPlace(schema: Schema, value: JsonValue, seen: Seen | undefined): boolean {
    let ok = true;
    if (schema.reference !== undefined) {
      const target = schema.reference.target();
      if ("failure" in target) this.giveUp(`"${schema.reference.text}" cannot be resolved: ${target.failure}`);
      else ok = this.check(target, value, seen) && ok;
    }
    if (schema.allOf !== undefined) for (const part of schema.allOf) ok = this.check(part, value, seen) && ok;
    if (schema.anyOf !== undefined) ok = this.checkAlternatives(schema, "anyOf", schema.anyOf, value, seen) && ok;
    if (schema.oneOf !== undefined) ok = this.checkAlternatives(schema, "oneOf", schema.oneOf, value, seen) && ok;
    if (schema.not !== undefined && this.tolerance?.constraints !== true && this.holds(schema.not, value)) {
      ok = this.fail(schema, "not", "is what the contract excludes here");
    }
    if (schema.if !== undefined) {
      const condition = seen === undefined ? undefined : newSeen();
      const holds = this.holds(schema.if, value, condition);
      if (holds && seen !== undefined && condition !== undefined) mergeSeen(seen, condition);
      const branch = holds ? schema.then : schema.else;
      if (branch !== undefined) ok = this.check(branch, value, seen) && ok;
    }
    return ok;
  }

  private checkAlternatives(
    schema: Schema,
    keyword: "anyOf" | "oneOf",
    parts: readonly Schema[],
    value: JsonValue,
    seen: Seen | undefined,
  ): boolean {
    let matches = 0;
    for (const part of parts) {
      const inner = seen === undefined ? undefined : newSeen();
      if (!this.holds(part, value, inner)) continue;
      matches++;
      if (seen !== undefined && inner !== undefined) mergeSeen(seen, inner);
      if (seen === undefined && (keyword === "anyOf" || this.tolerance?.constraints === true)) return true;
    }
    if (matches === 0) {
      // With one alternative its own violations say more than that none matches.
      if (parts.length === 1 && parts[0] !== undefined) return this.check(parts[0], value, undefined);
      return this.fail(
        schema,
        keyword,
        `matches none of the ${parts.length} alternatives${this.nearest(parts, value)}`,
      );
    }
    if (keyword === "oneOf" && matches > 1 && this.tolerance?.constraints !== true) {
      return this.fail(schema, keyword, `matches ${matches} of the alternatives, but may match only one`);
    }
    return true;
  }

  /** What is wrong with the alternative that has the least wrong, in brackets: the one that was meant, most likely. */
  private nearest(parts: readonly Schema[], value: JsonValue): string {
    if (this.quiet > 0) return "";
    let best: SchemaViolation[] | undefined;
    for (const part of parts.slice(0, 10)) {
      const run = new Run(this.side, this.tolerance);
      run.quiet = 0;
      run.steps = Math.max(this.steps, maxSteps - 5_000);
      run.check(part, value, undefined);
      if (run.violations.length > 0 && (best === undefined || run.violations.length < best.length))
        best = run.violations;
    }
    const first = best?.[0];
    if (first === undefined) return "";
    return ` (nearest: ${first.path === "" ? "it" : `"${first.path}"`} ${first.message})`;
  }

  private holds(schema: Schema, value: JsonValue, seen?: Seen): boolean {
    this.quiet++;
    const result = this.check(schema, value, seen);
    this.quiet--;
    return result;
  }

  private checkUnevaluated(schema: Schema, value: JsonValue, seen: Seen): boolean {
    let ok = true;
    const { unevaluatedProperties, unevaluatedItems } = schema;
    if (unevaluatedProperties !== undefined && isObject(value) && !seen.allNames) {
      for (const name of Object.keys(value)) {
        if (seen.names.has(name)) continue;
        if (unevaluatedProperties.always === false && this.tolerance?.unknownFields === true) continue;
        ok = this.checkAt(name, unevaluatedProperties, value[name] ?? null) && ok;
      }
      seen.allNames = true;
    }
    if (unevaluatedItems !== undefined && isArray(value)) {
      for (let i = seen.items; i < value.length; i++) {
        if (!seen.marked.has(i)) ok = this.checkAt(i, unevaluatedItems, value[i] ?? null) && ok;
      }
      seen.items = value.length;
    }
    return ok;
  }

  private checkAt(step: string | number, schema: Schema, value: JsonValue): boolean {
    this.path.push(step);
    const ok = this.check(schema, value, undefined);
    this.path.pop();
    return ok;
  }

  private fail(schema: Schema, keyword: string | undefined, message: string): false {
    return this.report(
      (keyword === undefined ? undefined : schema.keywordPlaces.get(keyword)) ?? schema.place,
      message,
    );
  }

  private report(place: Place, message: string, missing?: string): false {
    if (this.quiet === 0 && this.violations.length < maxViolations) {
      const violation = { path: dottedPath(this.path), message, place };
      this.violations.push(missing === undefined ? violation : { ...violation, missing });
    }
    return false;
  }

  private giveUp(reason: string): true {
    this.undecided ??= reason;
    return true;
  }
}

function hasDefault(property: Property | undefined): boolean {
  if (property === undefined) return false;
  if (property.schema.default !== undefined) return true;
  const target = property.schema.reference?.target();
  return target !== undefined && !("failure" in target) && target.default !== undefined;
}

function hasDuplicates(items: readonly JsonValue[]): boolean {
  const scalars = new Set<JsonValue>();
  const others: JsonValue[] = [];
  for (const item of items) {
    if (typeof item !== "object" || item === null) {
      if (scalars.has(item)) return true;
      scalars.add(item);
    } else {
      // Quadratic only among objects and arrays, and bounded: beyond a thousand only equal texts are found.
      const key = others.length < 1000 ? undefined : JSON.stringify(item);
      if (key === undefined ? others.some((other) => equalValues(other, item)) : scalars.has(key)) return true;
      if (key === undefined) others.push(item);
      else scalars.add(key);
    }
  }
  return false;
}
