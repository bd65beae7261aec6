/**
 * The messages of a conversation in time, one row each, with the lanes of who wrote and who read. A list and not a
 * picture: rows take focus, speak and can be found, and only those on the screen exist.
 */
import { html, svg, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ConversationDetail, Lane } from "../../daemon/serve/protocol.ts";
import type { KeyAction } from "../model/keys.ts";
import {
  causalPath,
  causeOf,
  effectOf,
  laneX,
  planLanes,
  planOf,
  rowHeight,
  type LanePlan,
} from "../model/lane-geometry.ts";
import { positionToShow, rowsBetween, tops } from "../model/virtual-rows.ts";
import "./evidence-hover.ts";
import { brokerMark } from "./icons.ts";
import { laneListStyles } from "./lane-list-styles.ts";
import { laneRow } from "./lane-row.ts";
import { placed } from "./placed.ts";
import { rowStyles } from "./row-styles.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

const hoverAfterMs = 300;

export class LaneList extends ViewElement {
  static override properties = {
    store: { attribute: false },
    detail: { attribute: false },
    narrow: { attribute: false },
    bare: { attribute: false },
    beside: { attribute: false },
  };
  static override styles = [sharedStyles, rowStyles, laneListStyles];

  declare detail: ConversationDetail;
  declare narrow: boolean;
  declare bare: boolean;
  /** Whether a message opens beside the lanes. */
  declare beside: boolean;

  #plan: LanePlan | undefined;
  #planned: { readonly detail: ConversationDetail; readonly key: string } | undefined;
  #tops: Float64Array = new Float64Array(1);
  #path: ReadonlySet<number> | undefined;
  #cursor = 0;
  #hover: { readonly row: number; readonly top: number } | undefined;
  #hoverTimer: ReturnType<typeof setTimeout> | undefined;
  #focusWanted = false;
  #shownSeq: number | undefined;
  #conversation = "";
  readonly #resize = new ResizeObserver(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    clearTimeout(this.#hoverTimer);
  }

  override willUpdate(_changed: PropertyValues): void {
    const { rows, row } = this.detail;
    if (row.id !== this.#conversation) {
      this.#conversation = row.id;
      this.#cursor = 0;
      this.#shownSeq = undefined;
      this.#hover = undefined;
      const scroller = this.find(".scroll");
      if (scroller) scroller.scrollTop = 0;
    }
    this.#planAnew();
    const { seq } = this.store.place;
    if (seq !== this.#shownSeq) {
      const at = rows.findIndex((each) => each.seq === seq && each.kind === "message");
      const found = at < 0 ? rows.findIndex((each) => each.seq === seq) : at;
      // Deliveries of a message have its number too: a cursor that already stands on one of them stays there.
      if (found >= 0 && rows[this.#cursor]?.seq !== seq) this.#cursor = found;
      if (found >= 0 || seq === undefined) this.#shownSeq = seq;
    }
    this.#cursor = Math.min(this.#cursor, Math.max(0, rows.length - 1));
    this.#path = seq === undefined ? undefined : causalPath(rows, this.#cursor);
  }

  /** A long conversation is measured when it changed, not whenever something else on the page did. */
  #planAnew(): void {
    const key = `${this.clientWidth} ${this.narrow}`;
    if (this.#planned?.detail === this.detail && this.#planned.key === key) return;
    this.#planned = { detail: this.detail, key };
    this.#plan = planLanes(this.detail, this.clientWidth || 420, this.narrow);
    this.#tops = tops(this.detail.rows.map((each) => rowHeight(each)));
  }

  override updated(): void {
    if (!this.#focusWanted) return;
    const row = this.find(`[data-index="${this.#cursor}"]`);
    if (!row) return;
    this.#focusWanted = false;
    row.focus({ preventScroll: true });
  }

  override focus(): void {
    this.#focusWanted = true;
    this.requestUpdate();
  }

  /** Does what a key means in the lanes; returns whether it meant anything. */
  act(action: KeyAction): boolean {
    const { rows } = this.detail;
    const page = Math.max(1, Math.floor((this.find(".scroll")?.clientHeight ?? 240) / 24) - 1);
    const targets: Partial<Record<KeyAction, number | undefined>> = {
      down: this.#cursor + 1,
      up: this.#cursor - 1,
      pageDown: this.#cursor + page,
      pageUp: this.#cursor - page,
      first: 0,
      last: rows.length - 1,
      nextProblem: this.#problem(1),
      previousProblem: this.#problem(-1),
      cause: causeOf(rows, this.#cursor),
      effect: effectOf(rows, this.#cursor),
      previousMessage: this.#message(-1),
      nextMessage: this.#message(1),
    };
    if (!(action in targets)) return false;
    const target = targets[action];
    if (target !== undefined) this.#moveTo(Math.min(rows.length - 1, Math.max(0, target)));
    return true;
  }

  /** Hides the evidence; returns whether it was shown. */
  closeHover(): boolean {
    const shown = this.#hover !== undefined;
    this.#hover = undefined;
    clearTimeout(this.#hoverTimer);
    if (shown) this.requestUpdate();
    return shown;
  }

  /** The number of the message under the cursor. */
  get cursorSeq(): number | undefined {
    return this.detail.rows[this.#cursor]?.seq;
  }

  #problem(step: 1 | -1): number | undefined {
    const { rows } = this.detail;
    for (let index = this.#cursor + step; index >= 0 && index < rows.length; index += step) {
      const row = rows[index];
      if (row && (row.violation || row.state === "failed" || row.kind === "missing" || row.kind === "dead letter"))
        return index;
      if (row && (row.state === "late" || row.state === "stuck")) return index;
    }
    return undefined;
  }

  #message(step: 1 | -1): number | undefined {
    const { rows } = this.detail;
    for (let index = this.#cursor + step; index >= 0 && index < rows.length; index += step) {
      if (rows[index]?.seq !== undefined && rows[index]?.seq !== rows[this.#cursor]?.seq) return index;
    }
    return undefined;
  }

  #moveTo(index: number): void {
    this.#cursor = index;
    this.#focusWanted = true;
    const scroller = this.find(".scroll");
    const top = this.#tops[index] ?? 0;
    const height = (this.#tops[index + 1] ?? top) - top;
    if (scroller) scroller.scrollTop = positionToShow(scroller.scrollTop, scroller.clientHeight, top, height);
    const seq = this.cursorSeq;
    if (seq !== undefined && this.store.place.seq !== undefined) this.store.openMessage(seq);
    this.#hoverSoon(index);
    this.requestUpdate();
  }

  readonly #onClick = (event: Event): void => {
    const index = indexOf(event);
    if (index === undefined) return;
    this.#cursor = index;
    this.#focusWanted = true;
    const seq = this.cursorSeq;
    if (seq !== undefined) this.store.openMessage(seq, !this.beside);
    this.requestUpdate();
  };

  readonly #onDoubleClick = (): void => {
    const seq = this.cursorSeq;
    if (seq !== undefined) this.store.openMessage(seq, true);
  };

  readonly #onOver = (event: Event): void => {
    const index = indexOf(event);
    const onSlice = (event.target as Element).closest("[data-slice]") !== null;
    if (index !== undefined && onSlice) this.#hoverSoon(index);
    else this.#unhoverSoon();
  };

  readonly #unhoverSoon = (): void => {
    clearTimeout(this.#hoverTimer);
    this.#hoverTimer = setTimeout(() => this.closeHover(), hoverAfterMs);
  };

  #hoverSoon(index: number): void {
    clearTimeout(this.#hoverTimer);
    if (this.#hover?.row === index) return;
    this.#hoverTimer = setTimeout(() => {
      const evidence = this.detail.rows[index]?.cause?.evidence ?? [];
      const scroller = this.find(".scroll");
      if (!scroller || evidence.length === 0) {
        this.closeHover();
        return;
      }
      const below = scroller.offsetTop + (this.#tops[index + 1] ?? 0) - scroller.scrollTop + 4;
      this.#hover = { row: index, top: below };
      this.requestUpdate();
    }, hoverAfterMs);
  }

  override render(): TemplateResult {
    const { rows, lanes } = this.detail;
    const whole = this.#plan ?? planLanes(this.detail, 420, this.narrow);
    const scroller = this.find(".scroll");
    const from = scroller?.scrollTop ?? 0;
    const range = rowsBetween(this.#tops, from - 120, from + (scroller?.clientHeight ?? 800) + 120);
    const indices = new Set<number>();
    for (let index = range.first; index < range.first + range.count; index++) indices.add(index);
    if (rows.length > 0) indices.add(this.#cursor);
    const plan = planOf(whole, indices);
    const path = this.#path;
    return html`
      <div class="grid" role="grid" aria-label="Messages in time" aria-rowcount=${rows.length}>
        ${this.narrow ? this.#slantedHeads(plan, lanes) : this.#heads(plan, lanes)}
        <div
          class="scroll"
          role="rowgroup"
          tabindex="-1"
          @scroll=${() => this.requestUpdate()}
          @click=${this.#onClick}
          @dblclick=${this.#onDoubleClick}
          @pointerover=${this.#onOver}
          @pointerleave=${this.#unhoverSoon}
        >
          <div class="area" role="presentation" ${placed({ height: `${this.#tops[rows.length] ?? 0}px` })}>
            ${repeat(
              indices,
              (index) => index,
              (index) => {
                const row = rows[index];
                if (!row) return "";
                return laneRow({
                  plan,
                  lanes,
                  row,
                  index,
                  path,
                  hot: this.#hover?.row,
                  top: this.#tops[index] ?? 0,
                  selected: index === this.#cursor && (path !== undefined || this.#focused),
                  tabStop: index === this.#cursor,
                  bare: this.bare,
                  cause: row.cause && rows[row.cause.row]?.name,
                });
              },
            )}
          </div>
        </div>
      </div>
      ${this.#evidence()}
    `;
  }

  get #focused(): boolean {
    return (this.renderRoot as ShadowRoot).activeElement !== null;
  }

  #evidence(): TemplateResult | string {
    const hover = this.#hover;
    const row = hover && this.detail.rows[hover.row];
    if (!hover || !row?.cause) return "";
    return html`<contrail-evidence-hover
      .effect=${row.name}
      .cause=${this.detail.rows[row.cause.row]?.name ?? ""}
      .evidence=${row.cause.evidence}
      .top=${hover.top}
      .left=${this.narrow ? 12 : (this.#plan?.timeWidth ?? 80) + 8}
      @pointerenter=${() => clearTimeout(this.#hoverTimer)}
      @pointerleave=${this.#unhoverSoon}
    ></contrail-evidence-hover>`;
  }

  /** Names above the lanes in two lines, so that neighbours do not meet. */
  #heads(plan: LanePlan, lanes: readonly Lane[]): TemplateResult {
    const x = (index: number): number => plan.timeWidth + laneX(plan, index);
    return html`<div class="heads" role="presentation">
      <svg width=${plan.timeWidth + plan.width} height="36" aria-hidden="true">
        ${lanes.map((_lane, index) =>
          index % 2 === 0
            ? svg`<path d=${`M${x(index)} 20V36`} stroke="var(--vscode-charts-lines)" opacity=".6"></path>`
            : "",
        )}
      </svg>
      ${lanes.map(
        (lane, index) =>
          html`<span
            title=${laneTitle(lane)}
            ${placed({ left: `${x(index)}px`, top: index % 2 === 0 ? "4px" : "19px", "max-width": `${plan.laneGap * 2 - 6}px` })}
            >${lane.kind === "channel" ? this.#channelMark(index) : ""}${lane.name}</span
          >`,
      )}
    </div>`;
  }

  #slantedHeads(plan: LanePlan, lanes: readonly Lane[]): TemplateResult {
    return html`<div class="heads slanted" role="presentation">
      ${lanes.map(
        (lane, index) =>
          html`<span title=${laneTitle(lane)} ${placed({ left: `${plan.timeWidth + laneX(plan, index) + 5}px` })}
            >${lane.name}</span
          >`,
      )}
    </div>`;
  }

  /** A channel's broker is that of a message that ends in it. */
  #channelMark(lane: number): TemplateResult | string {
    const broker = this.detail.rows.find((row) => row.to.includes(lane))?.broker;
    return broker ? brokerMark(broker) : "";
  }
}

function laneTitle(lane: Lane): string {
  const basis = lane.basis === "declared" ? "" : lane.basis === "observed" ? ", observed" : ", a placeholder name";
  return lane.kind === "channel" ? `${lane.name}, a channel` : `${lane.name}${basis}`;
}

function indexOf(event: Event): number | undefined {
  const text = (event.target as Element).closest<HTMLElement>("[data-index]")?.dataset["index"];
  return text === undefined ? undefined : Number(text);
}

define("contrail-lane-list", LaneList);
