/** Messages over time on a canvas, with a brush that filters the list by time. */
import { css, html, type PropertyValues, type TemplateResult } from "lit";
import type { Histogram } from "../../daemon/serve/protocol.ts";
import { timeOfDay } from "../model/format.ts";
import { brushFor, brushSpan, spanOf, type Span } from "../model/histogram-geometry.ts";
import { onThemeChange } from "../theme/choose-theme.ts";
import { drawHistogram } from "./histogram-canvas.ts";
import { sharedStyles } from "./shared-styles.ts";
import { define, ViewElement } from "./view-element.ts";

const none: Histogram = { from: 0, bucketMs: 1000, buckets: [] };

export class FlowHistogram extends ViewElement {
  static override styles = [
    sharedStyles,
    css`
      :host {
        padding: 0 12px;
        border-bottom: 1px solid var(--line);
      }
      .plot {
        position: relative;
        height: 62px;
        touch-action: none;
      }
      canvas {
        display: block;
        width: 100%;
        height: 62px;
        cursor: crosshair;
      }
      .handle {
        position: absolute;
        top: 0;
        width: 9px;
        height: 44px;
        margin-left: -4px;
        cursor: ew-resize;
        pointer-events: none;
      }
      @media (max-height: 420px) {
        :host {
          display: none;
        }
      }
    `,
  ];

  #drag: { readonly from: number; to: number } | undefined;
  #width = 0;
  /** What is on the canvas now, and how often the theme changed: the same picture is not drawn twice. */
  #drawn = "";
  #themes = 0;
  #endTheme: (() => void) | undefined;
  readonly #resize = new ResizeObserver(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#endTheme = onThemeChange(() => {
      this.#themes++;
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#endTheme?.();
  }

  get #histogram(): Histogram {
    return this.store.data.list?.histogram ?? none;
  }

  get #span(): Span {
    return spanOf(this.#histogram);
  }

  get #marked(): Span | undefined {
    const drag = this.#drag;
    if (drag) return { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) };
    return brushSpan(this.store.brush, this.#span);
  }

  override render(): TemplateResult {
    const span = this.#span;
    const marked = this.#marked ?? span;
    const text = this.store.brush ? `${timeOfDay(marked.from)} to ${timeOfDay(marked.to)}` : "everything";
    return html`<div class="plot" @pointerdown=${this.#onDown} @dblclick=${() => this.store.setBrush(undefined)}>
      <canvas role="img" aria-label=${`Messages over time; marked: ${text}. A table is in More Actions.`}></canvas>
      ${this.#handle("from", marked, span)}${this.#handle("to", marked, span)}
    </div>`;
  }

  #handle(side: "from" | "to", marked: Span, span: Span): TemplateResult {
    return html`<div
      class="handle"
      role="slider"
      tabindex="0"
      data-side=${side}
      aria-label=${side === "from" ? "Start of the marked span" : "End of the marked span"}
      aria-valuemin=${Math.round(span.from / 1000)}
      aria-valuemax=${Math.round(span.to / 1000)}
      aria-valuenow=${Math.round(marked[side] / 1000)}
      aria-valuetext=${timeOfDay(marked[side])}
      @keydown=${(event: KeyboardEvent) => this.#onHandleKey(event, side)}
    ></div>`;
  }

  override updated(_changed: PropertyValues): void {
    const canvas = this.findAs("canvas", HTMLCanvasElement);
    if (!canvas) return;
    this.#width = canvas.clientWidth;
    const { status } = this.store.data;
    const still = status?.mode === "capture" || this.store.paused !== undefined;
    const drawing = {
      histogram: this.#histogram,
      marked: this.#marked,
      lastLabel: still ? timeOfDay(this.store.now) : "now",
      narrow: this.#width < 560,
      zoneOffsetMs: new Date(this.store.now).getTimezoneOffset() * 60_000,
    };
    const key = `${this.#width} ${this.#themes} ${devicePixelRatio} ${JSON.stringify(drawing)}`;
    if (key !== this.#drawn) drawHistogram(canvas, this, drawing);
    this.#drawn = key;
    const span = this.#span;
    const marked = this.#marked ?? span;
    for (const handle of this.renderRoot.querySelectorAll<HTMLElement>(".handle")) {
      const at = handle.dataset["side"] === "from" ? marked.from : marked.to;
      handle.style.left = `${this.#x(at, span)}px`;
    }
  }

  #x(at: number, span: Span): number {
    if (span.to <= span.from) return 0;
    return Math.min(this.#width, Math.max(0, ((at - span.from) / (span.to - span.from)) * this.#width));
  }

  #timeAt(event: PointerEvent): number {
    const canvas = this.findAs("canvas", HTMLCanvasElement);
    const span = this.#span;
    if (!canvas || this.#width === 0) return span.from;
    const share = (event.clientX - canvas.getBoundingClientRect().left) / this.#width;
    return span.from + Math.min(1, Math.max(0, share)) * (span.to - span.from);
  }

  readonly #onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || this.#histogram.buckets.length === 0) return;
    const plot = event.currentTarget as HTMLElement;
    const at = this.#timeAt(event);
    const near = this.#nearEdge(at);
    this.#drag = { from: near ?? at, to: at };
    plot.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      if (!this.#drag) return;
      this.#drag.to = this.#timeAt(moved);
      this.requestUpdate();
    };
    const up = (): void => {
      plot.removeEventListener("pointermove", move);
      plot.removeEventListener("pointerup", up);
      plot.removeEventListener("pointercancel", up);
      const drag = this.#drag;
      this.#drag = undefined;
      if (drag) this.store.setBrush(brushFor(drag, this.#span, this.#histogram.bucketMs));
      this.requestUpdate();
    };
    plot.addEventListener("pointermove", move);
    plot.addEventListener("pointerup", up);
    plot.addEventListener("pointercancel", up);
  };

  /** Near an edge of the brush, a drag moves that edge: the other one is where the drag starts from. */
  #nearEdge(at: number): number | undefined {
    const marked = this.store.brush ? this.#marked : undefined;
    if (!marked) return undefined;
    const span = this.#span;
    const close = (edge: number): boolean => Math.abs(this.#x(edge, span) - this.#x(at, span)) <= 6;
    if (close(marked.from)) return marked.to;
    return close(marked.to) ? marked.from : undefined;
  }

  #onHandleKey(event: KeyboardEvent, side: "from" | "to"): void {
    const { bucketMs } = this.#histogram;
    const span = this.#span;
    const marked = this.#marked ?? span;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -10,
      PageUp: 10,
    };
    const step = steps[event.key];
    const at =
      event.key === "Home"
        ? span.from
        : event.key === "End"
          ? span.to
          : step === undefined
            ? undefined
            : marked[side] + step * bucketMs;
    if (at === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.store.setBrush(brushFor({ ...marked, [side]: at }, span, bucketMs));
  }
}

define("contrail-flow-histogram", FlowHistogram);
