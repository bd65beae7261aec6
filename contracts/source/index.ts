/**
 * Texts and places in them.
 *
 * Takes in: the text of a contract. Hands out: spans (UTF-16 offsets, as editors count), lines and columns
 * for them, text edits, and the one shape in which every part of the engine reports a problem.
 */
export { LineIndex, type Position } from "./line-index.ts";
export { type Place, type Span, emptySpan, spanContains, spanOf } from "./span.ts";
export { type Problem, type ProblemSeverity, type RelatedPlace } from "./problem.ts";
export { type TextEdit, applyEdits } from "./text-edit.ts";
export {
  type DocumentNode,
  MappingEntry,
  MappingNode,
  ScalarNode,
  SequenceNode,
  itemsAt,
  mappingAt,
  plainValue,
  stringAt,
} from "./document-node.ts";
export {
  type ContractDocument,
  entryAt,
  keyPlace,
  nodeAt,
  notText,
  placeOf,
  pointerTokens,
  readDocument,
} from "./document.ts";
export { type ContractKind, detectContract } from "./detect.ts";
export { DocumentSet, type ResolvedNode, type UnresolvedReference, joinPath } from "./references.ts";
