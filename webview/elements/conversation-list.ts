/**
 * The list of conversations: what needs a look, then the newest first. Only the rows on the screen exist, whatever the
 * number of conversations; rows stay where they are while newer ones come above them.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { ConversationRow } from "../../daemon/serve/protocol.ts";
import { age, count } from "../model/format.ts";
import { areaOf, groupHeight, listTop, rowHeight, topOf, visibleRows, type ListShape } from "../model/list-geometry.ts";
import { ListCursor } from "../model/list-cursor.ts";
import type { KeyAction } from "../model/keys.ts";
import {
  covers,
  positionToShow,
  rowsShifted,
  scrolled,
  settledScrollTop,
  windowAround,
  type RowRange,
  type ScrollState,
} from "../model/virtual-rows.ts";
import type { ConversationList as ListData } from "../store/live-data.ts";
import { needsLookHead, newestHead, nothingFound, overviewRuler } from "./conversation-groups.ts";
import { conversationListStyles } from "./conversation-list-styles.ts";
import { conversationRow, type ListLayout, type RowView } from "./conversation-row.ts";
import { icon } from "./icons.ts";
import { placed } from "./placed.ts";
import { rowStyles } from "./row-styles.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

export class ConversationList extends ViewElement {
  static override properties = {
    store: { attribute: false },
    layout: { attribute: false },
    beside: { attribute: false },
  };
  static override styles = [sharedStyles, rowStyles, conversationListStyles];

  declare layout: ListLayout;
  /** Whether a conversation opens beside the list. */
  declare beside: boolean;

  #scroll: ScrollState = { position: 0, scrollTop: 0 };
  #view = 400;
  #width = 800;
  #shownList: ListData | undefined;
  #filterKey = "";
  #newRows = 0;
  #newTotal = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #ask: ReturnType<typeof setTimeout> | undefined;
  #focusWanted = false;
  readonly #cursor = new ListCursor();
  readonly #resize = new ResizeObserver(() => this.#measure());

  constructor() {
    super();
    this.layout = "whole";
    this.beside = false;
  }

  override firstUpdated(): void {
    const scroller = this.find(".scroll");
    if (scroller) this.#resize.observe(scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    clearTimeout(this.#settle);
    clearTimeout(this.#ask);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const scroller = this.hasUpdated ? this.find(".scroll") : null;
    if (scroller) this.#resize.observe(scroller);
  }

  /** Sizes are read when they change, never while drawing: that would make the browser lay everything out twice. */
  #measure(): void {
    const scroller = this.find(".scroll");
    if (!scroller || scroller.clientHeight === 0) return;
    this.#view = scroller.clientHeight;
    this.#width = scroller.clientWidth;
    this.requestUpdate();
  }

  // ------------------------------------------------------------------------------------------------- where rows are

  get #look(): readonly ConversationRow[] {
    if (this.store.folded.has("look") || this.store.needsLookOnly) return [];
    return this.store.data.list?.needsLook ?? [];
  }

  get #total(): number {
    return this.store.folded.has("new") ? 0 : (this.store.data.list?.total ?? 0);
  }

  get #shape(): ListShape {
    return {
      pinned: this.#look.length,
      hasPinned: (this.store.data.list?.needsLook.length ?? 0) > 0 && !this.store.needsLookOnly,
      total: this.#total,
      narrow: this.layout === "narrow",
      view: this.#view,
    };
  }

  get #visible(): RowRange {
    return visibleRows(this.#shape, this.#scroll.position);
  }

  // -------------------------------------------------------------------------------------------------------- updates

  /** While something wide stands over it, the list keeps its place and draws nothing. */
  override shouldUpdate(): boolean {
    return !this.hidden;
  }

  override willUpdate(_changed: PropertyValues): void {
    const { list } = this.store.data;
    const filterKey = JSON.stringify([this.store.text, this.store.states, this.store.needsLookOnly, this.store.brush]);
    if (filterKey !== this.#filterKey) {
      this.#filterKey = filterKey;
      this.#scroll = { position: 0, scrollTop: 0 };
      this.#newRows = 0;
      this.#shownList = undefined;
    }
    if (list !== this.#shownList) this.#holdPlace(list);
    const awaited = this.#cursor.update(this.#look, list?.first ?? 0, list?.rows ?? [], this.store.cursor);
    if (awaited !== undefined) this.#select(awaited);
  }

  /** While the list does not follow the newest, what is on the screen stays there when rows come above it. */
  #holdPlace(list: ListData | undefined): void {
    const before = this.#shownList;
    this.#shownList = list;
    const top = listTop(this.#shape);
    if (!before || !list || this.#scroll.position < 1) {
      this.#newRows = 0;
      this.#newTotal = top;
      return;
    }
    const ids = (data: ListData) => data.rows.map((row) => row.id);
    const shift = this.store.folded.has("new")
      ? 0
      : rowsShifted({ ...before, ids: ids(before) }, { ...list, ids: ids(list) });
    const moved = shift * rowHeight + (top - this.#newTotal);
    this.#newTotal = top;
    if (moved === 0) return;
    this.#newRows = Math.max(0, this.#newRows + shift);
    this.#scroll = { ...this.#scroll, position: Math.max(0, this.#scroll.position + moved) };
  }

  override updated(): void {
    const scroller = this.find(".scroll");
    if (!scroller) return;
    const area = areaOf(this.#shape);
    const most = Math.max(0, area.content - area.view);
    if (this.#scroll.position > most) this.#scroll = { ...this.#scroll, position: most };
    // The browser's own position follows ours where both are the same, or after a jump by keys or by new rows.
    const same = area.content === area.area;
    if (same ? scroller.scrollTop !== this.#scroll.position : this.#scroll.position === 0 && scroller.scrollTop !== 0) {
      this.#setScrollTop(scroller, this.#scroll.position);
    }
    this.#askForRows();
    if (this.#focusWanted) {
      const row =
        this.find("[data-cursor]") ?? (this.#cursor.index === undefined ? this.find('.row[tabindex="0"]') : null);
      if (row) {
        this.#focusWanted = false;
        row.focus({ preventScroll: true });
      }
    }
  }

  #setScrollTop(scroller: HTMLElement, top: number): void {
    scroller.scrollTop = top;
    this.#scroll = { ...this.#scroll, scrollTop: scroller.scrollTop };
  }

  #askForRows(): void {
    const visible = this.#visible;
    const { list } = this.store.data;
    const have = { first: list?.first ?? 0, count: list?.rows.length ?? 0 };
    if (!list || covers(have, visible, this.#total)) return;
    // Rows far from what is on the screen are wanted at once; while a scrollbar is dragged, not every place it passes.
    this.#ask ??= setTimeout(() => {
      this.#ask = undefined;
      this.store.setWindow(windowAround(this.#visible, this.#total));
    }, 40);
  }

  readonly #onScroll = (event: Event): void => {
    const scroller = event.target as HTMLElement;
    if (scroller.scrollTop === this.#scroll.scrollTop) return;
    this.#scroll = scrolled(this.#scroll, scroller.scrollTop, areaOf(this.#shape));
    if (this.#scroll.position < 1) this.#newRows = 0;
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#settled(scroller), 200);
    this.requestUpdate();
  };

  /** Once a capped list rests, the scrollbar shows where it is, so that both ends can be reached again. */
  #settled(scroller: HTMLElement): void {
    const wanted = settledScrollTop(this.#scroll.position, areaOf(this.#shape));
    if (Math.abs(wanted - scroller.scrollTop) > 1) this.#setScrollTop(scroller, wanted);
    this.requestUpdate();
  }

  #scrollTo(position: number): void {
    const scroller = this.find(".scroll");
    if (!scroller) return;
    this.#scroll = { ...this.#scroll, position };
    if (position < 1) this.#newRows = 0;
    const area = areaOf(this.#shape);
    this.#setScrollTop(scroller, settledScrollTop(position, area));
    this.requestUpdate();
  }

  // ----------------------------------------------------------------------------------------------------------- keys

  /** Takes the focus, to the row of the cursor or the first one; opens nothing. */
  override focus(): void {
    this.#focusWanted = true;
    this.requestUpdate();
  }

  /** Does what a key means in the list; returns whether it meant anything. */
  act(action: KeyAction): boolean {
    const last = this.#look.length + this.#total - 1;
    const at = this.#cursor.index ?? -1;
    const page = Math.max(1, Math.floor(this.#view / rowHeight) - 1);
    const targets: Partial<Record<KeyAction, number | undefined>> = {
      down: at + 1,
      up: at - 1,
      pageDown: at + page,
      pageUp: at - page,
      first: 0,
      last,
      nextProblem: this.#cursor.problem(1),
      previousProblem: this.#cursor.problem(-1),
    };
    if (!(action in targets)) return false;
    const target = targets[action];
    if (target !== undefined && last >= 0) this.#moveTo(Math.min(last, Math.max(0, target)));
    if (action === "first") this.#scrollTo(0);
    return true;
  }

  #moveTo(index: number): void {
    const { top, height } = topOf(this.#shape, index);
    const position = index === 0 ? 0 : positionToShow(this.#scroll.position, this.#view, top, height);
    const id = this.#cursor.moveTo(index);
    this.#focusWanted = true;
    if (position !== this.#scroll.position) this.#scrollTo(position);
    if (id === undefined) {
      this.store.setWindow(windowAround(this.#visible, this.#total));
      return;
    }
    this.#select(id);
  }

  #select(id: string): void {
    if (this.beside && this.store.place.conversation !== undefined) this.store.openConversation(id);
    else this.store.moveCursor(id);
  }

  readonly #onClick = (event: Event): void => {
    const row = (event.target as Element).closest<HTMLElement>(".row[data-id]");
    const id = row?.dataset["id"];
    if (!row || id === undefined) return;
    this.#cursor.group = row.dataset["group"] === "look" ? "look" : "new";
    this.#focusWanted = true;
    this.store.openConversation(id, !this.beside);
  };

  readonly #onDoubleClick = (event: Event): void => {
    const id = (event.target as Element).closest<HTMLElement>(".row[data-id]")?.dataset["id"];
    if (id !== undefined) this.store.openConversation(id, true);
  };

  // --------------------------------------------------------------------------------------------------------- drawing

  override render(): TemplateResult {
    const { list } = this.store.data;
    const total = list?.total ?? 0;
    const area = areaOf(this.#shape);
    const items = list ? this.#items() : [];
    return html`
      <div
        class="grid"
        role="grid"
        aria-label="Conversations"
        aria-rowcount=${1 + this.#look.length + total}
        aria-multiselectable="false"
      >
        ${this.layout === "narrow" ? nothing : this.#head()}
        <div class="body" role="rowgroup">
          <div
            class="scroll"
            @scroll=${this.#onScroll}
            @click=${this.#onClick}
            @dblclick=${this.#onDoubleClick}
            tabindex="-1"
          >
            <div class="area" role="presentation" ${placed({ height: `${Math.max(area.area, 1)}px` })}>
              ${repeat(
                items,
                (item) => item.key,
                (item) => item.template,
              )}
            </div>
            ${list && total === 0 ? nothingFound(this.store) : nothing}
          </div>
          ${overviewRuler(list?.ruler ?? [])}
          ${
            this.#newRows > 0
              ? html`<button class="new" @click=${() => this.#scrollTo(0)}>${count(this.#newRows)} new</button>`
              : nothing
          }
        </div>
      </div>
    `;
  }

  #head(): TemplateResult {
    return html`<div class="row head ${this.layout}" role="row" aria-rowindex="1">
      <span role="columnheader" aria-label="State"></span><span role="columnheader">Conversation</span>
      <span role="columnheader">Steps</span><span role="columnheader">Latest, or what is missing</span>
      ${this.layout === "whole" ? html`<span role="columnheader">Participants</span>` : nothing}
      <span role="columnheader" class="num" aria-label="Problems" title="Problems"
        >${icon("warning", "none", true)}</span
      >
      <span role="columnheader" class="num">Took</span><span role="columnheader" class="num">Ago</span>
    </div>`;
  }

  #items(): ReadonlyArray<{ readonly key: string; readonly template: unknown }> {
    const shift = this.#scroll.scrollTop - this.#scroll.position;
    const offset = areaOf(this.#shape).content === areaOf(this.#shape).area ? 0 : shift;
    const look = this.#look;
    const { list } = this.store.data;
    const rows = list?.rows ?? [];
    const visible = this.#visible;
    const items: Array<{ key: string; template: unknown }> = [];
    if (this.#scroll.position < listTop(this.#shape) + this.#view) {
      if (this.#shape.hasPinned) items.push({ key: "group look", template: needsLookHead(this.store, offset) });
      items.push({ key: "group new", template: newestHead(this.store, listTop(this.#shape) - groupHeight + offset) });
      for (const [index, row] of look.entries()) {
        items.push({ key: `look ${row.id}`, template: this.#row(row, index, topOf(this.#shape, index).top + offset) });
      }
    }
    const loaded = list?.first ?? 0;
    const wanted = new Set<number>();
    for (let index = visible.first - 4; index < visible.first + visible.count + 4; index++) wanted.add(index);
    const cursor = this.#cursor.group === "new" ? this.#cursor.index : undefined;
    // The row with the focus stays in the page while it is loaded, or the focus would be lost by scrolling.
    if (cursor !== undefined) wanted.add(cursor - look.length);
    for (const index of wanted) {
      const row = index < 0 || index >= this.#total ? undefined : rows[index - loaded];
      if (row === undefined || index < loaded) continue;
      const place = index + look.length;
      items.push({ key: row.id, template: this.#row(row, place, topOf(this.#shape, place).top + offset) });
    }
    return items;
  }

  /** A row is drawn again only when something of it changed; scrolling draws those that come in. */
  #row(row: ConversationRow, index: number, top: number): unknown {
    const { now } = this.store;
    const cursor = this.#cursor.index === index;
    const view: RowView = {
      row,
      layout: this.layout,
      pinned: index < this.#look.length,
      top,
      index: index + 2,
      cursor,
      tabStop: cursor || (this.#cursor.index === undefined && index === 0),
      selected: cursor,
      now,
      nameWidth: this.#nameWidth,
    };
    const { tabStop, layout, nameWidth } = view;
    const changes = [row.id, row.revision, index, top, cursor, tabStop, layout, nameWidth, age(now - row.startedAt)];
    return guard([this.store.data.captureId, ...changes], () => conversationRow(view));
  }

  /** The width of the column with name and key, by the rules of the style sheet. */
  get #nameWidth(): number {
    const width = this.#width;
    if (this.layout === "beside") return 196;
    return this.layout === "narrow" ? width - 20 - 16 - 62 - 44 - 30 : Math.max(220, (width - 362) / 3.7);
  }
}

define("contrail-conversation-list", ConversationList);
