/** How long somebody waits who opens a large capture: from the start of the daemon's process to the first rows in a view. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBuiltDaemon } from "./built-daemon.ts";
import { line, spread } from "./figures.ts";
import { toBeEnded } from "./undo.ts";

const rounds = 10;
const rowsWithinMs = 30_000;

export async function benchOpening(file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "contrail-bench-opening-"));
  const leave = toBeEnded(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  try {
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) samples.push(await open(file, folder, round));
    line("daemon started, capture open, first rows", spread(samples), "p50 300 ms");
  } finally {
    await leave();
  }
}

/** The daemon from `dist`, as the editor starts it, and a view as the editor's. Each round has a workspace of its own. */
async function open(file: string, folder: string, round: number): Promise<number> {
  const workspaceFolder = join(folder, `workspace-${round}`);
  const stateDir = join(folder, "state");
  await mkdir(workspaceFolder, { recursive: true });
  const begun = performance.now();
  const { starting, stop } = startBuiltDaemon(
    { workspaceFolder, taps: [{ kind: "capture", file, as: "capture" }] },
    stateDir,
  );
  try {
    const connection = await starting;
    const shown = new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("The daemon shows no rows of the capture.")), rowsWithinMs);
      connection.onMessage((message) => {
        if (message.kind !== "conversations" || message.rows.length === 0) return;
        clearTimeout(late);
        resolve(performance.now() - begun);
      });
    });
    connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
    return await shown;
  } finally {
    await stop();
  }
}
