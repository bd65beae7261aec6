/** The last line: each tap with its state, what was seen, shed and masked, that it leaves no trace, and the recording. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { Status, TapView } from "../../daemon/serve/protocol.ts";
import { behindShownMs, memoryOnly } from "../model/counts.ts";
import { bytes, count, counted } from "../model/format.ts";
import type { IconName } from "../model/icon-names.ts";
import { modeOf, totalLag } from "../model/taps.ts";
import { brokerNames, type Mark } from "../model/words.ts";
import type { ViewStore } from "../store/view-store.ts";
import { brokerMark, icon } from "./icons.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, rove, ViewElement } from "./view-element.ts";

interface PhaseLook {
  readonly icon: IconName;
  readonly mark: Mark;
  readonly word: string;
}

const phases: Readonly<Record<TapView["phase"], PhaseLook>> = {
  connecting: { icon: "sync", mark: "run", word: "connecting" },
  live: { icon: "plug", mark: "ok", word: "live" },
  reconnecting: { icon: "debug-disconnect", mark: "warn", word: "gone, trying again" },
  failed: { icon: "error", mark: "bad", word: "failed" },
  stopped: { icon: "debug-disconnect", mark: "none", word: "stopped" },
  ended: { icon: "database", mark: "none", word: "ended" },
};

const unwatched: PhaseLook = { icon: "debug-disconnect", mark: "warn", word: "not watched, no daemon answers" };

/** How a tap is doing; one that was watched until the daemon went is not `live` any more, whatever was said last. */
export function phaseLook(tap: TapView, { informed, idle }: Pick<ViewStore, "informed" | "idle">): PhaseLook {
  const wasGoing = tap.phase === "connecting" || tap.phase === "live" || tap.phase === "reconnecting";
  if (!informed && wasGoing) return idle ? phases.stopped : unwatched;
  return tap.broker === "capture" && tap.phase === "live"
    ? { icon: "play", mark: "run", word: "playing" }
    : phases[tap.phase];
}

export class StatusLine extends ViewElement {
  static override properties = {
    store: { attribute: false },
    narrow: { attribute: false },
    tight: { attribute: false },
  };
  static override styles = [
    sharedStyles,
    css`
      footer {
        position: relative;
        display: flex;
        align-items: center;
        gap: 14px;
        padding: 0 12px;
        height: 22px;
        border-top: 1px solid var(--line);
        font-size: 12px;
        min-width: 0;
        overflow: hidden;
        white-space: nowrap;
      }
      button,
      .item {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        flex: none;
        height: 21px;
        line-height: 21px;
      }
      .counts {
        gap: 14px;
      }
      button:hover {
        background: var(--vscode-toolbar-hoverBackground);
      }
      .shrinks {
        flex: 0 1 auto;
        min-width: 16px;
      }
      .icon {
        font-size: 14px;
        width: 14px;
      }
      .name,
      .broker {
        flex: none;
      }
      .lag {
        margin-left: 6px;
      }
      .long {
        display: none;
      }
      @media (min-width: 1500px) {
        .long {
          display: inline;
        }
        .short {
          display: none;
        }
      }
      @media (max-width: 479px) {
        footer,
        .counts {
          gap: 8px;
        }
        footer {
          padding: 0 8px;
        }
      }
      .space {
        flex: 1 1 0;
      }
    `,
  ];

  declare narrow: boolean;
  /** Under 1000 px addresses and names of files give way. */
  declare tight: boolean;

  override focus(): void {
    this.find("button")?.focus();
  }

  override render(): TemplateResult {
    const { status } = this.store.data;
    return html`<footer role="status" aria-live="off" aria-label="Status" @keydown=${this.#onKey}>
      ${status ? this.#known(status) : html`<span class="item dim">${icon("plug")}${this.store.idle ? "no tap" : "no daemon"}</span>`}
    </footer>`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    rove(event, this.renderRoot, "button");
  };

  #known(status: Status): TemplateResult {
    const none = status.taps.length === 0;
    return html`
      ${none ? html`<span class="item dim">${icon("plug")}no tap</span>` : status.taps.map((tap, index) => this.#tap(tap, index))}
      ${status.mode === "capture" ? html`<span class="item dim">read only</span>` : nothing}
      <span class="space"></span>
      ${none && status.seen === 0 ? nothing : this.#counts(status)} ${this.#contracts(status)}
      ${status.mode === "live" ? this.#noTrace(none) : nothing}${this.#capture(status)}
    `;
  }

  #tap(tap: TapView, index: number): TemplateResult {
    const look = phaseLook(tap, this.store);
    const name = tap.broker === "capture" ? (this.narrow ? "" : tap.address) : (brokerNames[tap.broker] ?? tap.broker);
    const { informed } = this.store;
    const mode = informed ? modeOf(tap) : undefined;
    const lag = informed ? (totalLag(tap) ?? 0) : 0;
    const title = [
      `${name} ${tap.broker === "capture" ? "" : tap.address}: ${look.word}`,
      mode?.words ?? "",
      lag === 0 ? "" : `groups are ${counted(lag, "record")} behind`,
      informed ? (tap.detail?.replace(/\.$/, "") ?? "") : "",
    ]
      .filter((part) => part !== "")
      .join(". ");
    return html`<button
      class="shrinks"
      title=${title}
      aria-label=${title}
      tabindex=${index === 0 ? 0 : -1}
      @click=${() => this.#open("taps")}
    >
      ${icon(look.icon, look.mark)}${tap.broker === "capture" ? nothing : brokerMark(tap.broker)}
      ${
        this.narrow
          ? nothing
          : html`<span class=${tap.broker === "capture" ? "cut" : "name"}>${name}</span
              >${this.tight || tap.broker === "capture" ? nothing : html`<span class="dim cut">${tap.address}</span>`}`
      }
      ${
        mode === undefined || mode.short === "" || tap.phase !== "live"
          ? nothing
          : html`${icon("warning", "warn")}${this.narrow ? nothing : html`<span>${mode.short}</span>`}`
      }
      ${lag === 0 || this.tight ? nothing : html`<span class="num dim lag">lag ${count(lag)}</span>`}
    </button>`;
  }

  /** One button for all counts: what they mean, and what else was given up, is in what it opens. */
  #counts(status: Status): TemplateResult {
    const { shed, seen, masked, capture, behind } = status;
    const dropped = capture?.dropped ?? 0;
    // A file that is being read is not behind anything: the state bar says how far it is.
    const late = status.mode !== "capture" && behind !== undefined && behind.ms > behindShownMs ? behind : undefined;
    const said = [
      counted(seen, "message seen", "messages seen"),
      `${count(shed)} shed`,
      `${counted(masked, "value")} masked`,
      dropped > 0 ? `${count(dropped)} dropped by the limits` : "",
      late === undefined ? "" : `correlation is behind by ${counted(late.messages, "message")}`,
    ];
    const title = `${said.filter((part) => part !== "").join(", ")}. Opens what they mean.`;
    return html`<button
      class="counts"
      title=${title}
      aria-label=${title}
      tabindex="-1"
      @click=${() => this.#open("counts")}
    >
      ${
        late === undefined
          ? nothing
          : html`<span class="item num"
              >${icon("clockface", "warn")}${
                this.narrow
                  ? count(late.messages)
                  : html`<span class="long">correlation is behind by ${counted(late.messages, "message")}</span
                      ><span class="short">${count(late.messages)} behind</span>`
              }</span
            >`
      }
      <span class="item num">${this.narrow ? html`${icon("mail")}${count(seen)}` : `${count(seen)} seen`}</span>
      <span class="item num"
        >${shed > 0 ? icon("warning", "warn") : nothing}${count(shed)}${shed > 0 && this.narrow ? "" : " shed"}</span
      >
      ${dropped > 0 && !this.narrow ? html`<span class="item num">${count(dropped)} dropped</span>` : nothing}
      <span class="item num">${this.narrow ? html`${icon("lock")}${count(masked)}` : `${count(masked)} masked`}</span>
    </button>`;
  }

  #contracts(status: Status): TemplateResult | typeof nothing {
    const problems = status.contracts.problems.length;
    if (problems === 0) return nothing;
    const title = `${counted(problems, "contract")} cannot be used to decode`;
    return html`<button title=${title} aria-label=${title} tabindex="-1" @click=${() => this.#open("contracts")}>
      ${icon("law", "warn")}${this.narrow ? count(problems) : counted(problems, "contract problem")}
    </button>`;
  }

  #noTrace(first: boolean): TemplateResult {
    const title =
      "No group, no commit, nothing lasting created; what was changed goes back. Opens the non-intrusion report.";
    return html`<button
      title=${title}
      aria-label="Leaves no trace: open the report"
      tabindex=${first ? 0 : -1}
      @click=${() => this.#open("report")}
    >
      ${icon("shield")}${this.narrow ? nothing : "leaves no trace"}
    </button>`;
  }

  #capture(status: Status): TemplateResult | typeof nothing {
    const { capture } = status;
    if (!capture) return nothing;
    const size = bytes(capture.bytes);
    const reading = status.mode === "capture";
    const broken = capture.problem !== undefined;
    const title = broken
      ? memoryOnly(capture)
      : reading
        ? `${capture.name}, ${size}`
        : `recording ${capture.name}, ${size}`;
    return html`<span class="item shrinks" title=${title}
      >${icon(broken ? "warning" : reading ? "database" : "record", broken ? "warn" : reading ? "none" : "bad")}${
        this.narrow
          ? html`<span class="hidden-text">${title}</span>`
          : this.tight
            ? broken
              ? "in memory"
              : size
            : html`<span class="cut">${broken ? "in memory only" : capture.name}</span>
                <span class="dim">${size}</span>`
      }</span
    >`;
  }

  #open(what: "taps" | "counts" | "report" | "contracts"): void {
    this.dispatchEvent(new CustomEvent("open-popover", { detail: what }));
  }
}

define("contrail-status-line", StatusLine);
