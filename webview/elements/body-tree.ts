/** The body of a message as a tree, in the colours of the debugger. Everything in it came from a wire: text nodes only. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { TreeNode } from "../../daemon/serve/protocol.ts";
import { fieldAt, fieldByName, flatTree, type TreeRow } from "../model/tree-rows.ts";
import { icon } from "./icons.ts";
import { placed } from "./placed.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define } from "./view-element.ts";

/** More rows than this are not drawn; the rest is one line that says so. */
const mostRows = 2_000;

export class BodyTree extends LitElement {
  static override properties = { tree: { attribute: false }, of: { attribute: false } };
  static override styles = [
    sharedStyles,
    css`
      :host {
        padding: 2px 0 6px;
        font-family: var(--mono);
        font-size: 12px;
        line-height: 20px;
      }
      .node {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, max-content);
        column-gap: 10px;
        padding: 0 12px 0 6px;
        height: 20px;
        align-items: center;
        white-space: nowrap;
      }
      .node:hover {
        background: var(--vscode-list-hoverBackground);
        /* Second text keeps its contrast on the colour of the hover. */
        --dim: color-mix(in srgb, var(--vscode-foreground) 82%, var(--vscode-editor-background));
      }
      .node[aria-selected="true"] {
        background: var(--vscode-list-inactiveSelectionBackground);
        outline: 1px solid var(--selection-outline);
        outline-offset: -1px;
      }
      .node[aria-selected="true"] span {
        color: inherit;
      }
      .node:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
        outline-offset: -1px;
      }
      .twist {
        margin-left: -18px;
        margin-right: 2px;
        font-size: 14px;
        line-height: 20px;
        height: 20px;
        vertical-align: top;
        cursor: pointer;
      }
      .name {
        color: var(--vscode-debugTokenExpression-name);
      }
      .string {
        color: var(--vscode-debugTokenExpression-string);
      }
      .number {
        color: var(--vscode-debugTokenExpression-number);
      }
      .boolean,
      .null {
        color: var(--vscode-debugTokenExpression-boolean);
      }
      .words {
        font-family: var(--vscode-font-family);
        color: var(--dim);
      }
      .type {
        color: var(--dim);
        max-width: 130px;
      }
    `,
  ];

  declare tree: readonly TreeNode[];
  /** Whose body it is: one that is told anew keeps what is open and selected. */
  declare of: number | undefined;
  #closed: ReadonlySet<string> = new Set();
  #selected: string | undefined;
  #shown: { readonly of: number | undefined } | undefined;

  constructor() {
    super();
    this.tree = [];
  }

  override willUpdate(): void {
    if (this.#shown?.of === this.of && this.#shown !== undefined) return;
    this.#shown = { of: this.of };
    this.#closed = new Set();
    // The first thing that breaks the contract is what one came for.
    this.#selected = flatTree(this.tree, new Set()).find((row) => row.node.violation !== undefined)?.path;
    this.#tell();
  }

  override render(): TemplateResult {
    const all = flatTree(this.tree, this.#closed);
    const rows = all.slice(0, mostRows);
    const stop = rows.some((row) => row.path === this.#selected) ? this.#selected : rows[0]?.path;
    return html`<div role="tree" aria-label="Body" @keydown=${this.#onKey} @click=${this.#onClick}>
      ${rows.map((row) => this.#node(row, row.path === stop))}
      ${all.length > mostRows ? html`<div class="node words">${all.length - mostRows} more fields are not drawn.</div>` : nothing}
    </div>`;
  }

  #node({ node, path, level, position, siblings }: TreeRow, tabStop: boolean): TemplateResult {
    const open = !this.#closed.has(path);
    const branches = node.children.length > 0;
    return html`<div
      class="node"
      role="treeitem"
      data-path=${path}
      aria-level=${level}
      aria-posinset=${position}
      aria-setsize=${siblings}
      aria-expanded=${branches ? String(open) : nothing}
      aria-selected=${path === this.#selected ? "true" : "false"}
      tabindex=${tabStop ? 0 : -1}
    >
      <span class="cut" ${placed({ "padding-left": `${18 + (level - 1) * 14}px` })}
        >${branches ? html`<i class="icon twist" aria-hidden="true">${String.fromCodePoint(open ? 0xeab4 : 0xeab6)}</i>` : nothing}<span
          class="name"
          >${node.name}</span
        >${valueOf(node)}</span
      ><span class="type cut" title=${node.type ?? ""}>${node.type ?? ""}</span>
    </div>`;
  }

  /** Selects the field that a violation names, opening what it lies in, and takes the focus. */
  showField(path: string): void {
    const way = fieldByName(this.tree, path);
    if (way !== undefined) this.#reveal(way);
  }

  /** Selects the field that a byte belongs to, without taking the focus from the bytes. */
  showByte(offset: number): void {
    const way = fieldAt(this.tree, offset)?.way;
    if (way !== undefined) this.#reveal(way, false);
  }

  #reveal(path: string, focus = true): void {
    const closed = new Set(this.#closed);
    for (let end = path.lastIndexOf("."); end > 0; end = path.lastIndexOf(".", end - 1))
      closed.delete(path.slice(0, end));
    this.#closed = closed;
    this.#select(path, focus);
  }

  readonly #onClick = (event: Event): void => {
    const path = pathOf(event);
    if (path === undefined) return;
    if ((event.target as Element).closest(".twist")) this.#toggle(path);
    else this.#select(path);
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = flatTree(this.tree, this.#closed).slice(0, mostRows);
    const at = rows.findIndex((row) => row.path === pathOf(event));
    const row = rows[at];
    if (!row) return;
    const branches = row.node.children.length > 0;
    const open = branches && !this.#closed.has(row.path);
    const parent = (): number => rows.findLastIndex((other, index) => index < at && other.level === row.level - 1);
    const targets: Record<string, number | "toggle" | undefined> = {
      ArrowDown: Math.min(rows.length - 1, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: rows.length - 1,
      ArrowRight: branches ? (open ? at + 1 : "toggle") : at,
      ArrowLeft: open ? "toggle" : parent() < 0 ? at : parent(),
      Enter: branches ? "toggle" : at,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (target === "toggle") this.#toggle(row.path);
    else this.#select(rows[target]?.path ?? row.path);
  };

  #toggle(path: string): void {
    const closed = new Set(this.#closed);
    if (!closed.delete(path)) closed.add(path);
    this.#closed = closed;
    this.#select(path);
  }

  #select(path: string, focus = true): void {
    this.#selected = path;
    this.#tell();
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const row = [...this.renderRoot.querySelectorAll<HTMLElement>(".node")].find(
        (node) => node.dataset["path"] === path,
      );
      if (focus) row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    });
  }

  /** Says which bytes belong to the selected field. */
  #tell(): void {
    const row = flatTree(this.tree, new Set()).find((each) => each.path === this.#selected);
    this.dispatchEvent(new CustomEvent("field", { detail: row?.node.bytes }));
  }
}

function valueOf(node: TreeNode): TemplateResult {
  if (node.kind === "masked") return html`<span class="dim">: ${icon("lock", "none", true)} ${node.text}</span>`;
  const wrong = node.violation === undefined ? "" : " squiggle";
  const plain = node.kind === "object" || node.kind === "array";
  if (plain && node.text === "") return html``;
  return html`<span class="dim">: </span
    ><span class=${(plain ? "" : node.kind) + wrong} title=${node.violation ?? ""}>${quoted(node)}</span
    >${node.wire === undefined ? nothing : html`<span class="words"> on the wire </span><span class="string">${node.wire}</span>`}`;
}

function quoted(node: TreeNode): string {
  return node.kind === "string" ? `"${node.text}"` : node.text;
}

function pathOf(event: Event): string | undefined {
  return (event.target as Element).closest<HTMLElement>("[data-path]")?.dataset["path"];
}

define("contrail-body-tree", BodyTree);
