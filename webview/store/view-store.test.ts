import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage, ServerMessage } from "../../daemon/serve/protocol.ts";
import type { HostAction } from "../bridge.ts";
import { readKept, type KeptState } from "../connection/kept-state.ts";
import { asServerMessage, type Link, type LinkEvents } from "../connection/link.ts";
import { reconnectPause } from "../connection/websocket-link.ts";
import { detailOf } from "../testing/fixture-conversations.ts";
import { needsLook } from "../testing/fixture-rows.ts";
import { histogramOf, messageOf, statusOf } from "../testing/fixture-messages.ts";
import { ViewStore } from "./view-store.ts";

class TestLink implements Link {
  readonly client = "page";
  readonly said: ClientMessage[] = [];
  readonly asked: HostAction[] = [];
  events: LinkEvents | undefined;

  start(events: LinkEvents): void {
    this.events = events;
  }
  send(message: ClientMessage): void {
    this.said.push(message);
  }
  act(action: HostAction): void {
    this.asked.push(action);
  }
  reconnect(): void {}

  open(captureId = "one"): void {
    this.events?.connection({ state: "open" });
    this.hear({ kind: "welcome", protocolVersion: 1, captureId, revision: 5, resumed: true, status: statusOf("live") });
  }
  hear(message: ServerMessage): void {
    this.events?.message(message);
  }
  last<Kind extends ClientMessage["kind"]>(kind: Kind): Extract<ClientMessage, { kind: Kind }> | undefined {
    return this.said.findLast((each): each is Extract<ClientMessage, { kind: Kind }> => each.kind === kind);
  }
}

function list(revision: number): ServerMessage {
  return {
    kind: "conversations",
    revision,
    needsLook,
    needsLookTotal: 4,
    first: 0,
    rows: [],
    total: 0,
    counts: { all: 0, running: 0, completed: 0, failed: 0, compensating: 0, compensated: 0, stuck: 0, late: 0 },
    histogram: histogramOf("live"),
  };
}

function started(kept?: KeptState): { store: ViewStore; link: TestLink; saved: KeptState[] } {
  const link = new TestLink();
  const saved: KeptState[] = [];
  const store = new ViewStore(link, { load: () => kept, save: (state) => saved.push(state) });
  store.start();
  return { store, link, saved };
}

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", () => 1);
});

describe("a view is a cursor on the daemon", () => {
  it("says hello with the last revision after every lost connection, and what it watches", () => {
    const { store, link } = started();
    link.open();
    store.openConversation("stuck");
    link.hear(list(9));
    link.events?.connection({ state: "closed" });
    link.said.length = 0;
    link.open();
    expect(link.said.map((message) => message.kind)).toEqual(["hello", "watchConversations", "watchConversation"]);
    expect(link.last("hello")).toMatchObject({ revision: 9, captureId: "one" });
    expect(link.last("watchConversation")?.id).toBe("stuck");
  });

  it("says hello once, even when it is told twice that the connection is open", () => {
    const { link } = started();
    link.open();
    link.events?.connection({ state: "open" });
    expect(link.said.filter((message) => message.kind === "hello")).toHaveLength(1);
  });

  it("knows what taps do from a welcome on, until the connection breaks", () => {
    const { store, link } = started();
    link.events?.connection({ state: "open" });
    expect(store.informed).toBe(false);
    link.open();
    expect(store.informed).toBe(true);
    link.events?.connection({ state: "closed" });
    link.events?.connection({ state: "open" });
    expect(store.data.status?.taps[0]?.phase).toBe("live");
    expect(store.informed).toBe(false);
  });

  it("throws away what it has when the daemon has another capture", () => {
    const { store, link } = started();
    link.open();
    link.hear(list(9));
    store.openConversation("stuck");
    link.events?.connection({ state: "closed" });
    link.open("two");
    expect(store.data.list).toBeUndefined();
    expect(store.data.revision).toBe(0);
    expect(store.place).toEqual({ level: "list" });
  });

  it("goes on after a reload where it was", () => {
    vi.useFakeTimers();
    const first = started();
    first.link.open();
    first.store.setText("ORD");
    first.store.openConversation("stuck", true);
    first.link.hear(list(9));
    vi.advanceTimersByTime(1000);
    const kept = readKept(JSON.parse(JSON.stringify(first.saved.at(-1))));
    const second = started(kept);
    second.link.open();
    expect(second.link.last("hello")).toMatchObject({ revision: 9, captureId: "one" });
    expect(second.link.last("watchConversations")?.filter.text).toBe("ORD");
    expect(second.link.last("watchConversation")?.id).toBe("stuck");
    expect(second.store.place.level).toBe("conversation");
    vi.useRealTimers();
  });

  it("asks for the page to be loaded again when the daemon speaks another version", () => {
    const { store, link } = started();
    link.events?.connection({ state: "open" });
    link.hear({
      kind: "welcome",
      protocolVersion: 2,
      captureId: "x",
      revision: 0,
      resumed: false,
      status: statusOf("live"),
    });
    expect(store.outdated).toBe(true);
    expect(link.last("watchConversations")).toBeUndefined();
  });
});

describe("pausing", () => {
  it("freezes the list at its revision and the conversation that is shown", () => {
    const { store, link } = started();
    link.open();
    link.hear(list(9));
    store.openConversation("stuck");
    const detail = detailOf("stuck");
    if (!detail) throw new Error("the fixture has it");
    link.hear({ kind: "conversation", revision: 9, detail });
    store.pause();
    expect(link.last("watchConversations")?.atRevision).toBe(9);
    link.hear({ kind: "conversation", revision: 10, detail: { ...detail, sentence: [] } });
    expect(store.data.detail?.sentence).not.toEqual([]);
    store.resume();
    expect(link.last("watchConversations")).not.toHaveProperty("atRevision");
    link.hear({ kind: "conversation", revision: 10, detail: { ...detail, sentence: [] } });
    expect(store.data.detail?.sentence).toEqual([]);
  });

  it("stands still in time", () => {
    const { store, link } = started();
    link.open();
    link.hear(list(9));
    store.pause();
    const { now } = store;
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 60_000);
    expect(store.now).toBe(now);
    vi.restoreAllMocks();
  });
});

describe("filter and places", () => {
  it("moves a brush that ends at now, a bar at a time", () => {
    const { store, link } = started();
    link.open();
    link.hear(list(9));
    store.setBrush({ width: 30_000 });
    const before = link.last("watchConversations")?.filter.from ?? 0;
    const next = list(10);
    if (next.kind !== "conversations") throw new Error("it is a list");
    const { histogram } = next;
    link.hear({ ...next, histogram: { ...histogram, from: histogram.from + histogram.bucketMs } });
    expect(link.last("watchConversations")?.filter.from).toBe(before + histogram.bucketMs);
    expect(link.last("watchConversations")?.filter).not.toHaveProperty("to");
  });

  it("follows a conversation that was merged into another", () => {
    const { store, link } = started();
    link.open();
    store.openConversation("stuck");
    link.hear({ kind: "conversationGone", id: "stuck", into: "late" });
    expect(store.place.conversation).toBe("late");
    expect(link.last("watchConversation")?.id).toBe("late");
    link.hear({ kind: "conversationGone", id: "late" });
    expect(store.place).toEqual({ level: "list" });
  });

  it("goes back a step at a time, and closes the innermost pane first", () => {
    const { store, link } = started();
    link.open();
    store.openConversation("stuck");
    store.openMessage(3);
    expect(store.place).toEqual({ level: "message", conversation: "stuck", seq: 3 });
    expect(link.last("getMessage")?.seq).toBe(3);
    store.back();
    expect(store.place.level).toBe("conversation");
    store.back();
    expect(store.place).toEqual({ level: "list", conversation: "stuck" });
    expect(store.closePane()).toBe(true);
    expect(store.closePane()).toBe(false);
  });

  it("keeps the answer about a message", () => {
    const { store, link } = started();
    link.open();
    store.openConversation("compensated");
    store.openMessage(3);
    link.hear({ kind: "message", request: 1, message: messageOf(3) });
    expect(store.data.message?.message?.name).toBe("StockReserved");
  });
});

describe("what comes in is not trusted", () => {
  it("ignores messages it does not know", () => {
    const said = vi.spyOn(console, "info").mockImplementation(() => {});
    expect(asServerMessage({ kind: "toString" })).toBeUndefined();
    expect(asServerMessage({ kind: "somethingNew" })).toBeUndefined();
    expect(asServerMessage(null)).toBeUndefined();
    expect(asServerMessage({ kind: "status", status: statusOf("live") })).toBeDefined();
    expect(said).toHaveBeenCalledTimes(3);
    said.mockRestore();
  });

  it("reads damaged kept state as far as it is sound", () => {
    expect(readKept("nonsense")).toBeUndefined();
    expect(
      readKept({
        revision: "7",
        states: ["stuck", "nonsense", 3],
        brush: { from: 5, to: 1 },
        place: { level: "message", seq: 3 },
      }),
    ).toEqual({
      captureId: "",
      revision: 0,
      text: "",
      states: ["stuck"],
      needsLook: false,
      place: { level: "list" },
      folded: [],
    });
  });
});

describe("trying again", () => {
  it("waits longer each time, but never long", () => {
    const pauses = [0, 1, 2, 3, 10, 100].map((attempt) => reconnectPause(attempt, 0.5));
    expect(pauses).toEqual([300, 600, 1200, 2400, 5000, 5000]);
  });
});
