import {
  type DataMessage,
  type Property,
  type Requirement,
  type Schema,
  type SchemaCompiler,
  type Step,
  conjuncts,
  isHiddenOn,
  requiredOn,
} from "../../json-schema/index.ts";
import type { Place } from "../../source/index.ts";

/** One version of a message with its schema compiled. */
export interface MessageVersion {
  readonly message: DataMessage;
  readonly schema: Schema;
}

/** The same message in both versions of a contract. */
export interface MessagePair {
  readonly before: MessageVersion;
  readonly after: MessageVersion;
}

/** What is known of one object, all schemas that hold for it taken together. */
export interface ObjectView {
  readonly schemas: readonly Schema[];
  readonly properties: ReadonlyMap<string, PropertyView>;
  /** By name, those that `readOnly` or `writeOnly` takes out left out. */
  readonly required: ReadonlyMap<string, Requirement>;
}

export interface PropertyView {
  readonly name: string;
  /** Its key in the first schema that declares it. */
  readonly place: Place;
  readonly schemas: readonly Schema[];
  /** Whether this side of the exchange does not send it. */
  readonly hidden: boolean;
}

/** The same object, somewhere in the same message, in both versions. */
export interface ObjectPair {
  readonly message: MessagePair;
  readonly before: ObjectView;
  readonly after: ObjectView;
  /** The way to it from the whole message. */
  readonly steps: readonly Step[];
  /** The alternatives that were taken on the way, in the schemas of either version. */
  readonly branches: ReadonlyMap<Schema, number>;
}

/** Messages of `before` with their partners in `after`; what has none was added or removed. */
export function pairMessages(
  before: readonly DataMessage[],
  after: readonly DataMessage[],
  compile: { readonly before: SchemaCompiler; readonly after: SchemaCompiler },
): MessagePair[] {
  const partners: Array<readonly [DataMessage, DataMessage]> = [];
  const byKey = new Map(after.map((message) => [message.key, message]));
  const alone: DataMessage[] = [];
  for (const message of before) {
    const partner = byKey.get(message.key);
    if (partner === undefined) alone.push(message);
    else if (byKey.delete(message.key)) partners.push([message, partner]);
  }
  const inGroup = (messages: Iterable<DataMessage>, group: string) =>
    [...messages].filter((message) => message.group === group);
  for (const message of alone) {
    const [partner, ...more] = inGroup(byKey.values(), message.group);
    if (partner === undefined || more.length > 0 || inGroup(alone, message.group).length > 1) continue;
    partners.push([message, partner]);
  }
  const version = (message: DataMessage, compiler: SchemaCompiler): MessageVersion => ({
    message,
    schema: compiler.compile(message.path, message.schema, message.dialect),
  });
  return partners.map(([old, now]) => ({ before: version(old, compile.before), after: version(now, compile.after) }));
}

/** How deep objects are followed into one message, and how many pairs of objects there may be in all. */
const maxDepth = 40;
const maxObjectPairs = 200_000;

/**
 * Calls `visit` for each object that both versions of a message have, wherever it stands. `visited` is kept by the
 * caller over messages of one kind, so that a schema which hundreds of them share is compared once.
 */
export function forEachObjectPair(message: MessagePair, visited: Set<string>, visit: (pair: ObjectPair) => void): void {
  const walk = new PairWalk(message, visited, visit);
  walk.enter({
    before: [message.before.schema],
    after: [message.after.schema],
    steps: [],
    branches: new Map(),
    taken: new Set(),
  });
  walk.run();
}

/** One place in a message, in both versions. */
interface Stop {
  readonly before: readonly Schema[];
  readonly after: readonly Schema[];
  readonly steps: readonly Step[];
  readonly branches: ReadonlyMap<Schema, number>;
  /** Schemas whose alternatives were chosen already at this very place. */
  readonly taken: ReadonlySet<Schema>;
}

/** Goes through a message breadth first, so that each object is met on the shortest way, which reads best. */
class PairWalk {
  private readonly message: MessagePair;
  private readonly visited: Set<string>;
  private readonly visit: (pair: ObjectPair) => void;
  private readonly queue: Stop[] = [];

  constructor(message: MessagePair, visited: Set<string>, visit: (pair: ObjectPair) => void) {
    this.message = message;
    this.visited = visited;
    this.visit = visit;
  }

  enter(stop: Stop): void {
    if (stop.before.length > 0 && stop.after.length > 0 && stop.steps.length <= maxDepth) this.queue.push(stop);
  }

  run(): void {
    // The queue grows while it is gone through.
    for (const stop of this.queue) this.look(stop);
  }

  private look(stop: Stop): void {
    const { steps, branches } = stop;
    const old = conjuncts(stop.before).schemas;
    const now = conjuncts(stop.after).schemas;
    const key = `${idsOf(old)}|${idsOf(now)}`;
    if (this.visited.has(key) || this.visited.size > maxObjectPairs) return;
    this.visited.add(key);
    // What is missing behind a broken reference is no change; the reference is reported as what it is.
    if (now.some(isBrokenReference)) return;
    const { side } = this.message.after.message;
    if (mayBe("object", old) && mayBe("object", now)) {
      const before = objectView(old, side);
      const after = objectView(now, side);
      this.visit({ message: this.message, before, after, steps, branches });
      for (const [name, property] of before.properties) {
        const partner = after.properties.get(name);
        if (partner === undefined || property.hidden || partner.hidden) continue;
        this.descend(property.schemas, partner.schemas, stop, { kind: "property", name });
      }
      const additional = (schemas: readonly Schema[]) => schemas.flatMap((schema) => schema.additionalProperties ?? []);
      this.descend(additional(old), additional(now), stop, { kind: "additional" });
    }
    if (mayBe("array", old) && mayBe("array", now)) this.lookAtItems(old, now, stop);
    this.lookAtAlternatives(old, now, stop);
  }

  private descend(before: readonly Schema[], after: readonly Schema[], from: Stop, step: Step): void {
    this.enter({ before, after, steps: [...from.steps, step], branches: from.branches, taken: new Set() });
  }

  private lookAtItems(old: readonly Schema[], now: readonly Schema[], stop: Stop): void {
    const fixed = (schemas: readonly Schema[]) =>
      Math.max(0, ...schemas.map((schema) => schema.prefixItems?.length ?? 0));
    const at = (schemas: readonly Schema[], index: number) =>
      schemas.flatMap((schema) => schema.prefixItems?.[index] ?? schema.items ?? []);
    const prefix = Math.min(20, Math.max(fixed(old), fixed(now)));
    for (let index = 0; index <= prefix; index++) {
      this.descend(at(old, index), at(now, index), stop, { kind: "item", index });
    }
  }

  private lookAtAlternatives(old: readonly Schema[], now: readonly Schema[], stop: Stop): void {
    const open = (schemas: readonly Schema[]) =>
      schemas.filter((schema) => !stop.taken.has(schema) && alternatives(schema).length > 0);
    const newOpen = open(now);
    for (const [i, oldSchema] of open(old).entries()) {
      const newSchema = newOpen[i];
      if (newSchema === undefined) continue;
      const taken = new Set(stop.taken).add(oldSchema).add(newSchema);
      for (const [oldIndex, newIndex] of matchAlternatives(alternatives(oldSchema), alternatives(newSchema))) {
        const oldBranch = alternatives(oldSchema)[oldIndex];
        const newBranch = alternatives(newSchema)[newIndex];
        if (oldBranch === undefined || newBranch === undefined) continue;
        const branches = new Map(stop.branches).set(oldSchema, oldIndex).set(newSchema, newIndex);
        this.enter({ before: [...old, oldBranch], after: [...now, newBranch], steps: stop.steps, branches, taken });
      }
    }
  }
}

/** A reference into these files that leads nowhere; what lies in the web is only not known. */
function isBrokenReference({ reference }: Schema): boolean {
  return reference !== undefined && "failure" in reference.target() && !/^[a-z][a-z0-9+.-]+:/i.test(reference.text);
}

function alternatives(schema: Schema): readonly Schema[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

/** Alternatives that mean the same: by reference, by title, else by order when as many are left on both sides. */
function matchAlternatives(old: readonly Schema[], now: readonly Schema[]): Array<readonly [number, number]> {
  const result: Array<readonly [number, number]> = [];
  const nameOf = (schema: Schema) => schema.reference?.text.split("/").at(-1) ?? schema.title;
  const oldLeft = new Set(old.keys());
  const newLeft = new Set(now.keys());
  for (const [i, schema] of old.entries()) {
    const name = nameOf(schema);
    const partner = name === undefined ? -1 : now.findIndex((other, j) => newLeft.has(j) && nameOf(other) === name);
    if (partner < 0) continue;
    result.push([i, partner]);
    oldLeft.delete(i);
    newLeft.delete(partner);
  }
  const rest = [...newLeft];
  if (oldLeft.size === rest.length) for (const [k, i] of [...oldLeft].entries()) result.push([i, rest[k] ?? 0]);
  return result;
}

function objectView(schemas: readonly Schema[], side: DataMessage["side"]): ObjectView {
  const properties = new Map<string, PropertyView>();
  const required = new Map<string, Requirement>();
  for (const schema of schemas) {
    for (const [name, property] of schema.properties ?? []) addProperty(properties, name, property, side);
  }
  for (const schema of schemas) {
    for (const requirement of requiredOn(schema, side)) {
      const hidden = properties.get(requirement.name)?.hidden === true;
      if (!hidden && !required.has(requirement.name)) required.set(requirement.name, requirement);
    }
  }
  return { schemas, properties, required };
}

function addProperty(
  properties: Map<string, PropertyView>,
  name: string,
  property: Property,
  side: DataMessage["side"],
): void {
  const known = properties.get(name);
  properties.set(name, {
    name,
    place: known?.place ?? property.place,
    schemas: [...(known?.schemas ?? []), property.schema],
    hidden: known?.hidden === true || isHiddenOn(property.schema, side),
  });
}

function mayBe(type: "object" | "array", schemas: readonly Schema[]): boolean {
  return schemas.every((schema) => schema.always !== false && (schema.types?.includes(type) ?? true));
}

function idsOf(schemas: readonly Schema[]): string {
  return schemas.map((schema) => schema.id).join(",");
}
