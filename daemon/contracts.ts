/**
 * The contracts that traffic is read by: found below a folder, watched, and made into a catalog again when they change.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import {
  createCatalog,
  isRegisteredPath,
  type MessageCatalog,
  type MessageDefinition,
  type SchemaSource,
} from "../contracts/codec/index.ts";
import type { ContractSet } from "../contracts/compat/index.ts";
import { LineIndex, type Place } from "../contracts/source/index.ts";
import { loadContracts } from "../workspace/index.ts";
import type { ContractLink } from "./serve/protocol.ts";

/** One state of all contracts. A value: a change makes a new one. */
export interface Contracts {
  readonly catalog: MessageCatalog;
  /** One sentence each: what could not be read. */
  readonly problems: readonly string[];
  /** Every file that was read, relative to the folder. */
  readonly paths: readonly string[];
  readonly set: ContractSet;
  /** The folder that they are in; empty where they are in none. */
  readonly root: string;
  /** How long reading them took, milliseconds. */
  readonly readInMs: number;
  /** Where a place of the catalog is on disk. */
  link(definition: Pick<MessageDefinition, "name" | "format">, place: Place): ContractLink;
}

/**
 * Contracts of a folder (or several texts given by hand, for tests). `root` is empty where they are in no folder;
 * `schemas` has those that messages only name.
 */
export function contractsOf(
  set: ContractSet,
  root: string,
  problems: readonly string[] = [],
  readInMs = 0,
  schemas?: SchemaSource,
): Contracts {
  const indexes = new Map<string, LineIndex>();
  return {
    root,
    catalog: createCatalog(set, schemas),
    problems,
    paths: [...set.files.keys()],
    set,
    readInMs,
    link(definition, place) {
      let index = indexes.get(place.path);
      if (index === undefined) {
        index = new LineIndex(set.files.get(place.path) ?? "");
        indexes.set(place.path, index);
      }
      const { line, character } = index.positionAt(place.span.start);
      return {
        definition: definition.name,
        format: definition.format,
        // What a registry has stands in no file.
        file: root === "" || isRegisteredPath(place.path) ? "" : join(root, place.path),
        path: place.path,
        line,
        character,
      };
    },
  };
}

export const noContracts: ContractSet = { files: new Map(), protoModules: [] };

/** A source of schemas that takes in what a capture has of them. */
export type LoadableSchemas = SchemaSource & { load(files: ReadonlyMap<string, string>): void };

/** The contracts that are here; where there is none, those that a capture brings along. */
export function contractsHereOr(
  capture: { contracts(): ContractSet | undefined },
  here: Contracts = contractsOf(noContracts, ""),
  schemas?: LoadableSchemas,
): Contracts {
  const { own, mine } = contractsOfBoth(capture, here, schemas);
  return here.catalog.definitions.length > 0 ? mine : (own ?? mine);
}

/** The contracts that a capture brings along; where it has none, those that are here. */
export function contractsOfOr(
  capture: { contracts(): ContractSet | undefined },
  here: Contracts,
  schemas?: LoadableSchemas,
): Contracts {
  const { own, mine } = contractsOfBoth(capture, here, schemas);
  return own === undefined || own.catalog.definitions.length === 0 ? mine : own;
}

/** Those of the capture, and those of here; both read by the schemas that the capture has, where messages name one. */
function contractsOfBoth(
  capture: { contracts(): ContractSet | undefined },
  here: Contracts,
  schemas: LoadableSchemas | undefined,
): { own: Contracts | undefined; mine: Contracts } {
  const stored = capture.contracts();
  if (stored === undefined) return { own: undefined, mine: here };
  schemas?.load(stored.files);
  const files = new Map([...stored.files].filter(([path]) => !isRegisteredPath(path)));
  const hasSchemas = files.size < stored.files.size;
  return {
    own: files.size === 0 ? undefined : contractsOf({ ...stored, files }, "", here.problems, 0, schemas),
    mine: hasSchemas ? contractsOf(here.set, here.root, here.problems, here.readInMs, schemas) : here,
  };
}

/**
 * Reads the contracts below `root` as they are on disk; gives `before` back when nothing in it changed. Never throws:
 * what could not be read is in `problems`.
 */
export async function readContracts(root: string, before?: Contracts, schemas?: SchemaSource): Promise<Contracts> {
  const began = performance.now();
  try {
    const collected = await loadContracts(root);
    const problems = [
      ...collected.unreadable.map(({ path, message }) => (message.includes(path) ? message : `${path}: ${message}`)),
      ...collected.notes.map(({ message }) => message),
    ];
    if (before !== undefined && sameTexts(before.set, collected.contracts)) return before;
    return contractsOf(collected.contracts, root, problems, performance.now() - began, schemas);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return contractsOf(noContracts, root, [`The contracts below ${root} could not be read: ${why}`], 0, schemas);
  }
}

function sameTexts(a: ContractSet, b: ContractSet): boolean {
  if (a.files.size !== b.files.size) return false;
  for (const [path, text] of a.files) if (b.files.get(path) !== text) return false;
  return JSON.stringify(a.protoModules) === JSON.stringify(b.protoModules);
}

const contractNames = /\.(?:proto|ya?ml|json|jsonc|avsc)$/i;
const quietMs = 300;
/** Folders that had no contract are looked at this often: watching a whole tree costs more than reading it now and then. */
const lookAgainMs = 30_000;

/**
 * Calls `changed` after contract files of `contracts`, or others beside them, changed and were quiet for a moment; and
 * now and then, for contracts in new folders. The returned function ends watching.
 */
export function watchContracts(root: string, contracts: Contracts, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, quietMs);
  };
  const watchers: FSWatcher[] = [];
  const folders = new Set([root, ...contracts.paths.map((path) => dirname(join(root, path)))]);
  for (const folder of [...folders].slice(0, 1000)) {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || contractNames.test(name)) soon();
      });
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // The folder went away, or the system watches too many: looking again now and then finds its changes.
    }
  }
  // Where there is much to read, it is read less often: at most half a percent of the time goes into looking again.
  const again = setInterval(soon, Math.max(lookAgainMs, 200 * contracts.readInMs));
  again.unref();
  return () => {
    clearTimeout(timer);
    clearInterval(again);
    for (const watcher of watchers) watcher.close();
  };
}
