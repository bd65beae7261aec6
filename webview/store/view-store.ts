/**
 * The one state of the page: what the daemon sent, what the user looks at, and what is asked of the daemon because of
 * it. Elements read it and call its methods; it tells them once a frame that something changed.
 */
import type * as Protocol from "../../daemon/serve/protocol.ts";
import type { ConversationFilter, ConversationState } from "../../daemon/serve/protocol.ts";
import type { FoundBroker, HostAction } from "../bridge.ts";
import type { Keeper } from "../connection/kept-state.ts";
import { isIdle, type Connection, type ConnectionChange, type Link, type LinkEvents } from "../connection/link.ts";
import type { RowRange } from "../model/virtual-rows.ts";
import { applyMessage, hasEnded, noData, type LiveData } from "./live-data.ts";
import { placeBefore, placeOfConversation, placeOfMessage, placeWithoutPane, type Brush, type Place } from "./place.ts";

/** The version this page speaks; it does not compile once the daemon's is another. */
const protocolVersion: typeof Protocol.protocolVersion = 1;

export class ViewStore {
  readonly #link: Link;
  readonly #keeper: Keeper;
  readonly #listeners = new Set<() => void>();
  #frame = 0;
  #request = 0;
  #messageAskedAt = 0;
  #saving = false;

  data: LiveData = noData;
  connection: Connection = { state: "connecting", since: Date.now() };
  everConnected = false;
  /** The daemon has said how its taps are since the connection stands; what it said before another one says nothing of now. */
  informed = false;
  /** The daemon speaks another version of the protocol: the page must be loaded anew. */
  outdated = false;
  found: readonly FoundBroker[] = [];

  text = "";
  states: readonly ConversationState[] = [];
  needsLookOnly = false;
  brush: Brush | undefined;
  place: Place = { level: "list" };
  /** The row that the list's keys act on: a conversation's id. */
  cursor: string | undefined;
  paused: { readonly atRevision: number; readonly at: number } | undefined;
  folded: ReadonlySet<string> = new Set();
  #window: RowRange = { first: 0, count: 80 };

  constructor(link: Link, keeper: Keeper) {
    this.#link = link;
    this.#keeper = keeper;
    const kept = keeper.load();
    if (!kept) return;
    this.data = { ...noData, captureId: kept.captureId, revision: kept.revision };
    this.text = kept.text;
    this.states = kept.states;
    this.needsLookOnly = kept.needsLook;
    this.brush = kept.brush;
    this.place = kept.place;
    this.cursor = kept.place.conversation;
    this.folded = new Set(kept.folded);
  }

  /** Whether an editor stands behind the page. */
  get hosted(): boolean {
    return this.#link.client === "webview";
  }

  /** No trace runs and none is being reached. */
  get idle(): boolean {
    return isIdle(this.connection, this.hosted && !this.everConnected);
  }

  start(): void {
    const events: LinkEvents = {
      connection: (change) => this.#connected(change),
      found: (brokers) => {
        this.found = brokers;
        this.#changed();
      },
      reveal: (target) => {
        if (target.search !== undefined) this.setText(target.search);
        if (target.conversation !== undefined) this.openConversation(target.conversation);
        if (target.seq !== undefined) this.openMessage(target.seq);
      },
      message: (message) => {
        if (message.kind === "welcome") this.#welcomed(message);
        const wasRevision = this.data.detail?.row.revision;
        this.data = applyMessage(
          this.data,
          message,
          performance.now(),
          this.paused ? this.place.conversation : undefined,
        );
        if (message.kind === "conversation" && message.detail.row.revision !== wasRevision) this.#refreshMessage();
        if (message.kind === "conversationGone") this.#conversationGone(message.id, message.into);
        if (message.kind === "conversations" && this.brush && "width" in this.brush) this.#followBrush();
        if (message.kind === "conversations" || message.kind === "welcome") this.#keepSoon();
        this.#changed();
      },
    };
    this.#link.start(events);
  }

  /** Calls `listener` at most once a frame while something changes; returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The daemon's clock now; in a capture the time of what is shown, and while paused the time of the pause. */
  get now(): number {
    if (this.paused) return this.paused.at;
    const { status, statusAt } = this.data;
    if (!status) return Date.now();
    const still = status.mode === "capture" || this.connection.state !== "open" || hasEnded(status);
    return still ? status.now : status.now + (performance.now() - statusAt);
  }

  get filter(): ConversationFilter {
    const span = this.#brushSpan();
    return {
      text: this.text,
      states: this.states,
      ...(this.needsLookOnly ? { needsLook: true } : {}),
      ...(span ? { from: span.from, ...(span.to === undefined ? {} : { to: span.to }) } : {}),
    };
  }

  get filtered(): boolean {
    return this.text.trim() !== "" || this.states.length > 0 || this.needsLookOnly || this.brush !== undefined;
  }

  /** Once a second, ages move on without any message. */
  tick(): void {
    this.#changed();
  }

  // ------------------------------------------------------------------------------------------ what the user does

  setText(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.#filterChanged();
  }

  /** Turns one state of the filter on or off; `undefined` shows all states again. */
  toggleState(state: ConversationState | undefined): void {
    if (state === undefined) this.states = [];
    else if (this.states.includes(state)) this.states = this.states.filter((other) => other !== state);
    else this.states = [...this.states, state];
    this.#filterChanged();
  }

  setNeedsLookOnly(on: boolean): void {
    this.needsLookOnly = on;
    this.#filterChanged();
  }

  setBrush(brush: Brush | undefined): void {
    this.brush = brush;
    this.#filterChanged();
  }

  clearFilter(): void {
    this.text = "";
    this.states = [];
    this.needsLookOnly = false;
    this.brush = undefined;
    this.#filterChanged();
  }

  /** Asks for these rows of the list from now on. */
  setWindow(window: RowRange): void {
    if (window.first === this.#window.first && window.count === this.#window.count) return;
    this.#window = window;
    this.#watchList();
  }

  toggleFolded(group: string): void {
    const folded = new Set(this.folded);
    if (!folded.delete(group)) folded.add(group);
    this.folded = folded;
    this.#placeChanged();
  }

  moveCursor(id: string | undefined): void {
    this.cursor = id;
    this.#changed();
  }

  /** Shows a conversation: beside the list, or over it with `wide` (and always where there is no room beside it). */
  openConversation(id: string, wide = false): void {
    this.cursor = id;
    this.#go(placeOfConversation(this.place, id, wide));
  }

  /** Selects a message; `wide` gives it the larger part of the window. */
  openMessage(seq: number, wide = false): void {
    this.#go(placeOfMessage(this.place, seq, wide));
  }

  /** One step back: from a message to its conversation, from there to the list. */
  back(): void {
    this.#go(placeBefore(this.place));
  }

  /** Closes the innermost pane; returns whether there was one. */
  closePane(): boolean {
    const place = placeWithoutPane(this.place);
    if (place) this.#go(place);
    return place !== undefined;
  }

  /** Freezes this view at what it shows; the daemon goes on. */
  pause(): void {
    if (this.paused || this.data.revision === 0) return;
    this.paused = { at: this.now, atRevision: this.data.list?.revision ?? this.data.revision };
    this.#watchList();
    this.#changed();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = undefined;
    this.#watchList();
    this.#watchDetail();
    this.#changed();
  }

  togglePause(): void {
    if (this.paused) this.resume();
    else this.pause();
  }

  clear(): void {
    this.#link.send({ kind: "clear" });
    this.#go({ level: "list" });
  }

  dismiss(id: string): void {
    this.#link.send({ kind: "dismiss", id, dismissed: true });
  }

  retryTap(tap: string): void {
    this.#link.send({ kind: "retryTap", tap });
  }

  askReport(): void {
    this.#link.send({ kind: "getReport", request: ++this.#request });
  }

  reconnect(): void {
    this.#link.reconnect();
  }

  act(action: HostAction): void {
    this.#link.act(action);
  }

  // ---------------------------------------------------------------------------------------- what follows from it

  #connected(change: ConnectionChange): void {
    const wasOpen = this.connection.state === "open";
    const same = change.state === this.connection.state || (this.everConnected && change.state === "connecting");
    // While attempts go on, `since` stays the time when the connection was lost.
    const since = same && this.connection.state !== "open" ? this.connection.since : Date.now();
    this.connection = { ...change, since };
    if (change.state !== "open") this.informed = false;
    if (change.state === "open" && !wasOpen) {
      this.everConnected = true;
      const { captureId, revision } = this.data;
      this.#link.send({
        kind: "hello",
        protocolVersion,
        client: this.#link.client,
        revision,
        ...(captureId === "" ? {} : { captureId }),
      });
    }
    this.#changed();
  }

  #welcomed(message: { readonly protocolVersion: number; readonly captureId: string }): void {
    this.outdated = message.protocolVersion !== protocolVersion;
    if (this.outdated) return;
    this.informed = true;
    if (message.captureId !== this.data.captureId && this.data.captureId !== "") {
      // Another capture: what was looked at there does not exist here.
      this.place = { level: "list" };
      this.cursor = undefined;
      this.paused = undefined;
      this.brush = undefined;
      this.#window = { first: 0, count: this.#window.count };
    }
    this.#watchList();
    this.#watchDetail();
    if (this.place.seq !== undefined) this.#askMessage(this.place.seq);
  }

  #conversationGone(id: string, into: string | undefined): void {
    if (this.cursor === id) this.cursor = into;
    if (this.place.conversation !== id) return;
    if (into === undefined) this.#go({ level: "list" });
    else this.#go({ ...this.place, conversation: into });
  }

  #go(place: Place): void {
    const before = this.place;
    this.place = place;
    if (before.conversation !== place.conversation) this.#watchDetail();
    if (place.seq !== undefined && place.seq !== before.seq) this.#askMessage(place.seq);
    this.#placeChanged();
  }

  #placeChanged(): void {
    this.#keepSoon();
    this.#changed();
  }

  #filterChanged(): void {
    this.#window = { first: 0, count: this.#window.count };
    this.#watchList();
    this.#placeChanged();
  }

  #watchList(): void {
    this.#link.send({
      kind: "watchConversations",
      filter: this.filter,
      first: this.#window.first,
      count: this.#window.count,
      ...(this.paused ? { atRevision: this.paused.atRevision } : {}),
    });
  }

  #watchDetail(): void {
    const id = this.place.conversation ?? null;
    if (this.data.detail && this.data.detail.row.id !== id) {
      const { detail: _old, ...rest } = this.data;
      this.data = rest;
    }
    this.#link.send({ kind: "watchConversation", id });
  }

  #askMessage(seq: number): void {
    this.#messageAskedAt = performance.now();
    this.#link.send({ kind: "getMessage", request: ++this.#request, seq });
  }

  /** An open message may have been read by somebody meanwhile; asked again at most once a second. */
  #refreshMessage(): void {
    const { seq } = this.place;
    if (seq === undefined || this.paused || performance.now() - this.#messageAskedAt < 1000) return;
    this.#askMessage(seq);
  }

  #brushedFrom: number | undefined;

  #brushSpan(): { readonly from: number; readonly to?: number } | undefined {
    if (!this.brush) return undefined;
    if ("from" in this.brush) return this.brush;
    const from = this.#histogramEnd() - this.brush.width;
    this.#brushedFrom = from;
    return { from };
  }

  #histogramEnd(): number {
    const histogram = this.data.list?.histogram;
    return histogram ? histogram.from + histogram.bucketMs * histogram.buckets.length : this.now;
  }

  /** A brush that ends at now moves on, a bar of the histogram at a time. */
  #followBrush(): void {
    if (this.paused || !this.brush || !("width" in this.brush)) return;
    const from = this.#histogramEnd() - this.brush.width;
    const step = this.data.list?.histogram.bucketMs ?? 1000;
    if (this.#brushedFrom === undefined || Math.abs(from - this.#brushedFrom) >= step) this.#watchList();
  }

  #keepSoon(): void {
    if (this.#saving) return;
    this.#saving = true;
    setTimeout(() => {
      this.#saving = false;
      this.#keeper.save({
        captureId: this.data.captureId,
        revision: this.data.revision,
        text: this.text,
        states: this.states,
        needsLook: this.needsLookOnly,
        ...(this.brush ? { brush: this.brush } : {}),
        place: this.place,
        folded: [...this.folded],
      });
    }, 300);
  }

  #changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}
