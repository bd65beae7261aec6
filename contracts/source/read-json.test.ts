import { describe, expect, it } from "vitest";
import { readJson } from "./read-json.ts";

/** What is said of a text, each with the text that it stands at; the values that were read all the same. */
function read(text: string): { said: string[]; values: unknown } {
  const { root, problems } = readJson("a.json", text);
  const said = problems.map(({ message, span }) => `${text.slice(span.start, span.end)}: ${message}`);
  const values =
    root?.kind === "sequence"
      ? root.items.map((item) => (item.kind === "scalar" ? item.value : item.kind))
      : root?.kind === "mapping"
        ? Object.fromEntries(
            root.entries.map(({ key, value }) => [key, value.kind === "scalar" ? value.value : value.kind]),
          )
        : undefined;
  return { said, values };
}

const missing = "A comma is missing before this.";
const many = "There is a comma too many.";
const last = "A comma is not allowed before the end; remove it.";

describe("commas in JSON", () => {
  it.each<[string, readonly string[]]>([
    ["[1, 2]", []],
    ["[]", []],
    ["[1 2]", [`2: ${missing}`]],
    ["[1,, 2]", [`,: ${many}`]],
    ["[, 1]", [`,: ${many}`]],
    ["[1, 2,]", [`,: ${last}`]],
    ["[1, 2", ['[: This array is not closed; its "]" is missing.']],
  ])("%s", (text, said) => {
    expect(read(text).said).toEqual(said);
    expect(read(text).values).toEqual(text === "[]" ? [] : text === "[, 1]" ? [1] : [1, 2]);
  });

  it("are told of in objects as in arrays", () => {
    expect(read('{"a": 1 "b": 2}')).toEqual({ said: [`": ${missing}`], values: { a: 1, b: 2 } });
    expect(read('{"a": 1,, "b": 2,}')).toEqual({ said: [`,: ${many}`, `,: ${last}`], values: { a: 1, b: 2 } });
    expect(read('{,"a": 1')).toEqual({
      said: [`,: ${many}`, '{: This object is not closed; its "}" is missing.'],
      values: { a: 1 },
    });
  });

  it("a bracket of the other kind ends what is inside, for the one around it", () => {
    expect(read('{"a": [1, 2}').said).toEqual(['[: This array is not closed; its "]" is missing.']);
    expect(read('[{"a": 1]').said).toEqual(['{: This object is not closed; its "}" is missing.']);
  });
});
