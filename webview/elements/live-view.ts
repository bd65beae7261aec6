/**
 * The whole page: header, filter, histogram, list and panes, status line; what stands beside what at which width; and
 * the keys that act on all of it.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { announce, silentAnnouncer, type AnnouncerState } from "../model/announcer.ts";
import { actionOf, type KeyAction } from "../model/keys.ts";
import { layoutFor, type Layout } from "../model/layout.ts";
import type { Place } from "../store/place.ts";
import { ConversationList } from "./conversation-list.ts";
import { ConversationView } from "./conversation-view.ts";
import "./empty-state.ts";
import "./filter-bar.ts";
import "./flow-histogram.ts";
import "./message-view.ts";
import { PopOver, type PopOverContent } from "./pop-over.ts";
import { sharedStyles } from "./shared-styles.ts";
import "./state-bar.ts";
import "./status-line.ts";
import "./view-header.ts";
import type { MenuChoice } from "./view-header.ts";
import { define, ViewElement } from "./view-element.ts";

export class LiveView extends ViewElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: grid;
        grid-template-rows: 35px minmax(0, 1fr) 22px;
        height: 100%;
        overflow: hidden;
      }
      main {
        min-height: 0;
        min-width: 0;
        overflow: hidden;
      }
      .column {
        display: flex;
        flex-direction: column;
        min-height: 0;
        min-width: 0;
        height: 100%;
      }
      .rest {
        flex: 1;
        min-height: 0;
        min-width: 0;
      }
      .split {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 420px;
        grid-template-rows: minmax(0, 1fr);
      }
      .split.message {
        grid-template-columns: 372px minmax(0, 1fr);
      }
      .pane {
        border-left: 1px solid var(--line);
        min-width: 0;
        min-height: 0;
      }
    `,
  ];

  #popOver: PopOverContent | undefined;
  #announcer: AnnouncerState = silentAnnouncer;
  #spoken = "";
  #layout: Layout = layoutFor(1280, { level: "list" });
  #placeShown: Place = { level: "list" };
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #resize = new ResizeObserver(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    addEventListener("keydown", this.#onKey);
    this.#timer = setInterval(() => this.store.tick(), 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    removeEventListener("keydown", this.#onKey);
    clearInterval(this.#timer);
  }

  override willUpdate(): void {
    const { store } = this;
    this.#layout = layoutFor(this.clientWidth || innerWidth, store.place);
    const { list } = store.data;
    if (!list) return;
    const heard = announce(this.#announcer, list.needsLook, performance.now(), store.paused !== undefined);
    this.#announcer = heard.state;
    if (heard.say !== undefined) this.#spoken = heard.say;
  }

  override updated(): void {
    const before = this.#placeShown;
    const { place } = this.store;
    this.#placeShown = place;
    // When what had the focus went away with its pane, the focus goes to what is left and not to nowhere.
    if (before.level === place.level && before.conversation === place.conversation && before.seq === place.seq) return;
    const outside = document.activeElement !== document.body && document.activeElement !== this;
    const active = (this.renderRoot as ShadowRoot).activeElement;
    const lost = active === null || (active instanceof HTMLElement && active.hidden);
    if (lost && !outside) this.#focusMain();
  }

  #focusMain(): void {
    const { columns } = this.#layout;
    if (columns.includes("list")) this.findAs("contrail-conversation-list", ConversationList)?.focus();
    else if (columns.includes("conversation")) this.#conversation?.focus();
    else this.find("contrail-message-view")?.focus();
  }

  get #conversation(): ConversationView | null {
    return this.findAs("contrail-conversation-view", ConversationView);
  }

  // --------------------------------------------------------------------------------------------------------- drawing

  override render(): TemplateResult {
    const { store } = this;
    const { narrow, tight } = this.#layout;
    return html`
      <contrail-view-header
        .store=${store}
        .narrow=${narrow}
        @choose=${(event: CustomEvent<MenuChoice>) => this.#choose(event.detail)}
        @show-list=${() => this.#showList()}
      ></contrail-view-header>
      <main role="tabpanel" aria-label="Conversations">
        ${this.#empty ? this.#emptyState(narrow) : this.#columns()}
      </main>
      <contrail-status-line
        .store=${store}
        .narrow=${narrow}
        .tight=${tight}
        @open-popover=${(event: CustomEvent<PopOverContent>) => this.#open(event.detail)}
      ></contrail-status-line>
      <contrail-pop-over
        .store=${store}
        .content=${this.#popOver}
        @closed=${() => this.#closePopOver()}
      ></contrail-pop-over>
      <div class="hidden-text" aria-live="polite">${this.#spoken}</div>
    `;
  }

  /** Nothing is tapped and nothing was: a page to begin with instead of an empty list. */
  get #empty(): boolean {
    const { status, list } = this.store.data;
    if (this.store.idle && !list) return true;
    if (this.store.connection.state !== "open" || !status) return false;
    return status.mode === "live" && status.taps.length === 0 && status.seen === 0 && (list?.total ?? 0) === 0;
  }

  #emptyState(narrow: boolean): TemplateResult {
    return html`<contrail-empty-state .store=${this.store} .narrow=${narrow}></contrail-empty-state>`;
  }

  /** The list stays in the page under what stands over it, so that it keeps its place. */
  #columns(): TemplateResult {
    const { store } = this;
    const { columns, narrow, list, beside, wideMessage } = this.#layout;
    const [main, pane] = columns;
    const listed = main === "list";
    const classes = `rest ${pane === undefined ? "" : "split"} ${wideMessage ? "message" : ""}`;
    return html`<div class="column">
      <contrail-filter-bar
        .store=${store}
        .narrow=${narrow}
        ?hidden=${!listed}
        @leave=${() => this.#focusMain()}
      ></contrail-filter-bar>
      <contrail-flow-histogram .store=${store} ?hidden=${!listed}></contrail-flow-histogram>
      <contrail-state-bar .store=${store}></contrail-state-bar>
      <div class=${classes}>
        <contrail-conversation-list
          .store=${store}
          .layout=${list}
          .beside=${beside}
          ?hidden=${!listed}
        ></contrail-conversation-list>
        ${listed ? nothing : this.#column(main, false)}
        ${
          pane === undefined
            ? nothing
            : html`<aside class="pane" aria-label=${pane === "message" ? "Message" : "Conversation"}>
                ${this.#column(pane, true)}
              </aside>`
        }
      </div>
    </div>`;
  }

  #column(column: Exclude<Layout["columns"][number], "list">, pane: boolean): TemplateResult {
    const { store } = this;
    const { narrow, wideMessage, narrowConversation, beside } = this.#layout;
    if (column === "message") {
      return html`<contrail-message-view
        .store=${store}
        .wide=${wideMessage}
        .pane=${pane && !wideMessage}
        @step=${(event: CustomEvent<KeyAction>) => this.#stepMessage(event.detail)}
      ></contrail-message-view>`;
    }
    return html`<contrail-conversation-view
      .store=${store}
      .narrow=${narrow || narrowConversation || pane}
      .pane=${pane}
      .bare=${wideMessage}
      .beside=${beside && !pane}
    ></contrail-conversation-view>`;
  }

  #choose(choice: MenuChoice): void {
    if (choice === "openCapture" || choice === "openSettings") this.store.act({ type: "action", action: choice });
    else this.#open(choice);
  }

  #showList(): void {
    while (this.store.place.level !== "list") this.store.back();
    this.requestUpdate();
  }

  #open(content: PopOverContent): void {
    if (content === "report") this.store.askReport();
    this.#popOver = content;
    this.requestUpdate();
  }

  #closePopOver(): void {
    if (this.#popOver === undefined) return;
    this.#popOver = undefined;
    this.requestUpdate();
  }

  // ------------------------------------------------------------------------------------------------------------ keys

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || this.findAs("contrail-pop-over", PopOver)?.open === true) return;
    const action = actionOf(event);
    if (action === undefined) return;
    const target = event.composedPath()[0];
    if (!(target instanceof Element) || this.#leftAlone(target, event, action)) return;
    if (this.#act(action, target)) event.preventDefault();
  };

  /** Typing in a field, and pressing a button, mean what they always mean. */
  #leftAlone(target: Element, event: KeyboardEvent, action: KeyAction): boolean {
    if (target instanceof HTMLInputElement)
      return action !== "nextRegion" && !(action === "filter" && event.key !== "/");
    const button = target.closest("button, [role=slider]") !== null;
    return button && (event.key === " " || event.key === "Enter");
  }

  #act(action: KeyAction, target: Element): boolean {
    const { store } = this;
    switch (action) {
      case "pause":
        store.togglePause();
        return true;
      case "help":
        this.#open("keys");
        return true;
      case "filter":
        if (this.#layout.columns[0] !== "list") this.#showList();
        void this.updateComplete.then(() => this.find("contrail-filter-bar")?.focus());
        return true;
      case "escape":
        return this.#escape();
      case "back":
        store.back();
        return true;
      case "nextRegion":
        return this.#nextRegion();
      case "openWide":
        return this.#openWide(target);
      case "previousMessage":
      case "nextMessage":
        return this.#stepMessage(action);
      default:
        return this.#actInside(action, target);
    }
  }

  #escape(): boolean {
    if (this.#conversation?.closeHover()) return true;
    if (this.store.closePane()) return true;
    if (!this.store.filtered) return false;
    this.store.clearFilter();
    return true;
  }

  #openWide(target: Element): boolean {
    const { store } = this;
    if (this.#regionOf(target) === "conversation" || this.#regionOf(target) === "message") {
      const seq = this.#conversation?.cursorSeq ?? store.place.seq;
      if (seq === undefined) return false;
      store.openMessage(seq, true);
      return true;
    }
    if (store.cursor === undefined) return false;
    store.openConversation(store.cursor, true);
    return true;
  }

  #stepMessage(action: KeyAction): boolean {
    const conversation = this.#conversation;
    if (conversation) return conversation.act(action);
    // The lanes are not on the screen when a message stands alone; their order is that of the conversation's rows.
    const seqs = [...new Set((this.store.data.detail?.rows ?? []).flatMap((row) => row.seq ?? []))];
    const at = seqs.indexOf(this.store.place.seq ?? -1);
    const seq = seqs[at + (action === "nextMessage" ? 1 : -1)];
    if (at < 0 || seq === undefined) return false;
    this.store.openMessage(seq);
    return true;
  }

  /** Rows, problems, cause and effect: of the part of the page where the focus is. */
  #actInside(action: KeyAction, target: Element): boolean {
    const list = this.findAs("contrail-conversation-list", ConversationList);
    const inside = this.#regionOf(target);
    if (inside === "other" || inside === "message") {
      // Arrows elsewhere, on a chip or a header, belong to that; only keys without another meaning reach the lanes.
      if (action === "cause" || action === "effect") return this.#conversation?.act(action) ?? false;
      if (action !== "nextProblem" && action !== "previousProblem" && target !== document.body) return false;
    }
    if (inside === "conversation" || !list) return this.#conversation?.act(action) ?? false;
    return list.act(action);
  }

  #regionOf(target: Element): "list" | "conversation" | "message" | "other" {
    for (let node: Node | null = target; node; node = node instanceof ShadowRoot ? node.host : node.parentNode) {
      if (!(node instanceof Element)) continue;
      if (node.localName === "contrail-conversation-list") return "list";
      if (node.localName === "contrail-conversation-view") return "conversation";
      if (node.localName === "contrail-message-view") return "message";
    }
    return "other";
  }

  /** List, pane, status, and around again. */
  #nextRegion(): boolean {
    const names = [
      "contrail-conversation-list",
      "contrail-conversation-view",
      "contrail-message-view",
      "contrail-status-line",
    ];
    const regions = names.flatMap((name) => this.find(name) ?? []);
    const active = (this.renderRoot as ShadowRoot).activeElement;
    const at = regions.findIndex((region) => region === active);
    regions[(at + 1) % regions.length]?.focus();
    return regions.length > 0;
  }
}

define("contrail-live", LiveView);
