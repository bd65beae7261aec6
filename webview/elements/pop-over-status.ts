/** What the status line opens: each tap with what it sees and what not, its groups, and what became of all that came. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { GroupLag, Status, TapView } from "../../daemon/serve/protocol.ts";
import { brokerOf, countLines } from "../model/counts.ts";
import { age, count, counted, timeOfDay } from "../model/format.ts";
import { byLag, modeOf, totalLag } from "../model/taps.ts";
import { icon } from "./icons.ts";
import { phaseLook } from "./status-line.ts";
import type { ViewStore } from "../store/view-store.ts";

export const statusStyles = css`
  .tap {
    display: flex;
    gap: 6px;
    align-items: center;
    font-weight: 600;
  }
  .tap .address {
    overflow-wrap: anywhere;
  }
  .about {
    margin: 0 0 12px 22px;
  }
  .about p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .about summary {
    cursor: pointer;
    width: fit-content;
  }
  .about table {
    margin: 4px 0;
  }
  .about td {
    overflow-wrap: anywhere;
  }
  .count {
    display: grid;
    grid-template-columns: 16px 150px minmax(0, 1fr);
    column-gap: 6px;
    padding: 2px 0;
  }
  .count p {
    margin: 0;
  }
  .count dt {
    font: inherit;
  }
  .counts {
    display: block;
  }
  @media (max-width: 479px) {
    .count {
      grid-template-columns: 16px minmax(0, 1fr);
    }
    .count dt {
      font-weight: 600;
    }
    .count dd {
      grid-column: 2;
    }
  }
`;

export function tapsView(store: ViewStore): TemplateResult {
  const { taps = [], notes = [] } = store.data.status ?? {};
  return html`${notes.map((note) => html`<p class="dim">${note}</p>`)}
  ${taps.length === 0 ? html`No broker is tapped.` : taps.map((tap) => tapView(tap, store))}`;
}

function tapView(tap: TapView, store: ViewStore): TemplateResult {
  const look = phaseLook(tap, store);
  const facts = [
    ...(store.informed ? [`${look.word} since ${timeOfDay(tap.since)}`, modeOf(tap)?.words ?? ""] : [look.word]),
    tap.shed > 0 ? `${counted(tap.shed, "event")} lost` : "",
  ].filter((fact) => fact !== "");
  const again = tap.phase === "failed" || tap.phase === "reconnecting";
  return html`<div class="tap">
      ${icon(look.icon, look.mark)}<span class="address"
        >${tap.broker === "capture" ? "" : brokerOf(tap)} ${tap.address}</span
      >
      ${again ? html`<button class="link" @click=${() => store.retryTap(tap.tap)}>Try Now</button>` : nothing}
    </div>
    <div class="about">
      <p>${facts.join(", ")}.${tap.detail === undefined || !store.informed ? "" : ` ${tap.detail}`}</p>
      ${tap.groups === undefined || tap.groups.length === 0 ? nothing : groupsView(tap.groups, tap.moreGroups ?? 0, store.now)}
      ${unseenView(tap.cannotSee ?? [])}
    </div>`;
}

function unseenView(unseen: readonly string[]): TemplateResult | typeof nothing {
  if (unseen.length === 0) return nothing;
  return html`<details>
    <summary>What it cannot see</summary>
    <ul>
      ${unseen.map((line) => html`<li>${line}</li>`)}
    </ul>
  </details>`;
}

function groupsView(groups: readonly GroupLag[], more: number, now: number): TemplateResult {
  const shown = byLag(groups);
  const lag = totalLag({ groups }) ?? 0;
  return html`<table aria-label=${`Consumer groups, ${counted(lag, "record")} behind in all`}>
      <thead>
        <tr>
          <th scope="col">Group</th>
          <th scope="col" class="left">Topic</th>
          <th scope="col">Lag</th>
          <th scope="col">Committed</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          ({ group, topic, lag: behind, committedAt }) =>
            html`<tr>
              <td>${group}</td>
              <td class="left">${topic}</td>
              <td>${count(behind)}</td>
              <td>${committedAt === undefined ? "" : ago(now - committedAt)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more > 0 ? html`<p class="dim">and ${count(more)} more, with less lag</p>` : nothing}`;
}

function ago(ms: number): string {
  return ms < 1000 ? "now" : `${age(ms)} ago`;
}

export function countsView(status: Status | undefined): TemplateResult {
  if (!status) return html`The daemon has not said anything yet.`;
  return html`<dl class="counts">
    ${countLines(status).map(
      (line) =>
        html`<div class="count">
          ${line.mark === "none" ? html`<span></span>` : icon(line.mark === "bad" ? "error" : "warning", line.mark)}
          <dt>${line.label}</dt>
          <dd>${line.value}${line.note === undefined ? nothing : html`<p class="dim">${line.note}</p>`}</dd>
        </div>`,
    )}
  </dl>`;
}
