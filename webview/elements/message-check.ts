/** The first thing in a message: is it what its contract says, and where not. */
import { html, nothing, type TemplateResult } from "lit";
import type { ContractLink, MessageDetail } from "../../daemon/serve/protocol.ts";
import { count, counted, shortName } from "../model/format.ts";
import { icon } from "./icons.ts";

export interface CheckActions {
  /** Selects the field of the body at this path. */
  readonly showField: (path: string) => void;
  /** Absent where there is no editor that could open a file. */
  readonly openContract: ((link: ContractLink) => void) | undefined;
}

/** Places that break the contract beyond these are a number; the body marks each of them. */
const mostViolations = 8;

/** Whether a message is what its contract says; of a span, whether its service says that it failed. */
export function messageCheck(message: MessageDetail, can: CheckActions): TemplateResult | typeof nothing {
  const { contract, violations } = message;
  if (isSpan(message)) {
    const [status = "", ...why] = coordinate(message, "Status").split(": ");
    if (status !== "error") return nothing;
    return html`<div class="check">
      ${icon("error", "bad")}
      <div><b>${message.channel} says that it failed.</b> ${why.join(": ")}</div>
    </div>`;
  }
  switch (message.check) {
    case "valid":
      return html`<div class="check">
        ${icon("pass", "ok")}
        <div>
          Agrees with
          ${contract ? html`<code>${shortName(contract.definition, 60)}</code>` : "its contract"}${foundBy(message)}.
          ${contract ? html`<div class="links">${contractLink(contract, can)}</div>` : nothing}
        </div>
      </div>`;
    case "invalid":
      return html`<div class="check">
        ${icon("error", "bad")}
        <div>
          <b>${counted(violations.length, "place breaks", "places break")} the contract.</b>
          <ul>
            ${violations.slice(0, mostViolations).map((each) => violationLine(each, contract, can))}
          </ul>
          ${
            violations.length > mostViolations
              ? html`<span class="dim">and ${count(violations.length - mostViolations)} more</span>`
              : nothing
          }
        </div>
      </div>`;
    default:
      return html`<div class="check">
        ${icon("circle-slash")}
        <div>
          ${
            contract
              ? html`Read by <code>${shortName(contract.definition, 60)}</code>${foundBy(message)}; the contract does
                  not say enough to check it.
                  <div class="links">${contractLink(contract, can)}</div>`
              : message.format === "binary"
                ? "No contract in this workspace reads it, and it is no text; it is shown as bytes."
                : html`No contract in this workspace describes it; read as ${message.format}.`
          }
        </div>
      </div>`;
  }
}

/** Its path leads to the field in the body, its place to the line of the contract. */
function violationLine(
  { path, message, contract }: MessageDetail["violations"][number],
  whole: ContractLink | undefined,
  can: CheckActions,
): TemplateResult {
  const place = contract ?? whole;
  return html`<li>
    ${
      path === ""
        ? nothing
        : html`<button class="link mono" title="Show this field" @click=${() => can.showField(path)}>${path}</button>: `
    }${message}
    ${place ? html`<span class="links">${contractLink(place, can)}</span>` : nothing}
  </li>`;
}

/** Only an editor can open a file; in a plain browser the place is named. */
function contractLink(link: ContractLink, can: CheckActions): TemplateResult {
  const place = `${link.path}:${link.line + 1}`;
  if (can.openContract === undefined || link.file === "")
    return html`<span class="path dim mono">${icon("go-to-file", "none", true)} ${place}</span>`;
  const { openContract } = can;
  return html`<button class="link" title=${`Open contract ${place}`} @click=${() => openContract(link)}>
    ${icon("go-to-file", "none", true)} Open contract <span class="mono">${place}</span>
  </button>`;
}

/** How the contract was found, unless it simply declares this. */
function foundBy({ contract }: MessageDetail): string {
  return contract === undefined || contract.evidence === "" ? "" : `; ${contract.evidence}`;
}

/** What came over OpenTelemetry is no message of a broker: it has attributes, and no contract. */
export function isSpan({ broker }: MessageDetail): boolean {
  return broker === "otlp";
}

export function coordinate({ coordinates }: MessageDetail, wanted: string): string {
  return coordinates.find(({ label }) => label === wanted)?.value ?? "";
}
