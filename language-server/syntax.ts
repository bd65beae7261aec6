/** What the syntax of one document alone says, for an answer at once. */
import { parseProto } from "../contracts/proto/index.ts";
import { readDocument, type Problem } from "../contracts/source/index.ts";

export function syntaxProblems(path: string, text: string): readonly Problem[] {
  return path.endsWith(".proto") ? parseProto(path, text).problems : readDocument(path, text).problems;
}
