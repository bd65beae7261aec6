/** The tabs, and right of them what acts on the whole view: pause, clear, and the rest in a menu. */
import { css, html, nothing, type TemplateResult } from "lit";
import { icon } from "./icons.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, rove, ViewElement } from "./view-element.ts";

/** Views in the order of their tabs. */
const views = [{ id: "conversations", title: "Conversations" }] as const;

export type MenuChoice = "keys" | "report" | "histogram" | "openCapture" | "openSettings";

export class ViewHeader extends ViewElement {
  static override properties = { store: { attribute: false }, narrow: { attribute: false } };
  static override styles = [
    sharedStyles,
    css`
      header {
        display: flex;
        align-items: center;
        height: 35px;
        padding: 0 8px 0 12px;
        border-bottom: 1px solid var(--line);
        gap: 18px;
        min-width: 0;
      }
      .tabs {
        display: flex;
        height: 35px;
        gap: 18px;
        flex: 1;
        min-width: 0;
      }
      .tab {
        height: 35px;
        line-height: 35px;
        color: var(--vscode-panelTitle-inactiveForeground);
        border-bottom: 1px solid transparent;
        white-space: nowrap;
      }
      .tab[aria-selected="true"] {
        color: var(--vscode-panelTitle-activeForeground);
        border-bottom-color: var(--vscode-panelTitle-activeBorder);
      }
      :host-context(.vscode-high-contrast) .tab[aria-selected="true"],
      :host-context(.vscode-high-contrast-light) .tab[aria-selected="true"] {
        border-bottom: 3px solid var(--vscode-contrastActiveBorder);
        line-height: 33px;
      }
      .actions {
        display: flex;
        gap: 4px;
        flex: none;
        position: relative;
      }
      .menu {
        position: absolute;
        right: 0;
        top: 26px;
        z-index: 10;
        min-width: 220px;
        padding: 4px;
        background: var(--vscode-editorHoverWidget-background);
        color: var(--vscode-editorHoverWidget-foreground);
        border: 1px solid var(--vscode-editorHoverWidget-border);
        border-radius: 3px;
      }
      .menu button {
        display: block;
        width: 100%;
        padding: 0 10px;
        line-height: 24px;
        border-radius: 3px;
        white-space: nowrap;
      }
      .menu button:hover,
      .menu button:focus {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px solid var(--selection-outline);
        outline-offset: -1px;
      }
    `,
  ];

  declare narrow: boolean;
  #menu = false;

  override render(): TemplateResult {
    const { store } = this;
    const { status } = store.data;
    const empty = !status || (status.taps.length === 0 && status.seen === 0);
    const paused = store.paused !== undefined;
    return html`<header>
      <div class="tabs" role="tablist" aria-label="Views">
        ${views.map(
          (view) =>
            html`<button class="tab" role="tab" id=${view.id} aria-selected="true" @click=${() => this.#first()}>
              ${view.title}
            </button>`,
        )}
      </div>
      <div class="actions" role="toolbar" aria-label="View actions" @keydown=${this.#onKey}>
        ${
          empty || status.mode === "capture"
            ? nothing
            : html`<button
                class="action"
                title=${paused ? "Resume (Space)" : "Pause (Space)"}
                aria-label="Pause this view"
                aria-pressed=${paused}
                @click=${() => store.togglePause()}
              >
                ${icon(paused ? "debug-continue" : "debug-pause")}
              </button>`
        }
        ${
          empty || this.narrow || status.mode === "capture"
            ? nothing
            : html`<button
                class="action"
                title="Clear the view"
                aria-label="Clear the view"
                tabindex="-1"
                @click=${() => store.clear()}
              >
                ${icon("clear-all")}
              </button>`
        }
        <button
          class="action more"
          title="More Actions"
          aria-label="More actions"
          aria-haspopup="menu"
          aria-expanded=${this.#menu}
          tabindex=${empty ? 0 : -1}
          @click=${() => this.#toggle()}
        >
          ${icon("ellipsis")}
        </button>
        ${this.#menu ? this.#choices(empty) : nothing}
      </div>
    </header>`;
  }

  #choices(empty: boolean): TemplateResult {
    const { hosted } = this.store;
    const choices: ReadonlyArray<readonly [MenuChoice | "clear", string]> = [
      ...(this.narrow && !empty ? [["clear", "Clear the View"] as const] : []),
      ...(empty ? [] : [["histogram", "Messages over Time as a Table"] as const]),
      ["report", "Non-intrusion Report"],
      ...(hosted
        ? ([
            ["openCapture", "Open a Capture File…"],
            ["openSettings", "Settings"],
          ] as const)
        : []),
      ["keys", "Keys"],
    ];
    return html`<div class="menu" role="menu" @focusout=${this.#onFocusOut}>
      ${choices.map(
        ([choice, label]) =>
          html`<button role="menuitem" tabindex="-1" @click=${() => this.#choose(choice)}>${label}</button>`,
      )}
    </div>`;
  }

  #toggle(): void {
    this.#menu = !this.#menu;
    this.requestUpdate();
    if (this.#menu) void this.updateComplete.then(() => this.find(".menu button")?.focus());
  }

  #close(): void {
    if (!this.#menu) return;
    this.#menu = false;
    this.requestUpdate();
  }

  #choose(choice: MenuChoice | "clear"): void {
    this.#close();
    if (choice === "clear") this.store.clear();
    else this.dispatchEvent(new CustomEvent("choose", { detail: choice }));
  }

  #first(): void {
    this.dispatchEvent(new CustomEvent("show-list"));
  }

  readonly #onFocusOut = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    if (!(to instanceof Node) || !(event.currentTarget as Element).contains(to)) this.#close();
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const root = this.renderRoot as ShadowRoot;
    if (!this.#menu) {
      rove(event, root, ".action");
      return;
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
      this.find(".more")?.focus();
    } else rove(event, root, ".menu button", ["ArrowUp", "ArrowDown"]);
  };
}

define("contrail-view-header", ViewHeader);
