import { describe, expect, it } from "vitest";
import { readDocumentOnce } from "./document-cache.ts";
import { DocumentSet, entryAt, nodeAt, plainValue, readDocument } from "./index.ts";

const textAt = (text: string, span: { start: number; end: number } | undefined) =>
  span === undefined ? undefined : text.slice(span.start, span.end);

describe.each(["a.json", "a.yaml"])("readDocument of %s", (path) => {
  it("gives every key and value its place", () => {
    const text = `{"info": {"title": "Shop", "tags": [1, "two", null, true]}}`;
    const document = readDocument(path, text);
    expect(document.problems).toEqual([]);
    expect(textAt(text, entryAt(document.root, "/info/title")?.keySpan)).toBe(`"title"`);
    expect(textAt(text, nodeAt(document.root, "/info/title")?.span)).toBe(`"Shop"`);
    expect(textAt(text, nodeAt(document.root, "/info/tags/1")?.span)).toBe(`"two"`);
    expect(plainValue(document.root!)).toEqual({ info: { title: "Shop", tags: [1, "two", null, true] } });
  });

  it("keeps the text of numbers that a double cannot hold", () => {
    const { root } = readDocument(path, `{"a": 9007199254740993, "b": 9007199254740992, "c": 0.1, "d": 1e3}`);
    const exact = (key: string) => {
      const node = nodeAt(root, `/${key}`);
      return node?.kind === "scalar" ? node.exactText : "no scalar";
    };
    expect([exact("a"), exact("b"), exact("c"), exact("d")]).toEqual([
      "9007199254740993",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("says of binary garbage that it is not text, once", () => {
    const garbage = readDocument(path, "PK\u0003\u0004\u0000\u0000\ufffd\ufffd");
    expect(garbage.root).toBeUndefined();
    expect(garbage.problems.map((problem) => problem.message)).toEqual([expect.stringContaining("is not text")]);
  });

  it("refuses nesting without bound in one sentence", () => {
    const deep = readDocument(path, `${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    expect(deep.problems.length).toBeGreaterThan(0);
    expect(deep.problems[0]?.message).toContain("nested deeper than");
  });

  it("never throws, whatever is cut off or put in", () => {
    const text = `{"a": {"b": ["x", -1.5e3, {"c": "\\u00e9"}]}, "d": null}`;
    for (let cut = 0; cut <= text.length; cut++) {
      expect(() => readDocument(path, text.slice(0, cut))).not.toThrow();
      for (const piece of ["}", "]", ",", '"', ":", "&a ", "*a", "<<: ", "\n\t"]) {
        expect(() => readDocument(path, text.slice(0, cut) + piece + text.slice(cut))).not.toThrow();
      }
    }
  });
});

describe("JSON with errors", () => {
  it("reads on behind each of them and points at it", () => {
    const text = `{"a": 1 "b": tru, "c": {"x": [1,, 2},\n "d": "fine",}`;
    const document = readDocument("a.json", text);
    expect(plainValue(nodeAt(document.root, "/d")!)).toBe("fine");
    expect(document.problems.map((problem) => textAt(text, problem.span))).toEqual([`"`, "tru", ",", "[", ","]);
  });
});

describe("YAML", () => {
  it("reads on behind a syntax error", () => {
    const text = "info:\n  title: 'x\n   y'\n  broken: [1, 2\npaths:\n  /a: {get: 1}\n";
    const document = readDocument("a.yaml", text);
    expect(document.problems.length).toBeGreaterThan(0);
    expect(nodeAt(document.root, "/info/title")).toBeDefined();
  });

  it("reports a key written twice, at the second", () => {
    const text = "a: 1\nb: 2\na: 3\n";
    const { problems } = readDocument("a.yaml", text);
    expect(problems.map((problem) => problem.span.start)).toEqual([text.lastIndexOf("a:")]);
  });

  it("resolves aliases and merge keys, and stops cycles and explosions", () => {
    const text = "base: &b\n  x: 1\n  y: 2\nuse: *b\nmerged:\n  <<: *b\n  y: 3\nround: &r\n  self: *r\n";
    const document = readDocument("a.yaml", text);
    const value = plainValue(document.root!) as Record<string, unknown>;
    expect(value["use"]).toEqual({ x: 1, y: 2 });
    expect(value["merged"]).toEqual({ y: 3, x: 1 });
    expect(document.problems.map((problem) => problem.code)).toEqual(["yaml-alias"]);

    const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let i = 1; i < 12; i++)
      bomb.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(",")}]`,
      );
    expect(readDocument("bomb.yaml", bomb.join("\n")).problems.map((problem) => problem.code)).toContain("yaml-alias");
  });

  it("takes keys that are numbers as their text", () => {
    const { root } = readDocument("a.yaml", "responses:\n  200: ok\n  on: yes\n");
    expect(plainValue(root!)).toEqual({ responses: { "200": "ok", on: "yes" } });
  });
});

describe("readDocumentOnce", () => {
  it("keeps the version at rest while another one changes", () => {
    const rest = readDocumentOnce("kept.yaml", "a: 1");
    for (let i = 0; i < 5; i++) {
      readDocumentOnce("kept.yaml", `a: 1${i}`);
      expect(readDocumentOnce("kept.yaml", "a: 1")).toBe(rest);
    }
    expect(plainValue(readDocumentOnce("kept.yaml", "a: 2").root!)).toEqual({ a: 2 });
  });
});

describe("DocumentSet", () => {
  const set = new DocumentSet(
    new Map([
      ["api/openapi.yaml", "a: {$ref: '#/b'}\nb: {$ref: 'schemas/order.json#/defs/a~1b'}\nc: {$ref: '#/c'}\n"],
      ["api/schemas/order.json", `{"defs": {"a/b": {"type": "string"}, "n": {"$anchor": "here", "type": "null"}}}`],
    ]),
  );

  it("follows references through files", () => {
    const document = set.document("api/openapi.yaml")!;
    const found = set.follow("api/openapi.yaml", nodeAt(document.root, "/a"));
    expect(found?.path).toBe("api/schemas/order.json");
    expect(plainValue(found!.node)).toEqual({ type: "string" });
  });

  it("ends on a cycle, finds anchors, and says why it cannot resolve", () => {
    const document = set.document("api/openapi.yaml")!;
    expect(set.follow("api/openapi.yaml", nodeAt(document.root, "/c"))).toBeUndefined();
    expect(set.resolve("api/openapi.yaml", "schemas/order.json#here")).toHaveProperty("node");
    expect(set.resolve("api/openapi.yaml", "../../x.json")).toEqual({ failure: "it leads out of the checked folder" });
    expect(set.resolve("api/openapi.yaml", "https://example.com/x.json")).toHaveProperty("failure");
    expect(set.resolve("api/openapi.yaml", "#/nowhere")).toHaveProperty("failure");
  });
});
