import { describe, expect, it } from "vitest";
import type { LaneRow } from "../../daemon/serve/protocol.ts";
import { detailOf } from "../testing/fixture-conversations.ts";
import { bracketX, causalPath, causeOf, effectOf, laneX, planLanes, sliceOf } from "./lane-geometry.ts";

const saga = detailOf("compensated");
if (!saga) throw new Error("the fixture has no compensated saga");
const wide = planLanes(saga, 860, false);
const narrow = planLanes(saga, 420, true);

describe("lanes", () => {
  it("stand 17 px apart in the narrow form, and use the room in the wide one", () => {
    expect(narrow.laneGap).toBe(17);
    expect(laneX(narrow, 1) - laneX(narrow, 0)).toBe(17);
    expect(wide.laneGap).toBeGreaterThan(40);
    expect(wide.laneGap).toBeLessThanOrEqual(110);
  });

  it("stand closer when there are very many", () => {
    const lanes = Array.from({ length: 30 }, (_unused, index) => ({
      id: `p${index}`,
      name: `p${index}`,
      kind: "participant" as const,
      basis: "observed" as const,
    }));
    expect(planLanes({ ...saga, lanes }, 420, true).laneGap).toBeLessThan(17);
  });

  it("draw the stretch from a cause to its effect on the lane of who wrote the effect", () => {
    const slice = sliceOf(wide, 1);
    expect(slice.stretches).toEqual([
      { fromRow: 0, toRow: 1, lane: 1, inferred: false, starts: false, ends: true },
      { fromRow: 1, toRow: 2, lane: 2, inferred: false, starts: true, ends: false },
    ]);
    expect(sliceOf(wide, 13).stretches[0]).toMatchObject({ lane: 5, inferred: true });
  });

  it("nest the brackets of compensations that run backwards", () => {
    expect(wide.brackets).toEqual([
      { step: 3, compensation: 8, level: 0 },
      { step: 1, compensation: 10, level: 1 },
    ]);
    const [inner, outer] = wide.brackets;
    if (!inner || !outer) throw new Error("two brackets");
    expect(bracketX(wide, outer)).toBeLessThan(bracketX(wide, inner));
    expect(bracketX(wide, outer)).toBeGreaterThan(0);
  });
});

describe("cause and effect", () => {
  it("follow the evidence back to the start and on to the end", () => {
    expect([...causalPath(saga.rows, 2)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13]);
    expect(causeOf(saga.rows, 2)).toBe(1);
    expect(effectOf(saga.rows, 2)).toBe(3);
    expect(effectOf(saga.rows, 13)).toBeUndefined();
  });

  it("end where a cause points at itself in a circle", () => {
    const circle = [0, 1].map((index) => ({ ...saga.rows[index], cause: { row: 1 - index, evidence: [] } }) as LaneRow);
    expect(causalPath(circle, 0)).toEqual(new Set([0, 1]));
  });
});
