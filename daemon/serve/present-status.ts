import { bounds } from "../correlate/index.ts";
import type { Pipeline } from "../pipeline.ts";
import type { DefinitionSeen, Status, TapReportView, TapView } from "./protocol.ts";
import type { GroupLag, TapReport, TapState } from "../tap/envelope.ts";
import { boundsOf } from "./present-bounds.ts";
import { cannotSee } from "./tap-sight.ts";
import { duration } from "./words.ts";

/** What the daemon as a whole is showing. */
export interface Showing {
  readonly mode: Status["mode"];
  readonly source?: string;
  readonly notes?: readonly string[];
  /** What consumer groups have committed, by tap. */
  readonly groups?: ReadonlyMap<string, readonly GroupLag[]>;
}

const onlyTheNewest = `The list has the newest ${bounds.messages.toLocaleString("en-US")} messages. Older ones are in the capture: \`contrail export\` writes them.`;

/** A view shows those that are furthest behind. */
const mostGroups = 100;

/** `unlisted`: conversations that left the list because there are too many. */
export function statusOf(pipeline: Pipeline, showing: Showing, unlisted = 0): Status {
  const { behind, capture, contracts } = pipeline;
  const overload = overloadOf(pipeline);
  const notes = [...(showing.notes ?? []), ...(pipeline.uncorrelated > 0 ? [onlyTheNewest] : [])];
  const failedAt = noteCaptureProblem(pipeline);
  const bounds = boundsOf(pipeline, unlisted);
  return {
    mode: showing.mode,
    ...(showing.source === undefined ? {} : { source: showing.source }),
    taps: [...pipeline.taps.values()].map((state) =>
      tapView(state, pipeline.lastSeqOfTap.get(state.tap), showing.groups?.get(state.tap)),
    ),
    seen: pipeline.seen,
    shed: pipeline.shed,
    masked: pipeline.masked,
    ...(pipeline.shedSince === undefined ? {} : { shedSince: pipeline.shedSince }),
    ...(overload === undefined ? {} : { overload }),
    ...(pipeline.shed === 0 ? {} : { shedOf: shedOf(pipeline) }),
    ...(bounds.length === 0 ? {} : { bounds }),
    ...(behind.messages === 0 ? {} : { behind }),
    capture: {
      name: capture.name,
      bytes: capture.bytes(),
      ...(capture.problem === undefined ? {} : { problem: capture.problem }),
      ...(failedAt === undefined ? {} : { inMemorySince: failedAt }),
      ...(capture.dropped === 0 ? {} : { dropped: capture.dropped }),
    },
    ...(capture.index === undefined ? {} : { search: searchView(capture.index, capture.lastSeq) }),
    ...(notes.length === 0 ? {} : { notes }),
    now: pipeline.now(),
    contracts: { definitions: contracts.catalog.definitions.length, problems: contracts.problems.slice(0, 20) },
  };
}

const failedCaptures = new WeakMap<Pipeline["capture"], number>();

/** When the capture was first seen to have failed; called every round, so that it is known to the second. */
export function noteCaptureProblem({ capture }: Pipeline): number | undefined {
  if (capture.problem !== undefined && !failedCaptures.has(capture)) failedCaptures.set(capture, Date.now());
  return failedCaptures.get(capture);
}

function shedOf(pipeline: Pipeline): NonNullable<Status["shedOf"]> {
  const { bodies, messages } = pipeline.shedHere;
  return { bodies, messages, atTaps: Math.max(0, pipeline.shed - bodies - messages) };
}

function searchView(index: NonNullable<Pipeline["capture"]["index"]>, lastSeq: number): NonNullable<Status["search"]> {
  const behind = Math.max(0, lastSeq - index.indexedUpTo);
  return { behind, ...(index.problem === undefined ? {} : { problem: index.problem }) };
}

function tapView(state: TapState, lastSeq: number | undefined, groups: readonly GroupLag[] = []): TapView {
  const { tap, broker, address, phase, since, detail, mode, nextTryAt, shed } = state;
  const unseen = cannotSee(state);
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
    ...(unseen.length === 0 ? {} : { cannotSee: unseen }),
    ...(groups.length === 0 ? {} : { groups: groups.slice(0, mostGroups) }),
    ...(groups.length <= mostGroups ? {} : { moreGroups: groups.length - mostGroups }),
  };
}

/** What was shed and what is still complete, in words; `undefined` when nothing was. */
function overloadOf(pipeline: Pipeline): string | undefined {
  if (pipeline.shedSince === undefined) return undefined;
  const { bodies, messages, atTaps } = shedOf(pipeline);
  const parts: string[] = [];
  if (bodies > 0) parts.push(`${bodies.toLocaleString("en-US")} bodies`);
  if (messages + atTaps > 0) parts.push(`${(messages + atTaps).toLocaleString("en-US")} messages`);
  const complete = messages + atTaps === 0 ? " Every message is still seen, with its headers." : "";
  return `More came than could be kept up with: ${parts.join(" and ")} shed in the last ${duration(pipeline.now() - pipeline.shedSince)}.${complete}`;
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
  const { tap, touched, neverTouched, messages, bytes, cost } = report;
  return { tap, touched, neverTouched, messages, bytes, ...(cost === undefined ? {} : { cost }) };
}
