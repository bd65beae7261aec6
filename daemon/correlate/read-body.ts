/** Reads the decoded body of a message: envelopes that frameworks put there, and every field that may hold an id. */
import type { JsonValue } from "../../contracts/codec/index.ts";
import type { HeaderMeaning } from "./headers.ts";
import { bounds, type Counters } from "./limits.ts";
import type { Place, Places } from "./places.ts";
import type { Reading } from "./reading.ts";

export type JsonObject = { readonly [key: string]: JsonValue };

interface BodyFramework {
  readonly fields: Readonly<Record<string, HeaderMeaning>>;
}

function meaningOf(family: string, role: HeaderMeaning["role"], trace?: HeaderMeaning["trace"]): HeaderMeaning {
  return trace === undefined ? { role, family } : { role, family, trace };
}

const massTransit: BodyFramework = {
  fields: {
    messageId: meaningOf("MassTransit", "self"),
    requestId: meaningOf("MassTransit", "pair"),
    conversationId: meaningOf("MassTransit", "conversation"),
    initiatorId: meaningOf("MassTransit", "cause"),
    sourceAddress: meaningOf("MassTransit", "sender"),
    messageType: meaningOf("MassTransit", "type"),
    correlationId: meaningOf("MassTransit", "correlation"),
    destinationAddress: meaningOf("MassTransit", "noise"),
    responseAddress: meaningOf("MassTransit", "noise"),
    faultAddress: meaningOf("MassTransit", "noise"),
  },
};
const cloudEvents: BodyFramework = {
  fields: {
    id: meaningOf("CloudEvents", "self"),
    source: meaningOf("CloudEvents", "sender"),
    type: meaningOf("CloudEvents", "type"),
    correlationid: meaningOf("CloudEvents", "correlation"),
    causationid: meaningOf("CloudEvents", "cause"),
    traceid: meaningOf("Dapr", "trace", "w3c"),
    traceparent: meaningOf("Dapr", "trace", "w3c"),
    time: meaningOf("CloudEvents", "noise"),
  },
};
const moleculer: BodyFramework = {
  fields: {
    id: meaningOf("Moleculer", "pair"),
    requestID: meaningOf("Moleculer", "conversation"),
    parentID: meaningOf("Moleculer", "cause"),
    sender: meaningOf("Moleculer", "sender"),
    action: meaningOf("Moleculer", "type"),
  },
};
const nest: BodyFramework = {
  fields: {
    id: meaningOf("NestJS", "pair"),
    pattern: meaningOf("NestJS", "type"),
    err: meaningOf("NestJS", "failure"),
  },
};

function bodyFramework(body: JsonObject): BodyFramework | undefined {
  if ("specversion" in body && "id" in body) return cloudEvents;
  if ("messageType" in body && "message" in body && Array.isArray(body["messageType"])) return massTransit;
  if ("ver" in body && "sender" in body && "id" in body) return moleculer;
  if (("pattern" in body && "data" in body) || ("isDisposed" in body && ("response" in body || "err" in body)))
    return nest;
  return undefined;
}

const errorFields = ["err", "error", "exception"] as const;
const typeFields = ["pattern", "event", "action", "type", "eventType", "messageType", "command"] as const;

export function readBody(body: JsonObject, reading: Reading, places: Places, counters: Counters): void {
  const framework = bodyFramework(body);
  if (framework) {
    for (const [name, meaning] of Object.entries(framework.fields)) {
      const raw = body[name];
      const first = Array.isArray(raw) ? (raw[0] as JsonValue | undefined) : raw;
      const place = places.body.child(name, places);
      if (place && first !== undefined && first !== null && typeof first !== "object") {
        reading.readNamed(place.slot, name, meaning, first);
      }
    }
  }
  for (const name of errorFields) {
    const raw = body[name];
    if (raw !== undefined && raw !== null && raw !== "" && raw !== false && raw !== 0) reading.failed = true;
  }
  const status = body["status"] ?? body["outcome"];
  if (typeof status === "string" && /^(?:STATUS_|OUTCOME_)?(?:FAILURE|FAILED|ERROR)$/i.test(status)) {
    reading.failed = true;
  }
  if (body["success"] === false || body["ok"] === false) reading.failed = true;
  for (const name of typeFields) {
    const raw = body[name];
    if (typeof raw === "string" && raw !== "" && raw.length <= 120) {
      // NestJS writes patterns that are objects as their JSON.
      reading.weakType = raw.startsWith("{") ? (/"([^"]+)"\s*}$/.exec(raw)?.[1] ?? raw) : raw;
      break;
    }
  }
  walk(body, places.body, reading, places, counters, framework?.fields);
}

function walk(
  object: JsonObject,
  at: Place,
  reading: Reading,
  places: Places,
  counters: Counters,
  taken: Readonly<Record<string, HeaderMeaning>> | undefined,
): void {
  for (const name in object) {
    const raw = object[name];
    if (raw === null || raw === undefined || typeof raw === "boolean") continue;
    if (taken && name in taken) continue;
    if (typeof raw === "object") {
      if (Array.isArray(raw)) continue; // lists hold things, and one flow is not about each of them
      if (at.depth + 1 >= bounds.bodyDepth) {
        counters.bodyDepth++;
        continue;
      }
      const place = at.child(name, places);
      if (place) walk(raw as JsonObject, place, reading, places, counters, undefined);
      continue;
    }
    if (++reading.paths > bounds.bodyPaths) {
      counters.bodyPaths++;
      return;
    }
    const place = at.child(name, places);
    if (!place) continue;
    if (place.meaning) reading.readNamed(place.slot, name, place.meaning, raw);
    else if (typeof raw === "number" ? place.slot.named : raw.length >= 4 && raw.length <= bounds.valueLength) {
      reading.readUnnamed(place.slot, raw, true);
    }
  }
}
