import { asyncapiMessages } from "../asyncapi/index.ts";
import type { DataMessage } from "../json-schema/index.ts";
import { openapiMessages } from "../openapi/index.ts";
import { DocumentSet, type DocumentNode, type Problem, detectContract, stringAt } from "../source/index.ts";
import { type DataRule, type Versions, checkData, versionsOf } from "./data/index.ts";
import type { Finding } from "./finding.ts";
import type { CheckReport, CheckRequest, Judges } from "./request.ts";
import { asyncapiRules } from "./rules/asyncapi/index.ts";
import { openapiRules } from "./rules/openapi/index.ts";

type DocumentFormat = "openapi" | "asyncapi";

/** What differs between the formats whose contracts are YAML or JSON documents. */
const formats: Readonly<
  Record<
    DocumentFormat,
    { rules: readonly DataRule[]; messages: (documents: DocumentSet, path: string) => DataMessage[] }
  >
> = {
  openapi: { rules: openapiRules, messages: openapiMessages },
  asyncapi: { rules: asyncapiRules, messages: asyncapiMessages },
};

/** Findings and problems of the OpenAPI documents of a request. */
export function checkOpenapi(request: CheckRequest, judges?: Judges): CheckReport {
  return checkDocuments("openapi", request, judges);
}

/** Findings and problems of the AsyncAPI documents of a request. */
export function checkAsyncapi(request: CheckRequest, judges?: Judges): CheckReport {
  return checkDocuments("asyncapi", request, judges);
}

function checkDocuments(format: DocumentFormat, request: CheckRequest, judges: Judges | undefined): CheckReport {
  const findings: Finding[] = [];
  const after = new DocumentSet(request.after.files);
  const versions = versionsOf(new DocumentSet(request.before.files), after);
  for (const [path, text] of request.after.files) {
    const old = request.before.files.get(path);
    const detected = detectContract(path, text) ?? (old === undefined ? undefined : detectContract(path, old));
    if (detected !== format) continue;
    // Reading it collects its problems, whether or not there is something to compare it with.
    after.document(path);
    if (old === undefined || isUnchanged(path, request)) continue;
    findings.push(...checkOne(format, path, versions, request, judges));
  }
  return { findings, problems: problemsOf(after) };
}

function checkOne(
  format: DocumentFormat,
  path: string,
  versions: Versions,
  request: CheckRequest,
  judges: Judges | undefined,
): Finding[] {
  const { rules, messages } = formats[format];
  // A root that cannot be read holds no messages, and says so as a problem.
  if (versions.after.document(path)?.root === undefined) return [];
  const both = { before: messages(versions.before, path), after: messages(versions.after, path) };
  return checkData(format, rules, both, versions, request, judges);
}

const refersElsewhere = /\$ref["']?\s*:\s*["']?[^#"'\s]/;

/** Whether a document and, as far as can be seen without reading it, what it refers to are the same in both versions. */
function isUnchanged(path: string, request: CheckRequest): boolean {
  const text = request.after.files.get(path);
  if (text === undefined || text !== request.before.files.get(path)) return false;
  if (!refersElsewhere.test(text)) return true;
  for (const [other, now] of request.after.files) {
    if (!/\.proto$/i.test(other) && request.before.files.get(other) !== now) return false;
  }
  return true;
}

function problemsOf(documents: DocumentSet): Problem[] {
  const problems: Problem[] = [];
  // The set grows while references are followed; those files are read, and reported on, too.
  for (const document of documents.readDocuments) {
    problems.push(...document.problems);
    if (document.root !== undefined) problems.push(...unresolvedReferences(documents, document.path, document.root));
  }
  return problems;
}

/** More of one kind in one file tell nothing new. */
const maxUnresolved = 50;

function unresolvedReferences(documents: DocumentSet, path: string, root: DocumentNode): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<DocumentNode>();
  const pending: DocumentNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === "scalar" || seen.has(node) || problems.length >= maxUnresolved) continue;
    seen.add(node);
    if (node.kind === "sequence") {
      pending.push(...node.items);
      continue;
    }
    for (const entry of node.entries) if (!holdsData.has(entry.key)) pending.push(entry.value);
    const reference = stringAt(node, "$ref");
    const value = node.get("$ref");
    if (reference === undefined || value === undefined || isForeign(reference)) continue;
    const target = documents.resolve(path, reference);
    if (!("failure" in target)) continue;
    problems.push({
      code: "unresolved-reference",
      severity: "error",
      path,
      span: value.span,
      message: `The reference "${reference}" cannot be resolved: ${target.failure}. Correct it, or add what it names.`,
    });
  }
  return problems;
}

/** Below these keys stands data, in which nothing is a reference. */
const holdsData = new Set(["example", "examples", "default", "const", "enum"]);

/** References into the web, which is never asked, and into .proto files, which are read elsewhere. */
function isForeign(reference: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(reference) || /\.proto(?:#|$)/i.test(reference);
}
