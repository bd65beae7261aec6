/**
 * Activation of the extension, as VS Code's extension host feels it: from the first line of the bundle to the end of
 * `activate`, in a real editor with a fresh profile. The extension measures itself and hands the figure out.
 */
import { join } from "node:path";
import { createRepository } from "../drive/repository.ts";
import { runSuiteInVscode } from "../drive/suite.ts";
import { heading, line, spread } from "./figures.ts";

const runs = 3;

export async function benchActivation(): Promise<void> {
  heading("Activation of the extension, in a real VS Code");
  const repository = await createRepository({ "a.proto": `syntax = "proto3";\nmessage A {\n  string b = 1;\n}\n` });
  try {
    const samples: number[] = [];
    for (let i = 0; i < runs; i++) {
      const { results, log } = await runSuiteInVscode(
        join(import.meta.dirname, "activation-suite.ts"),
        repository.folder,
      );
      const result = results[0];
      if (result === undefined || result.failure !== null)
        throw new Error(`The editor did not tell: ${result?.failure ?? log}`);
      samples.push(result.duration);
    }
    line("contrail, its own activation", spread(samples), "under 100 ms");
  } finally {
    await repository.remove();
  }
}
