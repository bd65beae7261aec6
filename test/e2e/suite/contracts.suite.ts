/** One line through the contract half, in a real editor: an edit that breaks a reader, and what stands at the line. */
import assert from "node:assert/strict";
import * as vscode from "vscode";

const folder = () => {
  const first = vscode.workspace.workspaceFolders?.[0];
  assert.ok(first, "the workspace is open");
  return first.uri;
};

describe("an edit that breaks a reader", () => {
  afterEach(revertEdits);

  before(async function () {
    this.timeout(60_000);
    // The first check starts the server and reads the baseline; what is measured below is what a user waits for.
    await edit("proto/shop/v1/orders.proto", "string order_id = 1;", "int32 order_id = 1;");
    await waitFor("proto/shop/v1/orders.proto", "FIELD_SAME_TYPE", 45_000);
    await revertEdits();
  });

  it("proto: another type is FIELD_SAME_TYPE, at the type, with a witness", async () => {
    const path = "proto/shop/v1/orders.proto";
    await edit(path, "string order_id = 1;", "int32 order_id = 1;");
    await checkBreak(path, "FIELD_SAME_TYPE", "int32 order_id", /readers/i);
  });

  it("proto: a deleted field is FIELD_NO_DELETE", async () => {
    const path = "proto/shop/v1/orders.proto";
    await edit(path, "  int64 amount_cents = 2;\n", "");
    await checkBreak(path, "FIELD_NO_DELETE", "message OrderPlaced", /amount_cents/);
  });

  it("openapi: a required response property that is gone breaks old clients", async () => {
    await edit("openapi.yaml", "                required: [id, status]\n", "                required: [id]\n");
    await edit("openapi.yaml", "                  status: { type: string }\n", "");
    await checkBreak("openapi.yaml", "response-required-property-removed", undefined, /status/);
  });

  it("openapi: a request property that became required breaks old clients", async () => {
    await edit("openapi.yaml", "required: [sku]", "required: [sku, note]");
    await checkBreak("openapi.yaml", "request-property-became-required", "required: [sku, note]", /note/);
  });

  it("asyncapi: what is sent must keep its required properties", async () => {
    await edit("asyncapi.yaml", "          required: [orderId, total]\n", "          required: [orderId]\n");
    await edit("asyncapi.yaml", "            total: { type: number }\n", "");
    await checkBreak("asyncapi.yaml", "message-required-property-removed", undefined, /total/);
  });

  it("asyncapi: what is received must not ask for more", async () => {
    await edit("asyncapi.yaml", "          required: [orderId]\n", "          required: [orderId, method]\n");
    await checkBreak("asyncapi.yaml", "message-property-became-required", "required: [orderId, method]", /method/);
  });

  it("asyncapi: the same two edits on the other side break nobody", async () => {
    await edit("asyncapi.yaml", "            method: { type: string }\n", "");
    await edit("asyncapi.yaml", "required: [orderId, total]", "required: [orderId, total, orderId2]");
    await edit(
      "asyncapi.yaml",
      "total: { type: number }",
      "total: { type: number }\n            orderId2: { type: string }",
    );
    await settled();
    const codes = diagnostics("asyncapi.yaml")
      .filter((one) => one.severity === vscode.DiagnosticSeverity.Error)
      .map(codeOf);
    assert.deepEqual(codes, []);
  });

  it("a syntax error shows without silencing the break above it", async () => {
    const path = "proto/shop/v1/orders.proto";
    await edit(path, "string order_id = 1;", "int32 order_id = 1;");
    await edit(path, "string currency = 3;", "string currency = ;");
    await waitFor(path, "FIELD_SAME_TYPE");
    await eventually("a syntax error", () =>
      diagnostics(path).find(
        (one) => codeOf(one) !== "FIELD_SAME_TYPE" && one.severity === vscode.DiagnosticSeverity.Error,
      ),
    );
  });

  it("goes away when the edit is taken back", async () => {
    const path = "proto/shop/v1/orders.proto";
    await edit(path, "string order_id = 1;", "int32 order_id = 1;");
    await waitFor(path, "FIELD_SAME_TYPE");
    await edit(path, "int32 order_id = 1;", "string order_id = 1;");
    await eventually("no diagnostics", () => diagnostics(path).length === 0 || undefined);
  });
});

/** Within a second: the rule's id and link, at the line, who breaks, the witness, the old place. */
async function checkBreak(path: string, rule: string, lineHas: string | undefined, message: RegExp): Promise<void> {
  const started = Date.now();
  const found = await waitFor(path, rule);
  const waited = Date.now() - started;
  assert.ok(waited < 1000, `the diagnostic came after ${waited} ms`);
  assert.equal(found.source, "contrail");
  assert.match(found.message, message);
  assert.match(found.message, /readers|clients|receivers|senders|code/i, `says who breaks: ${found.message}`);
  assert.match(found.message, /[{"\d]/, "shows the witness");
  assert.ok(
    typeof found.code === "object" && /^https:\/\/.*docs\/rules\//.test(found.code.target.toString()),
    "links to the rule",
  );
  assert.ok((found.relatedInformation ?? []).length > 0, "points at the old place");
  if (lineHas !== undefined) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder(), path));
    const line = document.lineAt(found.range.start.line).text;
    assert.ok(line.includes(lineHas), `stands at "${line}"`);
  }
  const old = found.relatedInformation?.[0]?.location.uri;
  assert.ok(old);
  const before = await vscode.workspace.openTextDocument(old);
  assert.ok(before.getText().length > 0, "the old text can be opened");
}

/** Only what was edited here: the editor itself holds its settings open, and dirty for a moment whenever one is set. */
async function revertEdits(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty || vscode.workspace.getWorkspaceFolder(document.uri) === undefined) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("workbench.action.files.revert");
  }
}

async function edit(path: string, before: string, after: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder(), path));
  await vscode.window.showTextDocument(document);
  const at = document.getText().indexOf(before);
  assert.notEqual(at, -1, `${path} has ${JSON.stringify(before)}`);
  const change = new vscode.WorkspaceEdit();
  change.replace(
    document.uri,
    new vscode.Range(document.positionAt(at), document.positionAt(at + before.length)),
    after,
  );
  assert.ok(await vscode.workspace.applyEdit(change));
}

function diagnostics(path: string): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(vscode.Uri.joinPath(folder(), path))
    .filter((one) => one.source === "contrail");
}

function codeOf(one: vscode.Diagnostic): string {
  return String(typeof one.code === "object" ? one.code.value : one.code);
}

function waitFor(path: string, rule: string, timeoutMs?: number): Promise<vscode.Diagnostic> {
  return eventually(
    `${rule} in ${path}`,
    () => diagnostics(path).find((one) => codeOf(one) === rule),
    timeoutMs,
    () =>
      diagnostics(path)
        .map((one) => `${one.range.start.line + 1}: ${codeOf(one)}: ${one.message}`)
        .join("\n"),
  );
}

async function eventually<T>(
  what: string,
  probe: () => T | undefined,
  timeoutMs = 10_000,
  found: () => string = () => "",
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = probe();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}\nThere is: ${found()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Long enough for a check that finds nothing to have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1500));
}
