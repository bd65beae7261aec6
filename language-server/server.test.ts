import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Diagnostic, Hover, Location, DocumentSymbol } from "vscode-languageserver";
import { asyncapi, openapi, proto } from "./testing/contracts.ts";
import { TestClient, TestRepository, until, type ClientOptions } from "./testing/client.ts";

const running: Array<{ client: TestClient; repository: TestRepository }> = [];
afterEach(async () => {
  for (const { client, repository } of running.splice(0)) {
    await client.stop();
    repository.dispose();
  }
});

/** A repository with `files` committed, and a client on it. */
async function start(files: Record<string, string>, options: ClientOptions = {}, commit = true) {
  const repository = new TestRepository(files);
  if (commit) repository.commit("first");
  const client = await TestClient.start(repository.root, options);
  running.push({ client, repository });
  return { client, repository };
}

/** `line:start-end code`, the line counted from 1. */
const brief = (diagnostics: readonly Diagnostic[]) =>
  diagnostics.map(
    ({ range, code }) => `${range.start.line + 1}:${range.start.character}-${range.end.character} ${code}`,
  );

describe("an edit that breaks a reader", () => {
  it("stands at the line, with who breaks, the proof, the rule's page and the old place", async () => {
    const { client } = await start({ "api/shop.openapi.yaml": openapi("id, total") });
    await client.open("api/shop.openapi.yaml", openapi("id, total"));
    expect(await client.pull("api/shop.openapi.yaml")).toEqual([]);
    await client.edit("api/shop.openapi.yaml", openapi("id"));
    const found = await client.pull("api/shop.openapi.yaml");
    expect(found).toHaveLength(1);
    const [diagnostic] = found;
    expect(diagnostic).toMatchObject({ severity: 1, source: "contrail", code: "response-property-became-optional" });
    expect(diagnostic?.codeDescription?.href).toBe(
      "https://github.com/contrail-dev/contrail/blob/main/docs/rules/openapi/response-property-became-optional.md",
    );
    expect(diagnostic?.message).toMatch(/"total"/);
    expect(diagnostic?.message).toMatch(/For example .*→/);
    const old = diagnostic?.relatedInformation?.[0]?.location;
    expect(old?.uri).toMatch(/^contrail-baseline:\/.*api\/shop\.openapi\.yaml$/);
    expect(await client.connection.sendRequest("contrail/baselineText", { uri: old?.uri })).toEqual({
      text: openapi("id, total"),
    });
  });

  it("has opposite outcomes for AsyncAPI's send and receive", async () => {
    const { client } = await start({
      "send.yaml": asyncapi("send", "id, total"),
      "receive.yaml": asyncapi("receive", "id, total"),
    });
    await client.open("send.yaml", asyncapi("send", "id"));
    await client.open("receive.yaml", asyncapi("receive", "id"));
    const onlyContrail = (diagnostics: Diagnostic[]) => diagnostics.filter(({ source }) => source === "contrail");
    expect(onlyContrail(await client.pull("send.yaml"))).toHaveLength(1);
    expect(onlyContrail(await client.pull("receive.yaml"))).toHaveLength(0);
    await client.edit("send.yaml", asyncapi("send", "id, total"));
    expect(onlyContrail(await client.pull("send.yaml"))).toHaveLength(0);
  });

  it("is found in Protobuf, beside a syntax error", async () => {
    const { client } = await start({ "shop.proto": proto("string id = 1;\nint32 total = 2;\nstring note = 3;") });
    await client.open("shop.proto", proto("string id = 1;\nstring total = 2;"));
    expect(brief(await client.pull("shop.proto"))).toEqual(["4:0-13 FIELD_NO_DELETE", "6:2-8 FIELD_SAME_TYPE"]);
    await client.edit("shop.proto", proto("string id = ;\nstring total = 2;\nstring note = 3;"));
    const codes = (await client.pull("shop.proto")).map(({ code }) => code);
    expect(codes).toContain("FIELD_SAME_TYPE");
    expect(codes).toContain("proto-syntax");
  });

  it("takes import paths from the settings, and forgets them again", async () => {
    const { client } = await start({
      "a/money.proto": 'syntax = "proto3";\npackage a;\nmessage Money {}\n',
      "b/money.proto": 'syntax = "proto3";\npackage b;\nmessage Money {}\n',
      "shop.proto": 'syntax = "proto3";\nimport "money.proto";\nmessage Order { b.Money price = 1; }\n',
    });
    const tell = (importPaths: readonly string[]) =>
      client.connection.sendNotification("workspace/didChangeConfiguration", {
        settings: { contrail: { proto: { importPaths } } },
      });
    expect(await client.pull("shop.proto")).not.toEqual([]);
    await tell(["b", "../elsewhere"]);
    expect(await client.pull("shop.proto")).toEqual([]);
    await tell([]);
    expect(await client.pull("shop.proto")).not.toEqual([]);
  });

  it("counts columns as the editor does, behind characters outside of the basic plane", async () => {
    const { client } = await start({ "a.proto": 'syntax = "proto3";\nmessage A { /* 😀😀 */ int32 x = 1; }\n' });
    await client.open("a.proto", 'syntax = "proto3";\nmessage A { /* 😀😀 */ string x = 1; }\n');
    expect(brief(await client.pull("a.proto"))).toEqual(["2:23-29 FIELD_SAME_TYPE"]);
  });

  it("is gone when the edit is undone, and appears for files that are not open in the workspace's list", async () => {
    const { client, repository } = await start({ "a.proto": proto("int32 x = 1;"), "b.proto": 'syntax = "proto3";\n' });
    repository.write("a.proto", proto("string x = 1;"));
    expect(await client.pullWorkspace()).toEqual({ "/a.proto": ["FIELD_SAME_TYPE"] });
    repository.write("a.proto", proto("int32 x = 1;"));
    await client.connection.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: client.uri("a.proto"), type: 2 }],
    });
    expect(await client.pullWorkspace()).toEqual({});
  });

  it("is found in a folder of a repository whose settings stand above it", async () => {
    const repository = new TestRepository({
      "buf.yaml": "version: v2\nmodules: [{path: proto}]\nbreaking: {except: [FIELD_SAME_TYPE]}\n",
      "proto/a.proto": proto("int32 x = 1;\nint32 y = 2;"),
      "proto/deep/b.proto":
        'syntax = "proto3";\npackage deep;\nimport "a.proto";\nmessage B { shop.v1.Order o = 1; int32 z = 2; }\n',
    });
    repository.commit("first");
    const client = await TestClient.start(repository.root, { root: join(repository.root, "proto/deep") });
    running.push({ client, repository });
    repository.write("proto/a.proto", proto("string x = 1;"));
    await client.open(
      "proto/deep/b.proto",
      'syntax = "proto3";\npackage deep;\nimport "a.proto";\nmessage B { shop.v1.Order o = 1; }\n',
    );
    expect(brief(await client.pull("proto/deep/b.proto"))).toEqual(["4:0-9 FIELD_NO_DELETE"]);
    expect(await client.pullWorkspace()).toEqual({ "/proto/deep/b.proto": ["FIELD_NO_DELETE"] });
  });

  it("goes away with the commit that accepts it", async () => {
    const { client, repository } = await start({ "a.proto": proto("int32 x = 1;") });
    repository.write("a.proto", proto("string x = 1;"));
    await client.open("a.proto", proto("string x = 1;"));
    expect(await client.pull("a.proto")).toHaveLength(1);
    repository.commit("second");
    await client.save("a.proto");
    expect(await client.pull("a.proto")).toEqual([]);
  });
});

describe("what can go wrong", () => {
  it("says so in the status, and shows the contract's own problems", async () => {
    const { client } = await start({ "a.proto": 'syntax = "proto3";\nmessage {\n' }, {}, false);
    await client.open("a.proto", 'syntax = "proto3";\nmessage {\n');
    expect((await client.pull("a.proto")).length).toBeGreaterThan(0);
    expect(client.status).toMatchObject([{ folders: [{ baseline: "nothing", notes: [{ code: "no-commits" }] }] }]);
  });

  it("survives binary garbage in every format", async () => {
    const { client } = await start({
      "a.proto": proto("int32 x = 1;"),
      "o.yaml": openapi("id"),
      "b.proto": 'syntax = "proto3";',
    });
    const garbage = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)).toString("latin1");
    await client.open("o.yaml", garbage);
    await client.open("b.proto", garbage);
    await client.open("a.proto", proto("string x = 1;"));
    expect(brief(await client.pull("a.proto"))).toContain("5:2-8 FIELD_SAME_TYPE");
    expect((await client.pull("b.proto")).length).toBeGreaterThan(0);
    await client.pull("o.yaml");
  });

  it("names a file that cannot be read as text", async () => {
    const { client, repository } = await start({ "a.proto": proto("int32 x = 1;") });
    repository.write("zero.proto", "\0\0");
    expect(await client.pullWorkspace()).toEqual({ "/zero.proto": ["unreadable"] });
  });

  it("shows a contract that was deleted as a finding in the baseline", async () => {
    const { client, repository } = await start({ "a.proto": proto("int32 x = 1;"), "b.proto": 'syntax = "proto3";' });
    repository.remove("a.proto");
    const found = await client.pullWorkspace();
    expect(Object.entries(found)).toEqual([
      [expect.stringMatching(/^contrail-baseline:.*a\.proto$/), ["FILE_NO_DELETE"]],
    ]);
  });

  it("reports mistakes in contrail.yaml and buf.yaml at their line", async () => {
    const { client } = await start({ "contrail.yaml": "level: full\n", "a.proto": proto("") });
    await client.open("contrail.yaml", "level: full\nlevles: x\n");
    expect(brief(await client.pull("contrail.yaml"))).toEqual(["2:0-6 contrail-settings"]);
  });

  it("is silent when checks are switched off", async () => {
    const { client } = await start({ "a.proto": proto("int32 x = 1;") }, { settings: { enable: false } });
    await client.open("a.proto", proto("string x = 1;"));
    expect(await client.pull("a.proto")).toEqual([]);
  });
});

describe("the AsyncAPI specification's own problems", () => {
  it("come from the official parser a moment later, and never from the network", async () => {
    const text = asyncapi("send", "id")
      .replace("action: send", "action: shout")
      .replace("{type: string}", "{$ref: 'http://127.0.0.1:1/x.json'}");
    const { client } = await start({ "a.yaml": text });
    await client.open("a.yaml", text);
    await client.pull("a.yaml");
    await until(() => client.refreshes > 0, "the parser has answered", 15_000);
    const fromParser = (await client.pull("a.yaml")).filter(({ source }) => source?.includes("AsyncAPI"));
    expect(fromParser.map(({ range }) => range.start.line)).toContain(
      text.split("\n").findIndex((line) => line.includes("shout")),
    );
  }, 20_000);
});

describe("where a check takes long", () => {
  const other = 'syntax = "proto3";\npackage other;\nmessage B { int32 y = 1; }\n';
  const settled = async (client: TestClient, path: string, expected: string[]) => {
    for (let tries = 0; tries < 40; tries++) {
      if (JSON.stringify(brief(await client.pull(path))) === JSON.stringify(expected)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(brief(await client.pull(path))).toEqual(expected);
  };

  it("answers syntax at once, then findings of what was edited; what others found stays", async () => {
    const { client, repository } = await start(
      { "a.proto": proto("int32 x = 1;"), "b.proto": other },
      { slowCheckMs: 0 },
    );
    repository.write("b.proto", other.replace("int32", "string"));
    await client.open("a.proto", proto("int32 x = 1;"));
    await client.open("b.proto", other.replace("int32", "string"));
    await settled(client, "b.proto", ["3:12-18 FIELD_SAME_TYPE"]);
    await client.edit("a.proto", proto("string x = ;"));
    expect(brief(await client.pull("a.proto"))).toEqual(["5:13-14 proto-syntax"]);
    await client.edit("a.proto", proto("string x = 1;"));
    await settled(client, "a.proto", ["5:2-8 FIELD_SAME_TYPE"]);
    await settled(client, "b.proto", ["3:12-18 FIELD_SAME_TYPE"]);
    expect(client.refreshes).toBeGreaterThan(0);
    await client.edit("b.proto", other);
    await settled(client, "b.proto", []);
    await settled(client, "a.proto", ["5:2-8 FIELD_SAME_TYPE"]);
  });
});

describe("where a check takes long, and a file is saved", () => {
  it("checks everything beside the typing, and lays newer edits over it", async () => {
    const base = 'syntax = "proto3";\npackage shop;\nmessage Money {}\n';
    const user = 'syntax = "proto3";\npackage shop;\nimport "a.proto";\nmessage Order { Money total = 1; }\n';
    const { client, repository } = await start({ "a.proto": base, "b.proto": user }, { slowCheckMs: 0 });
    await client.open("a.proto", base);
    await client.open("b.proto", user);
    expect(brief(await client.pull("b.proto"))).toEqual([]);
    const renamed = base.replace("Money", "Cash");
    await client.edit("a.proto", renamed);
    repository.write("a.proto", renamed);
    await client.save("a.proto");
    await client.edit("b.proto", `${user}message Late { int32 x = ; }\n`);
    const codes = async () => (await client.pull("b.proto")).map(({ code }) => String(code)).sort();
    for (let tries = 0; tries < 100 && (await codes()).length < 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await codes()).toEqual(["proto-syntax", "proto-unresolved"]);
  }, 20_000);
});

describe("a client that cannot pull", () => {
  it("gets each change pushed once", async () => {
    const { client } = await start({ "a.proto": proto("int32 x = 1;") }, { pull: false });
    await client.open("a.proto", proto("string x = 1;"));
    const uri = client.uri("a.proto");
    await until(() => client.pushed.get(uri)?.length === 1, "the finding is pushed");
    await client.edit("a.proto", proto("int32 x = 1;"));
    await until(() => client.pushed.get(uri)?.length === 0, "it is taken back");
    expect(client.pushes).toHaveLength(2);
  });
});

describe("beside diagnostics", () => {
  const files = {
    "shop/order.proto":
      'syntax = "proto3";\npackage shop;\nimport "shop/money.proto";\nmessage Order {\n  Money total = 1;\n  map<string, Line> lines = 2;\n  message Line { int32 n = 1; }\n}\nservice Shop { rpc Get(Order) returns (Money); }\n',
    "shop/money.proto": 'syntax = "proto3";\npackage shop;\nmessage Money { int64 cents = 1; }\n',
  };

  it("leads from types, map values, rpc types and imports to where they are", async () => {
    const { client } = await start(files);
    await client.open("shop/order.proto", files["shop/order.proto"]);
    const at = async (line: number, character: number) => {
      const found = await client.at<Location | null>("textDocument/definition", "shop/order.proto", line, character);
      return found === null
        ? null
        : `${found.uri.split("/").at(-1)}:${found.range.start.line}:${found.range.start.character}`;
    };
    expect(await at(4, 4)).toBe("money.proto:2:8");
    expect(await at(5, 16)).toBe("order.proto:6:10");
    expect(await at(8, 24)).toBe("order.proto:3:8");
    expect(await at(8, 41)).toBe("money.proto:2:8");
    expect(await at(2, 12)).toBe("money.proto:0:0");
    expect(await at(0, 3)).toBeNull();
  });

  it("leads from a $ref to its target", async () => {
    const text = openapi("id").replace("{type: integer}", "{$ref: 'parts.yaml#/total'}");
    const { client } = await start({ "o.yaml": text, "parts.yaml": "total:\n  type: integer\n" });
    await client.open("o.yaml", text);
    const line = text.split("\n").findIndex((content) => content.includes("$ref"));
    const found = await client.at<Location>("textDocument/definition", "o.yaml", line, 32);
    expect([found.uri.split("/").at(-1), found.range.start.line]).toEqual(["parts.yaml", 1]);
  });

  it("outlines a .proto", async () => {
    const { client } = await start(files);
    await client.open("shop/order.proto", files["shop/order.proto"]);
    const symbols = await client.connection.sendRequest<DocumentSymbol[]>("textDocument/documentSymbol", {
      textDocument: { uri: client.uri("shop/order.proto") },
    });
    const outline = (symbol: DocumentSymbol): unknown =>
      symbol.children === undefined ? symbol.name : [symbol.name, ...symbol.children.map(outline)];
    expect(symbols.map(outline)).toEqual([
      ["Order", "total", "lines", ["Line", "n"]],
      ["Shop", "Get"],
    ]);
  });

  it("shows the whole proof and what a message is on hover", async () => {
    const { client } = await start({ "a.proto": proto("int32 x = 1;") });
    await client.open("a.proto", proto("string x = 1;"));
    const finding = await client.at<Hover>("textDocument/hover", "a.proto", 4, 4);
    expect(JSON.stringify(finding.contents)).toContain("**FIELD_SAME_TYPE** · breaking on");
    expect(JSON.stringify(finding.contents)).toContain("```json");
    const message = await client.at<Hover>("textDocument/hover", "a.proto", 3, 10);
    expect(JSON.stringify(message.contents)).toContain("**shop.v1.Order** · 1 field");
  });

  it("offers to accept a break in contrail.yaml; with a reason it is accepted", async () => {
    const { client, repository } = await start({ "a.proto": proto("int32 x = 1;"), "contrail.yaml": "level: full\n" });
    await client.open("a.proto", proto("string x = 1;"));
    const [diagnostic] = await client.pull("a.proto");
    const actions = diagnostic === undefined ? [] : await client.actions("a.proto", diagnostic);
    const action = actions.find(({ title }) => title.startsWith("Accept this break"));
    const edit = action?.edit?.changes?.[client.uri("contrail.yaml")]?.[0];
    expect(edit?.newText).toContain("accept:\n  - rule: FIELD_SAME_TYPE\n");
    repository.write("contrail.yaml", `level: full\n${edit?.newText.replace('reason: ""', "reason: nobody reads it")}`);
    await client.connection.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: client.uri("contrail.yaml"), type: 2 }],
    });
    expect(await client.pull("a.proto")).toEqual([]);
  });
});
