/** Hovers: on a finding, the whole proof; on a message's name, what it is and what was seen of it live. */
import { MarkupKind, type Hover } from "vscode-languageserver";
import { spanContains } from "../contracts/source/index.ts";
import type { DefinitionSeen } from "../daemon/serve/protocol.ts";
import { messageAt } from "./definition.ts";
import type { Outcome } from "./folder.ts";
import { seenText } from "./live-text.ts";
import { rulePage, toRange } from "./to-lsp.ts";
import { escapeMarkdown, findingMarkdown } from "./witness-text.ts";

export function hoverAt(
  outcome: Outcome,
  path: string,
  text: string,
  offset: number,
  seen: (name: string) => DefinitionSeen | undefined,
  now: number,
): Hover | undefined {
  const parts: string[] = [];
  const findings = (outcome.findings.get(path) ?? []).filter(
    (finding) => finding.placeVersion === "after" && spanContains(finding.place.span, offset),
  );
  for (const finding of findings) parts.push(findingMarkdown(finding, rulePage(finding.format, finding.ruleId)));
  let span = findings[0]?.place.span;
  if (path.endsWith(".proto")) {
    const message = messageAt(outcome.sides.after, path, offset);
    if (message !== undefined) {
      const live = seen(message.fullName);
      const fields = `${message.fields.length} field${message.fields.length === 1 ? "" : "s"}`;
      parts.unshift(
        `**${escapeMarkdown(message.fullName)}** · ${fields}${live === undefined ? "" : ` · ${seenText(live, now)}`}`,
      );
      span ??= message.namePlace.span;
    }
  }
  if (parts.length === 0 || span === undefined) return undefined;
  return { contents: { kind: MarkupKind.Markdown, value: parts.join("\n\n---\n\n") }, range: toRange(text, span) };
}
