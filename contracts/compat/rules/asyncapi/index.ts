/**
 * The rules on AsyncAPI documents, in the order in which they are applied. No peer has ids for these; they follow
 * the pattern of oasdiff's.
 *
 * Takes in: the same object in both versions of a message. Hands out: what changed, in words; the proof comes later.
 */
import type { DataRule } from "../../data/index.ts";
import { messageEnumValueAdded } from "./message-enum-value-added.ts";
import { messageEnumValueRemoved } from "./message-enum-value-removed.ts";
import { messagePropertyBecameNotNullable } from "./message-property-became-not-nullable.ts";
import { messagePropertyBecameNullable } from "./message-property-became-nullable.ts";
import { receivedPropertyTypeChanged } from "./received-message-property-type-changed.ts";
import { sentPropertyTypeChanged } from "./sent-message-property-type-changed.ts";
import { messagePropertyBecameOptional } from "./message-property-became-optional.ts";
import { messagePropertyBecameRequired } from "./message-property-became-required.ts";
import { messageRequiredPropertyRemoved } from "./message-required-property-removed.ts";
import { newRequiredMessageProperty } from "./new-required-message-property.ts";

export const asyncapiRules: readonly DataRule[] = [
  messageRequiredPropertyRemoved,
  messagePropertyBecameOptional,
  messagePropertyBecameRequired,
  newRequiredMessageProperty,
  sentPropertyTypeChanged,
  receivedPropertyTypeChanged,
  messagePropertyBecameNullable,
  messagePropertyBecameNotNullable,
  messageEnumValueAdded,
  messageEnumValueRemoved,
];
