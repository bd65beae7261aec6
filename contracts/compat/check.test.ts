import { beforeAll, describe, expect, it } from "vitest";
import { LineIndex } from "../source/index.ts";
import { checkContracts } from "./check.ts";
import { type CheckRequest, type Finding, type Judges, builtInProfiles } from "./index.ts";
import { loadJudges } from "./judges/index.ts";

let judges: Judges;
beforeAll(async () => {
  judges = await loadJudges();
});

function request(before: Record<string, string>, after: Record<string, string>): CheckRequest {
  const set = (files: Record<string, string>) => ({ files: new Map(Object.entries(files)), protoModules: [] });
  return { before: set(before), after: set(after), level: "full", profiles: builtInProfiles };
}

function lineOf(text: string, finding: Finding): string {
  const line = new LineIndex(text).positionAt(finding.place.span.start).line;
  return text.split("\n")[line]?.trim() ?? "";
}

const openapi = (schema: string, response = schema) => `openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
paths:
  /orders/{id}:
    put:
      requestBody:
        content:
          application/json:
            schema:
${indent(schema, 14)}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
${indent(response, 16)}
`;

const asyncapi = (action: string, payload: string) => `asyncapi: 3.0.0
info: {title: Orders, version: 1.0.0}
channels:
  placed:
    address: orders.placed
    messages:
      OrderPlaced:
        payload:
${indent(payload, 10)}
operations:
  one:
    action: ${action}
    channel: {$ref: "#/channels/placed"}
    messages: [{$ref: "#/channels/placed/messages/OrderPlaced"}]
`;

function indent(text: string, by: number): string {
  return text
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");
}

const full = `type: object
required: [id, total]
properties:
  id: {type: string}
  total: {type: integer, minimum: 5}`;
const without = `type: object
required: [id]
properties:
  id: {type: string}`;
const optional = `type: object
required: [id]
properties:
  id: {type: string}
  total: {type: integer, minimum: 5}`;

describe("OpenAPI", () => {
  it("proves that clients cannot read a response without what was required", () => {
    const after = openapi(full, without);
    const { findings } = checkContracts(request({ "a.yaml": openapi(full) }, { "a.yaml": after }), judges);
    expect(findings).toHaveLength(1);
    const [finding] = findings;
    expect(finding).toMatchObject({
      ruleId: "response-required-property-removed",
      verdict: "breaking",
      affected: ["old-readers"],
      profiles: ["tolerant", "strict"],
      witness: {
        writer: "after",
        reader: "before",
        messageName: "PUT /orders/{id} 200 application/json",
        written: JSON.stringify({ id: "text" }, undefined, 2),
        observations: [{ path: "total", outcome: "rejected" }],
        judges: [
          { judge: "contrail", external: false, confirms: true },
          { judge: "ajv", external: true, confirms: true },
        ],
      },
    });
    expect(lineOf(after, finding!)).toBe("properties:");
  });

  it("proves that old clients are refused when a request asks for more", () => {
    const after = openapi(full, "type: object");
    const became = checkContracts(
      request({ "a.yaml": openapi(optional, "type: object") }, { "a.yaml": after }),
      judges,
    );
    expect(became.findings.map((finding) => [finding.ruleId, finding.verdict, finding.affected])).toEqual([
      ["request-property-became-required", "breaking", ["new-readers"]],
    ]);
    expect(lineOf(after, became.findings[0]!)).toBe("required: [id, total]");
    const fresh = checkContracts(request({ "a.yaml": openapi(without, "type: object") }, { "a.yaml": after }), judges);
    expect(fresh.findings.map((finding) => finding.ruleId)).toEqual(["new-required-request-property"]);
    expect(lineOf(after, fresh.findings[0]!)).toContain("total:");
  });

  it("finds nothing where the change is harmless in its direction", () => {
    const check = (before: string, after: string) =>
      checkContracts(request({ "a.yaml": before }, { "a.yaml": after }), judges).findings;
    expect(check(openapi("type: object", without), openapi("type: object", full))).toEqual([]);
    expect(check(openapi(full, "type: object"), openapi(optional, "type: object"))).toEqual([]);
    expect(check(openapi(full), openapi(full))).toEqual([]);
  });

  it("sees that a property left in `required` alone may now be anything", () => {
    const left = "type: object\nrequired: [id, total]\nproperties:\n  id: {type: string}";
    const after = openapi("type: object", left);
    const { findings } = checkContracts(
      request({ "a.yaml": openapi("type: object", full) }, { "a.yaml": after }),
      judges,
    );
    expect(findings.map((finding) => [finding.ruleId, finding.verdict])).toEqual([
      ["response-required-property-removed", "breaking"],
    ]);
    expect(lineOf(after, findings[0]!)).toBe("required: [id, total]");
    expect(findings[0]?.witness?.observations[0]).toMatchObject({ path: "total", outcome: "rejected" });
  });

  it("asks only for the direction of the level", () => {
    const both = request({ "a.yaml": openapi(optional, full) }, { "a.yaml": openapi(full, without) });
    const rules = (level: CheckRequest["level"]) =>
      checkContracts({ ...both, level }, judges).findings.map((finding) => finding.ruleId);
    expect(rules("backward")).toEqual(["request-property-became-required"]);
    expect(rules("forward")).toEqual(["response-required-property-removed"]);
    expect(rules("full")).toHaveLength(2);
  });

  it("does not blame a reader that fills in the default, unless it is strict", () => {
    const before = openapi("type: object\nproperties: {size: {type: integer}}", "type: object");
    const after = openapi(
      "type: object\nrequired: [size]\nproperties: {size: {type: integer, default: 1}}",
      "type: object",
    );
    const { findings } = checkContracts(request({ "a.yaml": before }, { "a.yaml": after }), judges);
    expect(findings.map((finding) => finding.profiles)).toEqual([["strict"]]);
  });

  it("reaches into references, arrays, allOf and alternatives, and says where", () => {
    const contract = (item: string) => `openapi: 3.0.3
info: {title: Shop, version: 1.0.0}
paths:
  /orders:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: array, minItems: 2, uniqueItems: true, items: {$ref: "#/components/schemas/Order"}}
components:
  schemas:
    Order:
      allOf:
        - $ref: "#/components/schemas/Base"
        - type: object
          required: [payment]
          properties:
            payment:
              oneOf:
                - $ref: "#/components/schemas/Card"
                - $ref: "#/components/schemas/Cash"
              discriminator: {propertyName: kind, mapping: {card: "#/components/schemas/Card"}}
    Base:
      type: object
      required: [id]
      properties: {id: {type: string, format: uuid, readOnly: true}, parent: {$ref: "#/components/schemas/Order"}}
    Cash: {type: object, required: [kind, due], properties: {kind: {type: string}, due: {type: string, format: date}}}
    Card:
      type: object
${indent(item, 6)}
`;
    const after = contract("required: [kind]\nproperties:\n  kind: {type: string}");
    const before = contract("required: [kind, number]\nproperties:\n  kind: {type: string}\n  number: {type: string}");
    const { findings } = checkContracts(request({ "a.yaml": before }, { "a.yaml": after }), judges);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ verdict: "breaking", ruleId: "response-required-property-removed" });
    expect(findings[0]?.message).toContain('"[].payment.number"');
    const order = (JSON.parse(findings[0]?.witness?.written ?? "[]") as unknown[])[0];
    expect(order).toMatchObject({ payment: { kind: "card" } });
  });

  it("knows that clients do not send what is read-only", () => {
    const schema = (required: string) =>
      `type: object\nrequired: [${required}]\nproperties: {id: {type: string, readOnly: true}, name: {type: string}}`;
    const { findings } = checkContracts(
      request({ "a.yaml": openapi(schema("name")) }, { "a.yaml": openapi(schema("name, id"), schema("name")) }),
      judges,
    );
    expect(findings).toEqual([]);
  });

  it("turns webhooks and callbacks round", () => {
    const contract = (schema: string) => `openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
webhooks:
  orderPlaced:
    post:
      requestBody: {content: {application/json: {schema: ${schema}}}}
      responses: {"200": {description: ok}}
`;
    const { findings } = checkContracts(
      request(
        { "a.yaml": contract("{type: object, required: [id], properties: {id: {type: string}}}") },
        { "a.yaml": contract("{type: object}") },
      ),
      judges,
    );
    expect(findings.map((finding) => [finding.ruleId, finding.affected])).toEqual([
      ["response-required-property-removed", ["old-readers"]],
    ]);
  });

  it("keeps to what a profile reads", () => {
    const before = { "a.yaml": openapi("type: object", full) };
    const after = { "a.yaml": openapi("type: object", without) };
    const reads = (field: string) => ({ ...builtInProfiles[0]!, name: field, reads: [field] });
    const check = { ...request(before, after), profiles: [reads("id"), reads("total")] };
    expect(checkContracts(check, judges).findings.map((finding) => finding.profiles)).toEqual([["total"]]);
  });
});

describe("AsyncAPI", () => {
  const check = (action: string, before: string, after: string) =>
    checkContracts(request({ "a.yaml": asyncapi(action, before) }, { "a.yaml": asyncapi(action, after) }), judges)
      .findings;

  it("judges the same change by its direction, with opposite outcomes", () => {
    const summary = (findings: readonly Finding[]) =>
      findings.map((finding) => [finding.ruleId, finding.verdict, finding.affected[0]]);
    expect(summary(check("send", full, without))).toEqual([
      ["message-required-property-removed", "breaking", "old-readers"],
    ]);
    expect(summary(check("receive", full, without))).toEqual([]);
    expect(summary(check("receive", optional, full))).toEqual([
      ["message-property-became-required", "breaking", "new-readers"],
    ]);
    expect(summary(check("send", optional, full))).toEqual([]);
    expect(summary(check("send", full, optional))).toEqual([
      ["message-property-became-optional", "breaking", "old-readers"],
    ]);
    expect(summary(check("receive", without, full))).toEqual([
      ["new-required-message-property", "breaking", "new-readers"],
    ]);
  });

  it("reads AsyncAPI 2 with its inversion: subscribe is what the application sends", () => {
    const contract = (verb: string, schema: string) => `asyncapi: 2.6.0
info: {title: Orders, version: 1.0.0}
channels:
  orders.placed:
    ${verb}:
      message:
        name: OrderPlaced
        payload:
${indent(schema, 10)}
`;
    const rules = (verb: string) =>
      checkContracts(
        request({ "a.yaml": contract(verb, full) }, { "a.yaml": contract(verb, without) }),
        judges,
      ).findings.map((finding) => finding.ruleId);
    expect(rules("subscribe")).toEqual(["message-required-property-removed"]);
    expect(rules("publish")).toEqual([]);
  });

  it("gives the reply of a request the other direction", () => {
    const contract = (schema: string) => `${asyncapi("send", "type: object").replace(
      "channels:",
      `channels:
  answers:
    address: answers
    messages:
      Answer:
        payload:
${indent(schema, 10)}`,
    )}    reply:
      channel: {$ref: "#/channels/answers"}
`;
    const check = (before: string, after: string) =>
      checkContracts(request({ "a.yaml": contract(before) }, { "a.yaml": contract(after) }), judges).findings;
    expect(check(full, without)).toEqual([]);
    expect(check(optional, full).map((finding) => finding.ruleId)).toEqual(["message-property-became-required"]);
  });
});

describe("what cannot be proven or read", () => {
  it("is unknown when no message can be constructed, with the reason", () => {
    const lookbehind = (required: string) =>
      `type: object\nrequired: [${required}]\nproperties: {id: {type: string, pattern: "^(?<=a)b$"}, total: {type: integer}}`;
    const before = openapi("type: object", lookbehind("id, total"));
    const after = openapi("type: object", lookbehind("id"));
    const { findings } = checkContracts(request({ "a.yaml": before }, { "a.yaml": after }), judges);
    expect(findings.map((finding) => [finding.verdict, finding.witness, finding.reason !== undefined])).toEqual([
      ["unknown", undefined, true],
    ]);
  });

  it("is unknown when the independent judge does not agree", () => {
    const before = { "a.yaml": openapi("type: object", full) };
    const after = { "a.yaml": openapi("type: object", without) };
    const doubter: Judges = { json: { name: "doubter", accepts: () => true } };
    const { findings } = checkContracts(request(before, after), doubter);
    expect(findings[0]).toMatchObject({ verdict: "unknown", reason: expect.stringContaining("doubter") as string });
    expect(findings[0]?.witness).toBeUndefined();
  });

  it("reports broken files and references at their place, and still checks the rest", () => {
    const broken = `${openapi("type: object", `${without}\n  other: {$ref: "#/nowhere"}`)}x-broken: [1, 2\n`;
    const { findings, problems } = checkContracts(
      request(
        { "a.yaml": openapi("type: object", full), "b.yaml": openapi(full) },
        { "a.yaml": broken, "b.yaml": "\0\0" },
      ),
      judges,
    );
    expect(findings.map((finding) => finding.ruleId)).toContain("response-required-property-removed");
    expect(problems.map((problem) => problem.code)).toEqual(["unresolved-reference", "yaml-syntax", "not-text"]);
    expect(broken.slice(problems[0]!.span.start, problems[0]!.span.end)).toBe(`"#/nowhere"`);
  });

  it("calls a broken reference what it is, not a removal of all that stood behind it", () => {
    const order = "components: {schemas: {Order: {type: object, required: [id], properties: {id: {type: string}}}}}\n";
    const contract = (name: string) => openapi("type: object", `$ref: "#/components/schemas/${name}"`) + order;
    const { findings, problems } = checkContracts(
      request({ "a.yaml": contract("Order") }, { "a.yaml": contract("Ordr") }),
    );
    expect([findings, problems.map((problem) => problem.code)]).toEqual([[], ["unresolved-reference"]]);
  });

  it("never throws and never points outside of the text, however a contract is mangled", () => {
    const texts = [openapi(full, `${without}\n  next: {$ref: "#/components/schemas/Next"}`), asyncapi("send", full)];
    const pieces = [
      "$ref: '#'",
      "[",
      "}",
      ": ",
      "\n",
      "  ",
      "null",
      "- ",
      "&a ",
      "*a",
      "'",
      "enum: []",
      "<<: *a",
      "|\n",
      "1e999",
    ];
    let seed = 11;
    const next = (below: number) => ((seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff) >>> 8) % below;
    for (let i = 0; i < 150; i++) {
      const text = texts[i % 2] ?? "";
      let mangled = text;
      for (let k = 0; k <= next(3); k++) {
        const at = next(mangled.length);
        mangled = mangled.slice(0, at) + (pieces[next(pieces.length)] ?? "") + mangled.slice(at + next(12));
      }
      const report = checkContracts(request({ "a.yaml": text }, { "a.yaml": mangled }));
      checkContracts(request({ "a.yaml": mangled }, { "a.yaml": text }));
      for (const { span } of [...report.problems, ...report.findings.map((finding) => finding.place)]) {
        expect(span.start).toBeLessThanOrEqual(span.end);
        expect(span.end).toBeLessThanOrEqual(mangled.length);
      }
    }
  });
});
