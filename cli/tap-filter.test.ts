import { describe, expect, it } from "vitest";
import { filterFlags, filterOf } from "./tap-filter.ts";
import type { SeenMessage } from "./tap-lines.ts";
import { parseCommand, type Command } from "./usage.ts";

const command: Command = {
  name: "tap",
  summary: "",
  usage: "",
  about: "",
  flags: filterFlags,
  examples: [],
  run: () => Promise.resolve(0),
};

function filter(...args: string[]): ReturnType<typeof filterOf> {
  const parsed = parseCommand(command, args);
  if (parsed === "help") throw new Error("help was not asked for");
  return filterOf(parsed);
}

/** Only what a filter looks at. */
function message(channel: string, name: string, more: { definition?: string; check?: string; exchange?: string } = {}) {
  const { definition, check = "valid", exchange } = more;
  return {
    name,
    facts: { channel },
    message: {
      envelope: { origin: exchange === undefined ? { broker: "kafka" } : { broker: "rabbitmq", exchange } },
      decoded: { check, ...(definition === undefined ? {} : { definition: { name: definition } }) },
    },
  } as unknown as SeenMessage;
}

const placed = message("shop.orders", "OrderPlaced", { definition: "shop.v1.OrderPlaced" });
const shipped = message("events/order.shipped", "OrderShipped", { exchange: "events", check: "invalid" });

describe("what contrail tap prints", () => {
  it("is everything where nothing was said", () => {
    expect([placed, shipped].filter((one) => filter().wants(one))).toHaveLength(2);
  });

  it.each([
    [["--channel", "shop.*"], [placed]],
    [["--channel", "shop"], []],
    [["--channel", "events"], [shipped]],
    [
      ["--channel", "shop.orders,events/*"],
      [placed, shipped],
    ],
    [["--type", "OrderPlaced"], [placed]],
    [["--type", "shop.v1.*"], [placed]],
    [
      ["--type", "Order*"],
      [placed, shipped],
    ],
    [["--invalid"], [shipped]],
    [["--invalid", "--type", "OrderPlaced"], []],
  ])("is by %j what it says", (args, wanted) => {
    expect([placed, shipped].filter((one) => filter(...args).wants(one))).toEqual(wanted);
  });

  it("is by lines what holds a text", () => {
    expect(filter("--grep", "o-17").wantsLine("... o-17 ...")).toBe(true);
    expect(filter("--grep", "o-17").wantsLine("... o-18 ...")).toBe(false);
  });

  it("is by states of conversations one of those that there are", () => {
    expect(filter("--state", "stuck,late").states).toEqual(new Set(["stuck", "late"]));
    expect(filter().states).toBeUndefined();
    expect(() => filter("--state", "broken")).toThrow(/--state can be running, .* not "broken"/);
  });
});
