/** What every element of the page is: a Lit element that draws itself anew when the store changed. */
import { LitElement, type CSSResultGroup, type PropertyDeclarations } from "lit";
import type { ViewStore } from "../store/view-store.ts";
import { sharedStyles } from "./shared-styles.ts";

export abstract class ViewElement extends LitElement {
  static override properties: PropertyDeclarations = { store: { attribute: false } };
  static override styles: CSSResultGroup = [sharedStyles];

  declare store: ViewStore;
  #unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = this.store?.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** The first element inside that matches, for focus and measuring. */
  protected find(selector: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(selector);
  }

  /** The same for an element whose class matters. */
  protected findAs<E extends Element>(selector: string, kind: abstract new () => E): E | null {
    const found = this.renderRoot.querySelector(selector);
    return found instanceof kind ? found : null;
  }
}

/** Defines an element once; a bundle that is loaded twice must not throw. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}

/** Moves the focus among the elements with `selector` by arrow keys: one tab stop, arrows inside. */
export function rove(
  event: KeyboardEvent,
  root: ParentNode,
  selector: string,
  keys = ["ArrowLeft", "ArrowRight"],
): boolean {
  const step = keys.indexOf(event.key);
  if (step < 0 || event.altKey || event.ctrlKey || event.metaKey) return false;
  const all = [...root.querySelectorAll<HTMLElement>(selector)];
  const at = all.indexOf(event.target as HTMLElement);
  const next = all[(at + (step === 0 ? -1 : 1) + all.length) % all.length];
  if (!next) return false;
  for (const one of all) one.tabIndex = one === next ? 0 : -1;
  next.focus();
  event.preventDefault();
  event.stopPropagation();
  return true;
}
