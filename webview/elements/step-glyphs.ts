/** One glyph for a step, the same in the list, the rail and the strip. */
import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { StepGlyph, StepState } from "../../daemon/serve/protocol.ts";
import { spokenSteps } from "../model/speech.ts";

const foreground = "var(--vscode-charts-foreground)";
const lines = "var(--vscode-charts-lines)";

export function stepGlyph(state: StepState, x: number, y: number, width: number, height: number): SVGTemplateResult {
  const bottom = y + height;
  const middle = x + width / 2;
  const box = (inset: number, stroke: string, extra: { dash?: string; width?: number; opacity?: number } = {}) =>
    svg`<rect x=${x + inset} y=${y + inset} width=${width - 2 * inset} height=${height - 2 * inset} fill="none"
      stroke=${stroke} stroke-width=${extra.width ?? 1} stroke-opacity=${extra.opacity ?? 1}
      stroke-dasharray=${extra.dash ?? "none"}></rect>`;
  const foot = (size: number, fill: string) =>
    svg`<rect x=${x} y=${bottom - size} width=${width} height=${size} fill=${fill}></rect>`;
  switch (state) {
    case "done":
      return svg`<rect x=${x} y=${y} width=${width} height=${height} fill=${foreground} opacity=".5"></rect>`;
    case "running":
      return svg`${box(0.5, "var(--run)")}${foot(height / 2, "var(--run)")}`;
    case "compensated":
      return svg`${box(0.5, foreground, { opacity: 0.55 })}${foot(4, "var(--undo)")}`;
    case "compensating":
      return svg`${box(0.5, "var(--undo)", { dash: "2 1.5" })}${foot(4, "var(--undo)")}`;
    case "stuck":
    case "late":
      return svg`${box(0.75, "var(--warn)", { width: 1.5 })}<circle cx=${middle} cy=${y + height / 2} r="1.5" fill="var(--warn)"></circle>`;
    case "failed": {
      const arm = width - 2;
      return svg`<path d=${`M${x + 1} ${y + height / 2 - width / 2 + 1}l${arm} ${arm}m0 ${-arm}l${-arm} ${arm}`}
        stroke="var(--bad)" stroke-width="2" fill="none"></path>`;
    }
    case "compensation missing":
      return svg`${box(0.75, "var(--bad)", { width: 1.5, dash: "1.5 1.5" })}`;
    default:
      return svg`<rect x=${x} y=${bottom - 2} width=${width} height="2" fill=${lines} opacity=".8"></rect>`;
  }
}

/** All steps in a row, fitted into `room` pixels: many steps are thin rather than missing. */
export function stepStrip(steps: readonly StepGlyph[], room: number, widest = 8): TemplateResult {
  const pitch = Math.min(widest + 2, steps.length === 0 ? widest + 2 : room / steps.length);
  const gap = pitch > 5 ? 2 : pitch > 2 ? 1 : 0;
  const width = pitch - gap;
  return html`<svg
    class="strip"
    width=${Math.ceil(pitch * steps.length)}
    height="12"
    role="img"
    aria-label=${spokenSteps(steps)}
  >
    ${steps.map((step, index) => stepGlyph(step.state, round(index * pitch), 0, round(width), 12))}
  </svg>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
