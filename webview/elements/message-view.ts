/**
 * One message: is it what the contract says, what stands in it, why it is here, who writes such messages, and what the
 * broker knows. One column beside the lanes, two when it has the larger part of the window.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { ContractLink, MessageDetail } from "../../daemon/serve/protocol.ts";
import { bytes, count, counted, offset, shortId, shortName, timeOfDay } from "../model/format.ts";
import { fieldAt } from "../model/tree-rows.ts";
import { strengthWords } from "../model/words.ts";
import { BodyTree } from "./body-tree.ts";
import "./byte-view.ts";
import { strengthOf } from "./evidence-hover.ts";
import { brokerMark, icon } from "./icons.ts";
import { messageViewStyles } from "./message-view-styles.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

type Section =
  | "Body"
  | "What was tried"
  | "Bytes"
  | "Why it is here"
  | "Who writes this"
  | "Headers"
  | "Broker"
  | "Journey"
  | "Attributes"
  | "Events"
  | "Span";

/** Places that break the contract beyond these are a number; the body marks each of them. */
const mostViolations = 8;

export class MessageView extends ViewElement {
  static override properties = {
    store: { attribute: false },
    wide: { attribute: false },
    pane: { attribute: false },
  };
  static override styles = [sharedStyles, messageViewStyles];

  /** Two columns. */
  declare wide: boolean;
  /** It stands beside the lanes and can be closed; else it has arrows to its neighbours. */
  declare pane: boolean;

  /** Sections that were opened or closed by hand; beside the lanes, bytes are closed at first. */
  #folded: ReadonlyMap<Section, boolean> = new Map();
  #marked: readonly [number, number] | undefined;
  #copied = false;

  #focusWanted = false;

  /** Takes the focus, to the first thing in it; waits where the message is still being read. */
  override focus(): void {
    this.#focusWanted = true;
    this.requestUpdate();
  }

  override updated(): void {
    if (!this.#focusWanted) return;
    const first = this.find(".section");
    if (!first) return;
    this.#focusWanted = false;
    first.focus();
  }

  override render(): TemplateResult {
    const answer = this.store.data.message;
    const message = answer?.message;
    if (answer && message === null) {
      return html`<div class="head"><span class="facts">Message</span>${this.#actions(undefined)}</div>
        <div class="waiting">The daemon does not hold this message any more.</div>`;
    }
    if (!message || message.seq !== this.store.place.seq) {
      return html`<div class="head"><span class="facts"></span>${this.#actions(undefined)}</div>
        <div class="waiting">Reading the message…</div>`;
    }
    return html`${this.#head(message)}${this.wide ? this.#wide(message) : this.#single(message)}`;
  }

  #head(message: MessageDetail): TemplateResult {
    const to = message.readers.length === 0 ? "" : ` → ${message.readers.join(", ")}`;
    const key = message.key === undefined ? "" : `, key ${shortId(message.key, 24)}`;
    const facts = isSpan(message)
      ? `${message.writer ?? message.channel}${to}, ${coordinate(message, "Kind")}, ${coordinate(message, "Took")}`
      : `${message.writer ?? "unknown writer"}${to}, ${message.channel}, ${bytes(message.bodySize)}${key}`;
    return html`<div class="head">
      ${this.pane || !this.#alone ? nothing : this.#backButton()}<span class="dim">${brokerMark(message.broker)}</span>
      <span class="name cut ${message.check === "invalid" ? "squiggle" : ""}" title=${message.name}
        >${shortName(message.name, 40)}</span
      >
      <span class="facts dim cut" title=${facts}>${facts}</span>
      ${this.#actions(message)}
    </div>`;
  }

  /** In a narrow window the message stands alone, so the way back must be in it. */
  get #alone(): boolean {
    return !this.pane && !this.wide;
  }

  #backButton(): TemplateResult {
    return html`<button class="action" title="Back (Backspace)" aria-label="Back" @click=${() => this.store.back()}>
      ${icon("arrow-left")}
    </button>`;
  }

  #actions(message: MessageDetail | undefined): TemplateResult {
    const step = (action: "previousMessage" | "nextMessage") => () =>
      this.dispatchEvent(new CustomEvent("step", { detail: action }));
    return html`
      ${
        this.pane
          ? nothing
          : html`<button
                class="action"
                title="Previous (Alt+Up)"
                aria-label="Previous message"
                @click=${step("previousMessage")}
              >
                ${icon("arrow-left", "none", true)}
              </button>
              <button class="action" title="Next (Alt+Down)" aria-label="Next message" @click=${step("nextMessage")}>
                ${icon("arrow-right", "none", true)}
              </button>`
      }
      ${
        message
          ? html`<button
              class="action"
              title=${this.#copied ? "Copied" : "Copy the body"}
              aria-label="Copy the body"
              @click=${() => this.#copy(message)}
            >
              ${icon(this.#copied ? "check" : "copy", "none", true)}
            </button>`
          : nothing
      }
      ${
        this.pane
          ? html`<button
                class="action"
                title="Open wide (Enter)"
                aria-label="Open wide"
                @click=${() => message && this.store.openMessage(message.seq, true)}
              >
                ${icon("split-horizontal", "none", true)}
              </button>
              <button class="action" title="Close (Escape)" aria-label="Close" @click=${() => this.store.closePane()}>
                ${icon("close", "none", true)}
              </button>`
          : nothing
      }
    `;
  }

  #copy(message: MessageDetail): void {
    void navigator.clipboard?.writeText(message.body).then(() => {
      this.#copied = true;
      this.requestUpdate();
      setTimeout(() => {
        this.#copied = false;
        this.requestUpdate();
      }, 1500);
    });
  }

  #single(message: MessageDetail): TemplateResult {
    if (isSpan(message)) {
      return html`<div class="scroll">
        ${this.#check(message)}${this.#headers(message)}${this.#events(message)}${this.#why(message)}${this.#broker(message)}
      </div>`;
    }
    return html`<div class="scroll">
      ${this.#check(message)}${this.#body(message)}${this.#attempts(message)}${this.#why(message)}${this.#journey(message)}${this.#writers(message)}
      ${this.#headers(message)}${this.#broker(message)}${this.#bytes(message)}
    </div>`;
  }

  #wide(message: MessageDetail): TemplateResult {
    if (isSpan(message)) {
      return html`<div class="wide-check">${this.#check(message)}</div>
        <div class="columns">
          <div class="scroll">${this.#headers(message)}${this.#events(message)}</div>
          <div class="scroll">${this.#why(message)}${this.#broker(message)}</div>
        </div>`;
    }
    return html`<div class="wide-check">${this.#check(message)}</div>
      <div class="columns">
        <div class="scroll">
          ${this.#body(message)}${this.#attempts(message)}${this.#bytes(message)}${this.#headers(message)}
        </div>
        <div class="scroll">
          ${this.#writers(message)}${this.#why(message)}${this.#journey(message)}${this.#broker(message)}
        </div>
      </div>`;
  }

  // ------------------------------------------------------------------------------------------------------- sections

  #check(message: MessageDetail): TemplateResult | typeof nothing {
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
            ${contract ? html`<div class="links">${this.#contractLink(contract)}</div>` : nothing}
          </div>
        </div>`;
      case "invalid":
        return html`<div class="check">
          ${icon("error", "bad")}
          <div>
            <b>${counted(violations.length, "place breaks", "places break")} the contract.</b>
            <ul>
              ${violations.slice(0, mostViolations).map((each) => this.#violation(each, contract))}
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
                    <div class="links">${this.#contractLink(contract)}</div>`
                : message.format === "binary"
                  ? "No contract in this workspace reads it, and it is no text; it is shown as bytes."
                  : html`No contract in this workspace describes it; read as ${message.format}.`
            }
          </div>
        </div>`;
    }
  }

  /** Its path leads to the field in the body, its place to the line of the contract. */
  #violation({ path, message, contract }: MessageDetail["violations"][number], whole?: ContractLink): TemplateResult {
    const place = contract ?? whole;
    return html`<li>
      ${
        path === ""
          ? nothing
          : html`<button class="link mono" title="Show this field" @click=${() => this.#showField(path)}>${path}</button
              >: `
      }${message}
      ${place ? html`<span class="links">${this.#contractLink(place)}</span>` : nothing}
    </li>`;
  }

  #showField(path: string): void {
    this.#folded = new Map(this.#folded).set("Body", false);
    this.requestUpdate();
    void this.updateComplete.then(() => this.findAs("contrail-body-tree", BodyTree)?.showField(path));
  }

  /** Every way that was tried to read the bytes, and why it was not the one. */
  #attempts(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.attempts.length === 0) return nothing;
    return this.#section("What was tried", count(message.attempts.length), () => {
      return html`<ul class="attempts">
        ${message.attempts.map(
          (each) =>
            html`<li>
              <span
                >${each.format}${each.definition === undefined ? nothing : html` as <code>${shortName(each.definition, 60)}</code>`}</span
              >
              <span class="dim">${each.failure}</span>
            </li>`,
        )}
      </ul>`;
    });
  }

  /** Only an editor can open a file; in a plain browser the place is named. */
  #contractLink(link: ContractLink): TemplateResult {
    const place = `${link.path}:${link.line + 1}`;
    if (!this.store.hosted || link.file === "")
      return html`<span class="path dim mono">${icon("go-to-file", "none", true)} ${place}</span>`;
    const { file, line, character } = link;
    return html`<button
      class="link"
      title=${`Open contract ${place}`}
      @click=${() => this.store.act({ type: "action", action: "openContract", file, line, character })}
    >
      ${icon("go-to-file", "none", true)} Open contract <span class="mono">${place}</span>
    </button>`;
  }

  #section(name: Section, side: string, content: () => TemplateResult): TemplateResult {
    const open = !this.#isFolded(name);
    return html`<section aria-label=${name}>
      <button class="section" aria-expanded=${open} @click=${() => this.#toggle(name)}>
        ${icon(open ? "chevron-down" : "chevron-right")}<span class="label">${name}</span
        ><span class="side cut">${side}</span>
      </button>
      ${open ? content() : nothing}
    </section>`;
  }

  #isFolded(name: Section): boolean {
    const known = this.#folded.get(name);
    if (known !== undefined) return known;
    // What was read in the end makes what was tried before it a side matter.
    if (name === "What was tried") return (this.store.data.message?.message?.tree.length ?? 0) > 0;
    return name === "Bytes" && !this.wide;
  }

  #toggle(name: Section): void {
    this.#folded = new Map(this.#folded).set(name, !this.#isFolded(name));
    this.requestUpdate();
  }

  /** What happened within a span, as its service noted it. */
  #events(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.tree.length === 0) return nothing;
    return this.#section("Events", "", () => {
      return html`<contrail-body-tree
        .tree=${message.tree}
        .of=${message.seq}
        @field=${this.#onField}
      ></contrail-body-tree>`;
    });
  }

  #body(message: MessageDetail): TemplateResult {
    const definition = message.contract?.definition ?? message.format;
    const file = message.contract?.path.split("/").at(-1);
    const side = file === undefined ? definition : `${this.wide ? `${definition}, ` : ""}${file}`;
    return this.#section("Body", side, () => {
      if (message.tree.length > 0) {
        return html`<contrail-body-tree
          .tree=${message.tree}
          .of=${message.seq}
          @field=${this.#onField}
        ></contrail-body-tree>`;
      }
      if (message.bodySize === 0) return html`<div class="inset dim">Empty.</div>`;
      if (message.body === "" && message.hex === "")
        return html`<div class="inset dim">The body was shed or not kept; headers are complete.</div>`;
      // Spaces of the body are kept, so none of this text may stand around it.
      const text =
        message.format === "binary" || message.body === "" ? "Not readable as text; see the bytes." : message.body;
      return html`<div class="text" .textContent=${text}></div>`;
    });
  }

  readonly #onField = (event: CustomEvent<readonly [number, number] | undefined>): void => {
    if (event.detail?.join() === this.#marked?.join()) return;
    this.#marked = event.detail;
    this.requestUpdate();
  };

  #bytes(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.hex === "") return nothing;
    return this.#section("Bytes", count(message.bodySize), () => {
      return html`<contrail-byte-view
        .hex=${message.hex}
        .cut=${message.hexCut}
        .size=${message.bodySize}
        .marked=${this.#marked}
        .fieldAt=${(at: number) => fieldAt(message.tree, at)?.name}
        @byte=${(event: CustomEvent<number>) => this.findAs("contrail-body-tree", BodyTree)?.showByte(event.detail)}
      ></contrail-byte-view>`;
    });
  }

  #why(message: MessageDetail): TemplateResult {
    return this.#section("Why it is here", "", () => {
      if (message.why.length === 0) {
        return html`<div class="inset dim">
          Nothing that was seen caused it, and nothing is known to follow from it.
        </div>`;
      }
      return html`<div class="inset">
        ${message.why.map((reason) => {
          const strength = strengthOf(reason.evidence);
          return html`<div class="line">
            ${this.#reason(reason.text, reason.seq)}
            ${strength === undefined ? nothing : html`<span class="tag">${strengthWords[strength]}</span>`}
            <div class="because">
              ${reason.evidence.map((line) => html`<span>${line.role}</span><span>${line.text}</span>`)}
            </div>
          </div>`;
        })}
      </div>`;
    });
  }

  /** The name of the other message is the link, where the sentence has it. */
  #reason(text: string, seq: number | undefined): TemplateResult | string {
    if (seq === undefined) return text;
    const name = this.store.data.detail?.rows.find((row) => row.seq === seq)?.name ?? "";
    const at = name === "" ? -1 : text.indexOf(name);
    const linked = at < 0 ? text : name;
    const before = at < 0 ? "" : text.slice(0, at);
    const after = at < 0 ? "" : text.slice(at + name.length);
    return html`${before}<button class="link" @click=${() => this.store.openMessage(seq)}>${linked}</button
      ><span class="dim">${after}</span>`;
  }

  #writers(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.writers.length === 0) return nothing;
    const all = message.writers.reduce((sum, writer) => sum + writer.messages, 0);
    const broken = message.writers.reduce((sum, writer) => sum + writer.broken, 0);
    return this.#section("Who writes this", `${count(broken)} of ${count(all)} broken`, () => {
      return html`<div class="writers top">
          <span>Writer</span><span class="num">Messages</span><span class="num">Broken</span>
        </div>
        ${message.writers.map(
          (writer) =>
            html`<div class="writers">
              <span class="cut" title=${writer.name}
                >${writer.broken > 0 ? icon("error", "bad", true) : icon("pass", "ok", true)} ${writer.name}</span
              ><span class="num">${count(writer.messages)}</span><span class="num">${count(writer.broken)}</span>
            </div>`,
        )}`;
    });
  }

  #headers(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.headers.length === 0) return nothing;
    const used = message.headers.filter((header) => header.evidence).length;
    const side = used === 0 ? "" : `${used} of ${message.headers.length} used as evidence`;
    // Values lose their middle, not their end: as many characters as the column has room for.
    const room = Math.max(16, Math.floor(((this.wide ? this.clientWidth / 2 : this.clientWidth) - 182) / 7.3));
    return this.#section(isSpan(message) ? "Attributes" : "Headers", side, () => {
      return html`${message.headers.map(
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
    });
  }

  #broker(message: MessageDetail): TemplateResult {
    return this.#section(isSpan(message) ? "Span" : "Broker", "", () => {
      return html`<dl>
        ${message.coordinates.map(
          (each) =>
            html`<dt>${each.label}</dt>
              <dd>${each.value}</dd>`,
        )}
      </dl>`;
    });
  }

  /** What happened to it after it was written. What went wrong has its mark; the time stands once for what has none. */
  #journey(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.journey.length === 0) return nothing;
    const marked = message.journey.filter((leg) => leg.mark !== undefined).length;
    return this.#section(
      "Journey",
      marked === 0 ? "" : counted(marked, "thing to look at", "things to look at"),
      () => {
        return html`<ol class="journey">
          ${message.journey.map(
            (leg, index) =>
              html`<li>
                <span class="num dim"
                  >${leg.at === undefined ? "" : index === 0 ? timeOfDay(leg.at) : offset(leg.at - message.at)}</span
                >
                ${icon(leg.mark === "bad" ? "error" : leg.mark === "warn" ? "warning" : "circle-small", leg.mark ?? "none", true)}
                <span>${leg.text}</span>
              </li>`,
          )}
        </ol>`;
      },
    );
  }
}

/** What came over OpenTelemetry is no message of a broker: it has attributes, and no contract. */
function isSpan({ broker }: MessageDetail): boolean {
  return broker === "otlp";
}

function coordinate({ coordinates }: MessageDetail, wanted: string): string {
  return coordinates.find(({ label }) => label === wanted)?.value ?? "";
}

/** How the contract was found, unless it simply declares this. */
function foundBy({ contract }: MessageDetail): string {
  return contract === undefined || contract.evidence === "" ? "" : `; ${contract.evidence}`;
}

define("contrail-message-view", MessageView);
