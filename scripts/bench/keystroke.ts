/**
 * Keystroke to diagnostic: the language server as a process of its own, a git repository with a .proto of 2,000 lines,
 * and an edit at a time. The peer in the same run is `buf breaking` on the same repository, as a whole process, since it
 * has no breaking checks in its editor.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../setup/paths.ts";
import { measureEdits } from "./edits.ts";
import { heading, line, quantile, spread } from "./figures.ts";

const run = promisify(execFile);
const edits = 60;

export async function benchKeystroke(): Promise<void> {
  heading("Keystroke to diagnostic, a .proto of 2,000 lines in a git repository");
  const folder = await mkdtemp(join(tmpdir(), "contrail-bench-"));
  try {
    const text = largeProto();
    await writeFile(join(folder, "large.proto"), text);
    const git = (...args: string[]) =>
      run("git", ["-c", "user.name=b", "-c", "user.email=b@example.com", ...args], { cwd: folder });
    await git("init", "-q", "-b", "main");
    await git("add", "-A");
    await git("commit", "-q", "-m", "base");
    const samples = await measureEdits(folder, "large.proto", text, edits, (edit) => {
      const field = `field_${(edit % 12) + 1}`;
      return { text: text.replace(`  string ${field} =`, `  int32 ${field} =`), field };
    });
    line("contrail, language server", spread(samples), "p95 under 50 ms");
    const peer = await measureBuf(folder, text);
    line("buf breaking, whole process", spread(peer));
    line("ratio of medians, contrail to buf", (quantile(samples, 0.5) / quantile(peer, 0.5)).toPrecision(2));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function largeProto(): string {
  const lines = [`syntax = "proto3";`, "", "package bench.v1;", ""];
  for (let message = 0; lines.length < 1990; message++) {
    lines.push(`// Message number ${message}.`, `message M${message} {`);
    for (let field = 1; field <= 12; field++) lines.push(`  string field_${field} = ${field};`);
    lines.push(`  repeated M${message} children = 20;`, "}", "");
  }
  return `${lines.join("\n")}\n`;
}

async function measureBuf(folder: string, text: string): Promise<number[]> {
  await writeFile(join(folder, "large.proto"), text.replace("  string field_1 =", "  int32 field_1 ="));
  const samples: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    await run(join(repositoryRoot, "node_modules", ".bin", "buf"), ["breaking", "--against", ".git#branch=main"], {
      cwd: folder,
    }).then(
      () => {
        throw new Error("buf found nothing, so the comparison means nothing.");
      },
      (error: { code?: number }) => {
        if (error.code !== 100) throw error;
      },
    );
    samples.push(performance.now() - started);
  }
  return samples;
}
