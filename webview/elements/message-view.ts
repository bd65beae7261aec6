/**
 * One message: is it what the contract says, what stands in it, why it is here, who writes such messages, and what the
 * broker knows. One column beside the lanes, two when it has the larger part of the window.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { MessageDetail } from "../../daemon/serve/protocol.ts";
import { bytes, count, counted, shortId, shortName } from "../model/format.ts";
import { fieldAt } from "../model/tree-rows.ts";
import { strengthWords } from "../model/words.ts";
import { BodyTree } from "./body-tree.ts";
import "./byte-view.ts";
import { strengthOf } from "./evidence-hover.ts";
import { brokerMark, icon } from "./icons.ts";
import { type CheckActions, coordinate, isSpan, messageCheck } from "./message-check.ts";
import { attemptsList, headersList, journeyList, writersTable } from "./message-parts.ts";
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
        ${messageCheck(message, this.#can)}${this.#headers(message)}${this.#events(message)}${this.#why(message)}${this.#broker(message)}
      </div>`;
    }
    return html`<div class="scroll">
      ${messageCheck(message, this.#can)}${this.#body(message)}${this.#attempts(message)}${this.#why(message)}${this.#journey(message)}${this.#writers(message)}
      ${this.#headers(message)}${this.#broker(message)}${this.#bytes(message)}
    </div>`;
  }

  #wide(message: MessageDetail): TemplateResult {
    if (isSpan(message)) {
      return html`<div class="wide-check">${messageCheck(message, this.#can)}</div>
        <div class="columns">
          <div class="scroll">${this.#headers(message)}${this.#events(message)}</div>
          <div class="scroll">${this.#why(message)}${this.#broker(message)}</div>
        </div>`;
    }
    return html`<div class="wide-check">${messageCheck(message, this.#can)}</div>
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

  get #can(): CheckActions {
    const { store } = this;
    return {
      showField: (path) => this.#showField(path),
      openContract: store.hosted
        ? ({ file, line, character }) => store.act({ type: "action", action: "openContract", file, line, character })
        : undefined,
    };
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
      return attemptsList(message.attempts);
    });
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
      return writersTable(message.writers);
    });
  }

  #headers(message: MessageDetail): TemplateResult | typeof nothing {
    if (message.headers.length === 0) return nothing;
    const used = message.headers.filter((header) => header.evidence).length;
    const side = used === 0 ? "" : `${used} of ${message.headers.length} used as evidence`;
    // Values lose their middle, not their end: as many characters as the column has room for.
    const room = Math.max(16, Math.floor(((this.wide ? this.clientWidth / 2 : this.clientWidth) - 182) / 7.3));
    return this.#section(isSpan(message) ? "Attributes" : "Headers", side, () => {
      return headersList(message.headers, room);
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
        return journeyList(message);
      },
    );
  }
}

define("contrail-message-view", MessageView);
