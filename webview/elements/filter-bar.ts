/** The filter: words, and a chip a state with its count. */
import { css, html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { ConversationState } from "../../daemon/serve/protocol.ts";
import { count } from "../model/format.ts";
import { conversationStates, stateLooks } from "../model/words.ts";
import { icon } from "./icons.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, rove, ViewElement } from "./view-element.ts";

/** Typing pauses this long before the daemon is asked. */
const typingPauseMs = 150;

export class FilterBar extends ViewElement {
  static override properties = { store: { attribute: false }, narrow: { type: Boolean, reflect: true } };
  static override styles = [
    sharedStyles,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 6px 12px;
      }
      :host([narrow]) {
        flex-direction: column;
        align-items: stretch;
        gap: 4px;
      }
      .input {
        display: flex;
        align-items: center;
        height: 26px;
        border: 1px solid var(--vscode-input-border, var(--line));
        background: var(--vscode-input-background);
        border-radius: 2px;
        padding: 0 3px 0 6px;
        gap: 5px;
        flex: 1 1 300px;
        min-width: 0;
      }
      :host([narrow]) .chip {
        padding: 0 4px;
      }
      :host([narrow]) .input {
        flex: none;
      }
      .input:focus-within {
        border-color: var(--vscode-focusBorder);
      }
      input {
        flex: 1;
        min-width: 0;
        background: none;
        border: 0;
        padding: 0;
        outline: none;
        height: 24px;
        color: var(--vscode-input-foreground, var(--vscode-foreground));
      }
      /* The field around it shows the focus. */
      input:focus-visible {
        outline: none;
      }
      input::placeholder {
        color: var(--vscode-input-placeholderForeground);
        opacity: 1;
      }
      .progress {
        font-size: 12px;
        flex: 0 1 auto;
      }
      input {
        min-width: 100px;
      }
      .chips {
        display: flex;
        gap: 2px;
        flex: 0 1 auto;
        min-width: 0;
        overflow: auto hidden;
        scrollbar-width: none;
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        height: 22px;
        padding: 0 6px;
        border-radius: 3px;
        white-space: nowrap;
        border: 1px solid transparent;
      }
      .chip:hover {
        background: var(--vscode-toolbar-hoverBackground);
      }
      .chip[aria-pressed="true"] {
        background: var(--vscode-inputOption-activeBackground);
        border-color: var(--vscode-inputOption-activeBorder);
        color: var(--vscode-inputOption-activeForeground);
      }
      .chip .n {
        font-variant-numeric: tabular-nums;
        color: var(--dim);
      }
      .chip[aria-pressed="true"] .n {
        color: inherit;
      }
      @media (max-width: 1179px) {
        .word {
          display: none;
        }
      }
    `,
  ];

  declare narrow: boolean;
  #typing: ReturnType<typeof setTimeout> | undefined;
  /** What stands in the field but has not been asked yet; redrawing meanwhile must not take it away. */
  #typed: string | undefined;

  constructor() {
    super();
    this.narrow = false;
  }

  override focus(): void {
    const input = this.findAs("input", HTMLInputElement);
    input?.focus();
    input?.select();
  }

  override render(): TemplateResult {
    const { store } = this;
    const placeholder = this.narrow ? "Order, id, field or state" : "Order, id, field=value, channel or state";
    return html`
      <div class="input" role="search">
        ${icon("search", "none", true)}
        <input
          type="text"
          spellcheck="false"
          autocomplete="off"
          placeholder=${placeholder}
          aria-label="Filter conversations"
          .value=${live(this.#typed ?? store.text)}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
        />
        ${this.#search()}
        ${
          store.filtered
            ? html`<button
                class="action"
                title="Clear Filter (Escape)"
                aria-label="Clear Filter"
                @click=${() => store.clearFilter()}
              >
                ${icon("close", "none", true)}
              </button>`
            : ""
        }
        <button
          class="action"
          title="Only what needs a look"
          aria-label="Only what needs a look"
          aria-pressed=${store.needsLookOnly}
          @click=${() => store.setNeedsLookOnly(!store.needsLookOnly)}
        >
          ${icon(store.needsLookOnly ? "filter-filled" : "filter")}
        </button>
      </div>
      <div class="chips" role="group" aria-label="States" @keydown=${this.#onChipKey}>
        ${this.#chip(undefined)}${conversationStates.map((state) => this.#chip(state))}
      </div>
    `;
  }

  /** How much of the search is still to do, and what is wrong with its index. */
  #search(): TemplateResult | typeof nothing {
    const { list, status } = this.store.data;
    const problem = status?.search?.problem;
    const behind = this.store.text.trim() === "" ? 0 : (list?.searchBehind ?? 0);
    const cut = this.store.text.trim() === "" ? undefined : list?.searchCut;
    const words =
      behind > 0 ? `searching, ${count(behind)} to go` : cut === undefined ? "" : `newest ${count(cut)} hits`;
    const title =
      behind === 0 && cut !== undefined
        ? `A word is on more messages than that; only conversations of the newest ${count(cut)} are shown. Say more words.`
        : words;
    return html`<span class="progress num dim cut" title=${title}>${words}</span>${
        problem === undefined
          ? nothing
          : html`<span role="img" aria-label=${problem} title=${problem}>${icon("warning", "warn", true)}</span>`
      }`;
  }

  #chip(state: ConversationState | undefined): TemplateResult {
    const { store } = this;
    const pressed = state === undefined ? store.states.length === 0 : store.states.includes(state);
    const number = store.data.list?.counts[state ?? "all"] ?? 0;
    const word = state === undefined ? "all" : stateLooks[state].word;
    return html`<button
      class="chip"
      aria-pressed=${pressed}
      aria-label=${`${word}, ${count(number)}`}
      title=${word}
      tabindex=${state === undefined ? 0 : -1}
      @click=${() => store.toggleState(state)}
    >
      ${
        state === undefined
          ? "all"
          : html`${icon(stateLooks[state].icon, stateLooks[state].mark, true)}<span class="word">${word}</span>`
      }
      <span class="n">${count(number)}</span>
    </button>`;
  }

  readonly #onInput = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.#typing);
    this.#typed = value;
    this.#typing = setTimeout(() => this.#ask(value), typingPauseMs);
  };

  #ask(text: string): void {
    clearTimeout(this.#typing);
    this.#typed = undefined;
    this.store.setText(text);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      this.#ask((event.target as HTMLInputElement).value);
    }
    // Escape first empties the filter, and with an empty filter goes back to the list; both without closing a pane.
    if (event.key === "Escape" || event.key === "ArrowDown") {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape" && this.store.filtered) {
        clearTimeout(this.#typing);
        this.#typed = undefined;
        this.store.clearFilter();
      } else this.dispatchEvent(new CustomEvent("leave"));
    }
  };

  readonly #onChipKey = (event: KeyboardEvent): void => {
    rove(event, this.renderRoot, ".chip");
  };
}

define("contrail-filter-bar", FilterBar);
