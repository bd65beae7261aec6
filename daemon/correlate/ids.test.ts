import { describe, expect, it } from "vitest";
import { assert, boolean, property, string } from "fast-check";
import { idOf, idOfText, traceIdOf } from "./ids.ts";
import { start } from "./testing/check-flow.ts";
import { fieldName, isFailing, isUndoing, undoingFit } from "./words.ts";

const strength = (text: string, named = true): string => idOfText(text, named, start).strength;

describe("ids", () => {
  it("one UUID in all its forms is one value", () => {
    const bytes = Uint8Array.from(Buffer.from("3f2504e04f8941d39a0c0305e82c3301", "hex"));
    const forms = [
      "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
      "3f2504e04f8941d39a0c0305e82c3301",
      "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
      "urn:uuid:3f2504e0-4f89-41d3-9a0c-0305e82c3301",
      "3f2504e0-4f89-41d3-9a0c-0305e82c3301\0",
      bytes,
    ];
    for (const form of forms) {
      expect(idOf(form, false, start)).toEqual({ value: "3f2504e0-4f89-41d3-9a0c-0305e82c3301", strength: "strong" });
    }
  });

  it.each([
    ["ORD-1042", "medium"],
    ["tqw9nulw11qd", "medium"],
    ["12345", "medium"],
    ["1234", "weak"],
    ["7", "weak"],
    ["pending", "weak"],
    ["0a1b2c3d4e5f60718293a", "strong"],
    ["2026-11-21T14:00:00Z", "none"],
    ["2026-11-21", "weak"],
    ["a@b.c", "none"],
    ["Mill Lane 12", "none"],
    ["00000000-0000-0000-0000-000000000000", "none"],
    ["", "none"],
    [String(start), "none"],
    [String(Math.floor(start / 1000)), "none"],
  ])("%s is %s", (text, expected) => expect(strength(text)).toBe(expected));

  it("digits are an id only in a field named like one", () => {
    expect(strength("1234567", true)).toBe("medium");
    expect(strength("1234567", false)).toBe("weak");
  });

  it("trace ids are equal by their low half, however they are written", () => {
    const low = "48485a3953bb6124";
    expect(traceIdOf("463ac35c9f6413ad48485a3953bb6124")).toBe(low);
    expect(traceIdOf("48485A3953BB6124")).toBe(low);
    expect(traceIdOf("5208512171318403364", true)).toBe(low);
    expect(traceIdOf("3ac35c9f6413ad48485a3953bb6124")).toBe(low);
    expect(traceIdOf("0000000000000000")).toBeUndefined();
  });

  it("never throws, and is stable under normalising again", () => {
    assert(
      property(string({ maxLength: 200 }), boolean(), (text, named) => {
        const once = idOfText(text, named, start);
        if (once.strength === "strong" || once.strength === "medium") {
          expect(idOfText(once.value, named, start)).toEqual(once);
        }
      }),
    );
  });
});

describe("names", () => {
  it.each([
    [["orderId"], "order", true, false],
    [["order_number"], "order", true, false],
    [["order", "id"], "order", true, false],
    [["payload", "id"], "id", true, false],
    [["customerId"], "customer", true, true],
    [["shipTo", "warehouse"], "warehouse", false, true],
  ] as const)("%j is about %s", (path, stem, named, thing) => {
    expect(fieldName(path)).toMatchObject({ stem, named, thing });
  });

  it("tells undoing and failing from doing", () => {
    expect(["RefundPayment", "StockReleased", "OrderCancelled", "order.cancelled.v1"].every(isUndoing)).toBe(true);
    expect(["TakePayment", "OrderPlaced", "CancellationFailed"].some(isUndoing)).toBe(false);
    expect(["PaymentDeclined", "DispatchFailed", "OUT_OF_STOCK", "ItemsUnavailable"].every(isFailing)).toBe(true);
  });

  it("finds what is undone by noun and by verb", () => {
    expect(undoingFit("PaymentRefunded", "PaymentTaken")).toBeGreaterThan(undoingFit("PaymentRefunded", "OrderPlaced"));
    expect(undoingFit("ReleaseStock", "ReserveStock")).toBeGreaterThan(undoingFit("ReleaseStock", "TakePayment"));
    expect(undoingFit("RefundCard", "ChargeCard")).toBeGreaterThan(0);
    expect(undoingFit("OrderCancelled", "PaymentTaken")).toBe(0);
  });
});
