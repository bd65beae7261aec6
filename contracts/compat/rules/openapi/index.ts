/**
 * The rules on OpenAPI documents, in the order in which they are applied. Their ids are oasdiff's, which users know.
 *
 * Takes in: the same object in both versions of a message. Hands out: what changed, in words; the proof comes later.
 */
import type { DataRule } from "../../data/index.ts";
import { newRequiredRequestProperty } from "./new-required-request-property.ts";
import { requestPropertyEnumValueRemoved } from "./request-property-enum-value-removed.ts";
import { requestPropertyTypeChanged } from "./request-property-type-changed.ts";
import { responsePropertyEnumValueAdded } from "./response-property-enum-value-added.ts";
import { requestPropertyBecameNotNullable } from "./request-property-became-not-nullable.ts";
import { responsePropertyBecameNullable } from "./response-property-became-nullable.ts";
import { responsePropertyTypeChanged } from "./response-property-type-changed.ts";
import { requestPropertyBecameRequired } from "./request-property-became-required.ts";
import { responsePropertyBecameOptional } from "./response-property-became-optional.ts";
import { responseRequiredPropertyRemoved } from "./response-required-property-removed.ts";

export const openapiRules: readonly DataRule[] = [
  responseRequiredPropertyRemoved,
  responsePropertyBecameOptional,
  requestPropertyBecameRequired,
  newRequiredRequestProperty,
  responsePropertyTypeChanged,
  requestPropertyTypeChanged,
  responsePropertyBecameNullable,
  requestPropertyBecameNotNullable,
  responsePropertyEnumValueAdded,
  requestPropertyEnumValueRemoved,
];
