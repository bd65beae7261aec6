import type { Pipeline } from "../pipeline.ts";
import type { DefinitionSeen, Status, TapReportView, TapView } from "./protocol.ts";
import type { TapReport, TapState } from "../tap/envelope.ts";
import { duration } from "./words.ts";

/** What the daemon as a whole is showing. */
export interface Showing {
  readonly mode: Status["mode"];
  readonly source?: string;
  readonly notes?: readonly string[];
}

export function statusOf(pipeline: Pipeline, showing: Showing): Status {
  const { capture, contracts } = pipeline;
  const overload = overloadOf(pipeline);
  return {
    mode: showing.mode,
    ...(showing.source === undefined ? {} : { source: showing.source }),
    taps: [...pipeline.taps.values()].map((state) => tapView(state, pipeline.lastSeqOfTap.get(state.tap))),
    seen: pipeline.seen,
    shed: pipeline.shed,
    masked: pipeline.masked,
    ...(pipeline.shedSince === undefined ? {} : { shedSince: pipeline.shedSince }),
    ...(overload === undefined ? {} : { overload }),
    capture: {
      name: capture.name,
      bytes: capture.bytes(),
      ...(capture.problem === undefined ? {} : { problem: capture.problem }),
      ...(capture.dropped === 0 ? {} : { dropped: capture.dropped }),
    },
    ...(capture.index === undefined ? {} : { search: searchView(capture.index, capture.lastSeq) }),
    ...(showing.notes === undefined || showing.notes.length === 0 ? {} : { notes: showing.notes }),
    now: pipeline.now(),
    contracts: { definitions: contracts.catalog.definitions.length, problems: contracts.problems.slice(0, 20) },
  };
}

function searchView(index: NonNullable<Pipeline["capture"]["index"]>, lastSeq: number): NonNullable<Status["search"]> {
  const behind = Math.max(0, lastSeq - index.indexedUpTo);
  return { behind, ...(index.problem === undefined ? {} : { problem: index.problem }) };
}

function tapView(state: TapState, lastSeq: number | undefined): TapView {
  const { tap, broker, address, phase, since, detail, mode, nextTryAt, shed } = state;
  return {
    tap,
    broker,
    address,
    phase,
    since,
    shed,
    ...(detail === undefined ? {} : { detail }),
    ...(mode === undefined ? {} : { mode }),
    ...(nextTryAt === undefined ? {} : { nextTryAt }),
    ...(lastSeq === undefined ? {} : { lastSeq }),
  };
}

/** What was shed and what is still complete, in words; `undefined` when nothing was. */
function overloadOf(pipeline: Pipeline): string | undefined {
  if (pipeline.shedSince === undefined) return undefined;
  const { bodies, messages } = pipeline.shedHere;
  const inTaps = pipeline.shed - bodies - messages;
  const parts: string[] = [];
  if (bodies > 0) parts.push(`${bodies.toLocaleString("en-US")} bodies`);
  if (messages + inTaps > 0) parts.push(`${(messages + inTaps).toLocaleString("en-US")} messages`);
  const complete = messages + inTaps === 0 ? " Every message is still seen, with its headers." : "";
  return `More came than could be kept up with: ${parts.join(" and ")} shed since ${duration(pipeline.now() - pipeline.shedSince)} ago.${complete}`;
}

export function definitionsSeen(pipeline: Pipeline): readonly DefinitionSeen[] {
  const { contracts, correlator } = pipeline;
  return [...pipeline.definitions.all()].map(({ definition, count, broken, lastAt, violations }) => {
    const link = contracts.link(definition, definition.place);
    return {
      definition: definition.name,
      file: link.file,
      line: link.line,
      count,
      broken,
      lastAt,
      violations: violations.map(({ seq, violation, at }) => {
        const writer = correlator.parties(seq).writer?.name;
        const { line } = violation.place === undefined ? link : contracts.link(definition, violation.place);
        return {
          seq,
          path: violation.path,
          message: violation.message,
          line,
          at,
          ...(writer === undefined ? {} : { writer }),
        };
      }),
    };
  });
}

export function reportView(report: TapReport): TapReportView {
  const { tap, touched, neverTouched, messages, bytes } = report;
  return { tap, touched, neverTouched, messages, bytes };
}
