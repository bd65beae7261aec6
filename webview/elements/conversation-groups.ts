/** The heads of the list's two groups, and what stands there when nothing was found, and the ruler of problems beside it. */
import { html, nothing, type TemplateResult } from "lit";
import { count } from "../model/format.ts";
import type { ConversationList } from "../store/live-data.ts";
import type { ViewStore } from "../store/view-store.ts";
import { icon } from "./icons.ts";
import { placed } from "./placed.ts";

/** What needs a look; with more than five, a link to all of them. */
export function needsLookHead(store: ViewStore, top: number): TemplateResult {
  const total = store.data.list?.needsLookTotal ?? 0;
  const badge = html`<span class="badge">${count(total)}</span>`;
  const all = html`<span role="gridcell"
    ><button class="link" @click=${() => store.setNeedsLookOnly(true)}>All ${count(total)}</button></span
  >`;
  return groupHead(store, { group: "look", name: "Needs a look", number: badge, top }, total > 5 ? all : nothing);
}

export function newestHead(store: ViewStore, top: number): TemplateResult {
  const name = store.needsLookOnly ? "Needs a look, newest first" : "Newest first";
  const number = html`<span class="n">${count(store.data.list?.total ?? 0)}</span>`;
  return groupHead(store, { group: "new", name, number, top }, nothing);
}

interface GroupHead {
  readonly group: "look" | "new";
  readonly name: string;
  readonly number: TemplateResult;
  readonly top: number;
}

function groupHead(store: ViewStore, head: GroupHead, more: TemplateResult | typeof nothing): TemplateResult {
  const open = !store.folded.has(head.group);
  return html`<div class="group" role="row" ${placed({ transform: `translateY(${head.top}px)` })}>
    <span role="gridcell">
      <button aria-expanded=${open ? "true" : "false"} @click=${() => store.toggleFolded(head.group)}>
        ${icon(open ? "chevron-down" : "chevron-right")}${head.name} ${head.number}
      </button>
    </span>
    ${more}
  </div>`;
}

/** Nothing at all yet, or nothing that the filter lets through: then the filter in words, and the way out. */
export function nothingFound(store: ViewStore): TemplateResult {
  if (!store.filtered) {
    return html`<div class="nothing">No conversation yet. A message shows here as soon as one passes.</div>`;
  }
  return html`<div class="nothing">
    <span>Nothing found for ${filterInWords(store)}.</span>
    <button class="link" @click=${() => store.clearFilter()}>Clear Filter</button>
  </div>`;
}

/** Where problems lie in the whole list: errors wide, warnings narrow. */
export function overviewRuler(slices: NonNullable<ConversationList["ruler"]>): TemplateResult {
  const marks = slices.flatMap((slice, index) => {
    if (slice.errors + slice.warnings === 0) return [];
    const top = `${((index / slices.length) * 100).toFixed(2)}%`;
    return [html`<i class=${slice.errors > 0 ? "error" : ""} ${placed({ top })}></i>`];
  });
  return html`<div class="ruler" aria-hidden="true">${marks}</div>`;
}

/** `“ORD-1042” in state stuck or late in the marked span of time`. */
function filterInWords(store: ViewStore): string {
  const parts = [
    store.text.trim() === "" ? "" : `“${store.text.trim()}”`,
    store.states.length === 0 ? "" : `in state ${store.states.join(" or ")}`,
    store.needsLookOnly ? "what needs a look" : "",
    store.brush ? "in the marked span of time" : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}
