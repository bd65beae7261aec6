import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { detailOf } from "../testing/fixture-conversations.ts";
import { listRow, needsLook } from "../testing/fixture-rows.ts";
import { announce, announceEveryMs, silentAnnouncer } from "./announcer.ts";
import { hexRows } from "./hex-rows.ts";
import { axisTicks, brushFor, brushSpan, peakRate } from "./histogram-geometry.ts";
import { iconCodes } from "./icon-names.ts";
import { actionOf, keyBindings } from "./keys.ts";
import { layoutFor } from "./layout.ts";
import { ListCursor } from "./list-cursor.ts";
import { spokenLaneRow, spokenRow } from "./speech.ts";
import { flatTree } from "./tree-rows.ts";

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});

describe("keys", () => {
  it("are those of the look, and no others", () => {
    expect(actionOf(key("/"))).toBe("filter");
    expect(actionOf(key("f", { ctrlKey: true }))).toBe("filter");
    expect(actionOf(key("f", { metaKey: true }))).toBe("filter");
    expect(actionOf(key("F6", { ctrlKey: true }))).toBe("nextRegion");
    expect(actionOf(key("ArrowUp", { altKey: true }))).toBe("previousMessage");
    expect(actionOf(key("N"))).toBe("previousProblem");
    expect(actionOf(key("p", { ctrlKey: true }))).toBeUndefined();
    expect(actionOf(key("ArrowUp", { ctrlKey: true }))).toBeUndefined();
  });

  it("each mean one thing", () => {
    const all = keyBindings.flatMap((binding) => binding.keys);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("icons", () => {
  it("stand where the font has them", () => {
    const folder = join(import.meta.dirname, "../../node_modules/@vscode/codicons/dist");
    expect(existsSync(folder)).toBe(true);
    const sheet = readFileSync(join(folder, "codicon.css"), "utf8");
    for (const [name, code] of Object.entries(iconCodes)) {
      const place = new RegExp(`\\.codicon-${name}:before \\{ content: "\\\\([0-9a-f]+)"`).exec(sheet);
      expect(place?.[1], name).toBe(code.toString(16));
    }
  });
});

describe("what is announced", () => {
  it("is what newly needs a look, and not what was there at first", () => {
    const first = announce(silentAnnouncer, needsLook.slice(0, 1), 0, false);
    expect(first.say).toBeUndefined();
    const second = announce(first.state, needsLook.slice(0, 2), 100, false);
    expect(second.say).toBe(
      "Needs a look: OrderFulfilment ORD-1036, failed: no RefundPayment after ReleaseStock: the payment stands",
    );
  });

  it("is not more often than every five seconds, and nothing is lost meanwhile", () => {
    const first = announce(silentAnnouncer, [], 0, false);
    const second = announce(first.state, needsLook.slice(0, 1), 10, false);
    expect(second.say).toBeDefined();
    const third = announce(second.state, needsLook, 1000, false);
    expect(third.say).toBeUndefined();
    const fourth = announce(third.state, needsLook, 10 + announceEveryMs, false);
    expect(fourth.say).toBe("3 conversations need a look");
  });

  it("is nothing while paused", () => {
    const first = announce(silentAnnouncer, [], 0, false);
    expect(announce(first.state, needsLook, 60_000, true).say).toBeUndefined();
  });
});

describe("a row, spoken", () => {
  it("is one sentence", () => {
    const [row] = needsLook;
    if (!row) throw new Error("the fixture has rows");
    expect(spokenRow(row, row.startedAt + 258_000)).toBe(
      "OrderFulfilment ORD-1042, stuck, no ShipmentBooked after 3 deliveries of BookShipment, 3 of 6 steps done, BookShipment stuck, 2 warnings, took 4 minutes 18 seconds, 4 minutes ago, inferred",
    );
  });
});

describe("a row of the lanes, spoken", () => {
  const detail = detailOf("compensated");
  const spoken = (index: number): string => {
    const row = detail?.rows[index];
    if (!detail || !row) throw new Error("the fixture has rows");
    return spokenLaneRow(row, detail.lanes, row.cause && detail.rows[row.cause.row]?.name);
  };

  it("is one sentence: what, from whom to whom, when, what is wrong, and why it is here", () => {
    expect(spoken(1)).toBe(
      "ReserveStock, command, order-svc to inventory-svc, Kafka, plus 19 milliseconds, caused by OrderPlaced, certain",
    );
    expect(spoken(2)).toContain("breaks its contract");
  });
});

describe("the cursor of the list", () => {
  it("moves along when rows come above it", () => {
    const cursor = new ListCursor();
    const rows = [listRow(0), listRow(1), listRow(2)];
    cursor.group = "new";
    cursor.update([], 0, rows, "c1");
    expect(cursor.index).toBe(1);
    cursor.update([], 0, [listRow(9), ...rows], "c1");
    expect(cursor.index).toBe(2);
  });

  it("stays in its group when a conversation stands in both", () => {
    const cursor = new ListCursor();
    const [stuck] = needsLook;
    if (!stuck) throw new Error("the fixture has rows");
    cursor.group = "new";
    cursor.update(needsLook, 0, [listRow(0), stuck], stuck.id);
    expect(cursor.index).toBe(5);
    cursor.group = "look";
    cursor.update(needsLook, 0, [listRow(0), stuck], stuck.id);
    expect(cursor.index).toBe(0);
  });

  it("waits for a row that is not loaded yet", () => {
    const cursor = new ListCursor();
    cursor.update([], 0, [listRow(0)], "c0");
    expect(cursor.moveTo(500)).toBeUndefined();
    expect(cursor.update([], 0, [listRow(0)], "c0")).toBeUndefined();
    expect(cursor.index).toBe(500);
    expect(cursor.update([], 499, [listRow(499), listRow(500)], "c0")).toBe("c500");
  });

  it("goes from problem to problem", () => {
    const cursor = new ListCursor();
    cursor.update(needsLook, 0, [listRow(8), listRow(22)], "stuck");
    expect(cursor.problem(1)).toBe(1);
    cursor.update(needsLook, 0, [listRow(8), listRow(22)], "late");
    expect(cursor.problem(1)).toBe(5);
    expect(cursor.problem(-1)).toBe(2);
  });
});

describe("the layout", () => {
  const open = { level: "list", conversation: "a" } as const;
  it("has a pane from 1080 px, and one column under it", () => {
    expect(layoutFor(1080, open).columns).toEqual(["list", "conversation"]);
    expect(layoutFor(1079, open).columns).toEqual(["list"]);
    expect(layoutFor(1280, { ...open, level: "conversation", seq: 3 }).columns).toEqual(["conversation", "message"]);
    expect(layoutFor(600, { ...open, level: "message", seq: 3 }).columns).toEqual(["message"]);
  });

  it("gives participants room from 960 px, unless there is a pane", () => {
    expect(layoutFor(960, { level: "list" }).list).toBe("whole");
    expect(layoutFor(959, { level: "list" }).list).toBe("beside");
    expect(layoutFor(1280, open).list).toBe("beside");
    expect(layoutFor(719, open).list).toBe("narrow");
  });
});

describe("the histogram", () => {
  const whole = { from: 0, to: 100_000 };
  it("takes a brush that ends at now along with it", () => {
    expect(brushFor({ from: 60_000, to: 99_500 }, whole, 1000)).toEqual({ width: 40_000 });
    expect(brushFor({ from: 80_000, to: 20_000 }, whole, 1000)).toEqual({ from: 20_000, to: 80_000 });
    expect(brushSpan({ width: 40_000 }, { from: 5000, to: 105_000 })).toEqual({ from: 65_000, to: 105_000 });
  });

  it("takes a click, and the whole, as no brush", () => {
    expect(brushFor({ from: 500, to: 900 }, whole, 1000)).toBeUndefined();
    expect(brushFor({ from: 0, to: 100_000 }, whole, 1000)).toBeUndefined();
  });

  it("has an axis on round times", () => {
    const ticks = axisTicks({ from: 3_500, to: 63_500 }, 600, 100, 0);
    expect(ticks).toEqual({ step: 10_000, at: [10_000, 20_000, 30_000, 40_000, 50_000, 60_000] });
    expect(axisTicks({ from: 5, to: 5 }, 600, 100, 0).at).toEqual([]);
  });

  it("knows its peak in messages a second", () => {
    const bucket = { errors: 0, warnings: 0, shed: false };
    expect(
      peakRate({
        from: 0,
        bucketMs: 3000,
        buckets: [
          { ...bucket, messages: 642 },
          { ...bucket, messages: 3 },
        ],
      }),
    ).toBe(214);
  });
});

describe("bodies", () => {
  it("are rows of what is open", () => {
    const leaf = { name: "b", kind: "number" as const, text: "1", children: [] };
    const tree = [{ name: "a", kind: "object" as const, text: "", children: [leaf, leaf] }, leaf];
    expect(flatTree(tree, new Set()).map((row) => [row.path, row.level, row.position])).toEqual([
      ["0", 1, 1],
      ["0.0", 2, 1],
      ["0.1", 2, 2],
      ["1", 1, 2],
    ]);
    expect(flatTree(tree, new Set(["0"])).map((row) => row.path)).toEqual(["0", "1"]);
  });

  it("are bytes with a marked part", () => {
    const [first, second] = hexRows("41420a43", 3, [1, 2]);
    expect(first?.runs).toEqual([
      { pairs: "41 ", characters: "A", marked: false },
      { pairs: "42 0a ", characters: "B·", marked: true },
    ]);
    expect(second?.offset).toBe("0003");
  });
});
