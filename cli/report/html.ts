/** One page that stands alone: no script, no network, light and dark. */
import type { CheckedFinding, CheckResult } from "../check.ts";
import {
  judgesOf,
  observationText,
  placeOfFinding,
  placeOfProblem,
  previousPlace,
  readerOf,
  rulePage,
  summary,
  verdictWord,
  writerOf,
} from "./places.ts";

export function htmlReport(result: CheckResult): string {
  const problems = result.problems.map(({ problem }) => {
    const place = placeOfProblem(result, problem);
    return `<article class="${problem.severity}"><h2>${text(problem.message)}</h2>
<p class="where"><code>${text(`${place.path}:${place.line}:${place.column}`)}</code> <b>${text(problem.severity)}</b> ${text(problem.code)}</p>${source(place.source)}</article>`;
  });
  const accepted = result.accepted.map(
    ({ finding, by }) =>
      `<article class="accepted"><h2>${text(finding.message)}</h2><p class="where"><b>accepted</b> ${text(finding.ruleId)}: ${text(by.reason)}</p></article>`,
  );
  const notes = [...result.notes, ...result.unreadable].map(({ message }) => `<p class="note">${text(message)}</p>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Contrail check</title>
<style>${css}</style>
</head>
<body>
<h1>Contrail check</h1>
<p>${text(summary(result))}</p>
${[...notes, ...problems, ...result.findings.map(findingArticle), ...accepted].join("\n")}
</body>
</html>
`;
}

function findingArticle(checked: CheckedFinding): string {
  const { finding } = checked;
  const { witness } = finding;
  const place = placeOfFinding(checked);
  const previous = previousPlace(checked);
  const surfaces = finding.surfaces.length === 0 ? "" : ` on ${finding.surfaces.join(", ")}`;
  const old =
    previous?.source === undefined || previous.source.trim() === place.source?.trim()
      ? ""
      : `<p class="where">was, in ${text(checked.baseline)}:</p>${source(previous.source)}`;
  const proof =
    witness === undefined
      ? ""
      : `<details open><summary>Proof: ${text(writerOf(witness))}</summary>${source(witness.written)}
<p class="where">${text(readerOf(witness))}:</p><ul>${witness.observations.map((seen) => `<li>${text(observationText(seen))}</li>`).join("")}</ul>
<p class="where">confirmed by ${text(judgesOf(witness).join(" and "))}</p></details>`;
  return `<article class="${finding.verdict}"><h2>${text(finding.message)}</h2>
<p class="where"><code>${text(`${place.path}:${place.line}:${place.column}`)}</code> <b>${verdictWord(checked)}${text(surfaces)}</b> <a href="${text(rulePage(finding))}">${text(finding.ruleId)}</a></p>
${source(place.source)}${old}<p>${text(finding.consequence)} ${text(finding.advice)}</p>${proof}</article>`;
}

function source(line: string | undefined): string {
  return line === undefined ? "" : `<pre>${text(line)}</pre>`;
}

function text(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const css = `
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --soft: light-dark(#57606a, #9198a1); --bad: light-dark(#cf222e, #ff7b72); --warn: light-dark(#9a6700, #d29922); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-left: 4px solid var(--soft); border-radius: 6px; padding: .75rem 1rem; margin: 1rem 0; }
article.breaking, article.error { border-left-color: var(--bad); } article.unknown, article.warning { border-left-color: var(--warn); }
.where, .note { color: var(--soft); margin: .25rem 0; } pre { border: 1px solid var(--line); border-radius: 4px; padding: .5rem; overflow: auto; margin: .5rem 0; }
`;
