import { describe, expect, it } from "vitest";
import { LineIndex, applyEdits } from "./index.ts";

describe("LineIndex", () => {
  it("counts lines ended by \\n, \\r\\n and \\r, and columns in UTF-16 units", () => {
    const text = "a\nb😀c\r\n\rd";
    const index = new LineIndex(text);
    expect(index.lineCount).toBe(4);
    expect(index.positionAt(text.indexOf("c"))).toEqual({ line: 1, character: 3 });
    expect(index.positionAt(text.indexOf("d"))).toEqual({ line: 3, character: 0 });
  });

  it("gives each offset back from its position", () => {
    const text = "one\r\ntwo\n\nfour";
    const index = new LineIndex(text);
    for (let offset = 0; offset <= text.length; offset++) {
      if (text[offset] === "\n" && text[offset - 1] === "\r") continue;
      expect(index.offsetAt(index.positionAt(offset))).toBe(offset);
    }
  });

  it("moves a position that does not exist to the nearest one that does", () => {
    const index = new LineIndex("ab\ncd");
    expect(index.offsetAt({ line: 0, character: 99 })).toBe(2);
    expect(index.offsetAt({ line: 9, character: 0 })).toBe(5);
    expect(index.positionAt(-1)).toEqual({ line: 0, character: 0 });
  });
});

describe("applyEdits", () => {
  it("applies edits in any order", () => {
    const at = (start: number, end: number, newText: string) => ({ path: "x", span: { start, end }, newText });
    expect(applyEdits("abcdef", [at(4, 5, "E"), at(0, 1, ""), at(2, 2, "-")])).toBe("b-cdEf");
  });
});
