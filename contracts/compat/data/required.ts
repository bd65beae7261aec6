import { type Schema, type Step, dottedPath } from "../../json-schema/index.ts";
import type { JsonValue } from "../../codec/decoded.ts";
import type { Place } from "../../source/index.ts";
import type { ObjectPair, ObjectView } from "./pairs.ts";

/** A property whose presence a reader or writer can no longer count on, or must now provide. */
export interface RequiredChange {
  readonly name: string;
  /** With the way to it: `items[].price`. */
  readonly path: string;
  readonly place: Place;
  readonly previous?: Place;
  /** Values that show the change, where the absence of the property does not. */
  readonly shownBy?: readonly JsonValue[];
}

/** One value of each type: what a property may be when nothing is said of it. */
const anyValues: readonly JsonValue[] = [null, "text", 1, true, [], {}];

/** Properties that were required and are gone. */
export function removedRequired({ before, after, steps }: ObjectPair): RequiredChange[] {
  return [...before.required.keys()].flatMap((name) => {
    const property = before.properties.get(name);
    if (property === undefined || after.properties.has(name)) return [];
    const path = pathOf(steps, name);
    const left = after.required.get(name);
    if (left === undefined) return [{ name, path, place: placeWithout(after), previous: property.place }];
    // Taken out of `properties` but left in `required`: it still has to come, but may now be anything.
    return [{ name, path, place: left.place, previous: property.place, shownBy: anyValues }];
  });
}

/** Properties that were required, are still there, and may now be missing. */
export function becameOptional({ before, after, steps }: ObjectPair): RequiredChange[] {
  return [...before.required].flatMap(([name, requirement]) => {
    const property = after.properties.get(name);
    if (property === undefined || property.hidden || after.required.has(name)) return [];
    return [{ name, path: pathOf(steps, name), place: property.place, previous: requirement.place }];
  });
}

/** Properties that were there, could be missing, and are now required. */
export function becameRequired({ before, after, steps }: ObjectPair): RequiredChange[] {
  return [...after.required].flatMap(([name, requirement]) => {
    const property = before.properties.get(name);
    if (property === undefined || property.hidden || before.required.has(name)) return [];
    return [{ name, path: pathOf(steps, name), place: requirement.place, previous: property.place }];
  });
}

/** Properties that were not there and are required from the start. */
export function newRequired({ before, after, steps }: ObjectPair): RequiredChange[] {
  return [...after.required].flatMap(([name, requirement]) => {
    if (before.properties.has(name) || before.required.has(name)) return [];
    const place = after.properties.get(name)?.place ?? requirement.place;
    return [{ name, path: pathOf(steps, name), place, previous: placeWithout(before) }];
  });
}

/** The nearest place that is left where a property is missing: the key `properties`, `required`, or the first key. */
function placeWithout(view: ObjectView): Place {
  for (const keyword of ["properties", "required", "allOf", "$ref", "type"]) {
    const place = lastWith(view.schemas, keyword);
    if (place !== undefined) return place;
  }
  const schema = view.schemas.at(-1);
  return schema?.keywordPlaces.values().next().value ?? schema?.place ?? { path: "", span: { start: 0, end: 0 } };
}

/** A schema that others refer to holds the properties, so the last of the conjuncts is asked first. */
function lastWith(schemas: readonly Schema[], keyword: string): Place | undefined {
  for (let i = schemas.length - 1; i >= 0; i--) {
    const place = schemas[i]?.keywordPlaces.get(keyword);
    if (place !== undefined) return place;
  }
  return undefined;
}

export function pathOf(steps: readonly Step[], name: string): string {
  let path = "";
  for (const step of [...steps, { kind: "property", name } as const]) {
    if (step.kind === "item") path += "[]";
    else if (step.kind === "additional") path += path === "" ? "*" : ".*";
    else {
      const part = dottedPath([step.name]);
      path += path === "" || part.startsWith("[") ? part : `.${part}`;
    }
  }
  return path;
}
