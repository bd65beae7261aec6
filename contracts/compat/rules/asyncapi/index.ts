/**
 * The rules on AsyncAPI documents, in the order in which they are applied. No peer has ids for these; they follow
 * the pattern of oasdiff's.
 *
 * Takes in: the same object in both versions of a message. Hands out: what changed, in words; the proof comes later.
 */
import type { DataRule } from "../../data/index.ts";
import { messagePropertyBecameOptional } from "./message-property-became-optional.ts";
import { messagePropertyBecameRequired } from "./message-property-became-required.ts";
import { messageRequiredPropertyRemoved } from "./message-required-property-removed.ts";
import { newRequiredMessageProperty } from "./new-required-message-property.ts";

export const asyncapiRules: readonly DataRule[] = [
  messageRequiredPropertyRemoved,
  messagePropertyBecameOptional,
  messagePropertyBecameRequired,
  newRequiredMessageProperty,
];
