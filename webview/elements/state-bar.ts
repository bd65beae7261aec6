/** The one line under the filter that says what is not as usual. */
import { css, html, nothing, type TemplateResult } from "lit";
import { stateBarFor, type StateBarAction } from "../model/state-bar.ts";
import { icon } from "./icons.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

/** A refusal answers what was just done; it is not a state that lasts. */
const refusalShownMs = 12_000;

export class StateBarElement extends ViewElement {
  static override styles = [
    sharedStyles,
    css`
      .bar {
        display: flex;
        align-items: center;
        gap: 6px;
        padding: 2px 12px;
        min-height: 26px;
        border-bottom: 1px solid var(--line);
        background: var(--vscode-editorWidget-background);
      }
      .text {
        flex: 1;
        min-width: 0;
        line-height: 18px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      @media (max-width: 719px) {
        .bar {
          align-items: flex-start;
          padding: 4px 12px;
        }
        .text {
          white-space: normal;
        }
        .icon {
          margin-top: 1px;
        }
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { store } = this;
    if (store.outdated) {
      return this.#bar(
        html`${icon("warning", "warn")}<span class="text"
            >The daemon speaks a newer language than this page. Load the page again.</span
          >
          <button class="link" @click=${() => location.reload()}>Reload</button>`,
      );
    }
    const { refused } = store.data;
    const bar = stateBarFor({
      connection: store.connection,
      everConnected: store.everConnected,
      status: store.data.status,
      revision: store.data.revision,
      refused: refused && performance.now() - refused.at < refusalShownMs ? refused.reason : undefined,
      paused: store.paused && { at: store.paused.at, behind: store.data.list?.behind ?? 0 },
      wallClock: Date.now(),
      hosted: store.hosted,
    });
    if (!bar) return nothing;
    const { action } = bar;
    return this.#bar(html`
      ${icon(bar.icon, bar.mark)}<span class="text" title=${bar.text}>${bar.text}</span>
      ${action ? html`<button class="link" @click=${() => this.#do(action.does)}>${action.label}</button>` : nothing}
    `);
  }

  #bar(content: TemplateResult): TemplateResult {
    return html`<div class="bar" role="group" aria-label="State">${content}</div>`;
  }

  #do(action: StateBarAction): void {
    const { store } = this;
    switch (action.kind) {
      case "resume":
        return store.resume();
      case "reconnect":
        return store.reconnect();
      case "retryTap":
        return store.retryTap(action.tap);
      case "startTrace":
      case "stopTrace":
        return store.act({ type: "action", action: action.kind });
      case "settings":
        return store.act({ type: "action", action: "openSettings" });
    }
  }
}

define("contrail-state-bar", StateBarElement);
