/** What the sections of a message hold, as templates: how it was read, who writes it, its headers, where it is, its journey. */
import { html, nothing, type TemplateResult } from "lit";
import type { MessageDetail } from "../../daemon/serve/protocol.ts";
import { count, offset, shortId, shortName, timeOfDay } from "../model/format.ts";
import { icon } from "./icons.ts";

/** Every way that was tried to read the bytes, and why it was not the one. */
export function attemptsList(attempts: MessageDetail["attempts"]): TemplateResult {
  return html`<ul class="attempts">
    ${attempts.map(
      (each) =>
        html`<li>
          <span
            >${each.format}${each.definition === undefined ? nothing : html` as <code>${shortName(each.definition, 60)}</code>`}</span
          >
          <span class="dim">${each.failure}</span>
        </li>`,
    )}
  </ul>`;
}

/** Who writes messages of this definition, and how many of them broke it. */
export function writersTable(writers: MessageDetail["writers"]): TemplateResult {
  return html`<div class="writers top">
      <span>Writer</span><span class="num">Messages</span><span class="num">Broken</span>
    </div>
    ${writers.map(
      (writer) =>
        html`<div class="writers">
          <span class="cut" title=${writer.name}
            >${writer.broken > 0 ? icon("error", "bad", true) : icon("pass", "ok", true)} ${writer.name}</span
          ><span class="num">${count(writer.messages)}</span><span class="num">${count(writer.broken)}</span>
        </div>`,
    )}`;
}

/** Headers in the order of the wire. `room`: how many characters of a value fit; it loses its middle. */
export function headersList(headers: MessageDetail["headers"], room: number): TemplateResult {
  return html`${headers.map(
    (header) =>
      html`<div class="header ${header.evidence ? "evidence" : ""}">
        <span class="cut" title=${header.name}>${header.name}</span>
        <span class="cut mono ${header.masked ? "dim" : ""}" title=${header.value}
          >${header.masked ? html`${icon("lock", "none", true)} ` : nothing}${shortId(header.value, room)}</span
        >
        ${
          header.evidence
            ? html`<span class="dim" role="img" aria-label="used as evidence" title="used as evidence"
                >${icon("key", "none", true)}</span
              >`
            : html`<span></span>`
        }
      </div>`,
  )}`;
}

/** What happened to it after it was written. What went wrong has its mark. */
export function journeyList({ journey, at }: MessageDetail): TemplateResult {
  return html`<ol class="journey">
    ${journey.map(
      (leg, index) =>
        html`<li>
          <span class="num dim"
            >${leg.at === undefined ? "" : index === 0 ? timeOfDay(leg.at) : offset(leg.at - at)}</span
          >
          ${icon(leg.mark === "bad" ? "error" : leg.mark === "warn" ? "warning" : "circle-small", leg.mark ?? "none", true)}
          <span>${leg.text}</span>
        </li>`,
    )}
  </ol>`;
}
