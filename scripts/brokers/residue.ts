import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { GuardianOrder, Residue } from "./guardian.ts";

/** Tells a guardian process what must not outlive this one. See guardian.ts. */
export class ResidueWatch {
  readonly #guardian: ChildProcess;

  constructor() {
    // A group of its own: what ends this process' group must not end the one who cleans up after it.
    this.#guardian = spawn(process.execPath, ["--no-warnings", join(import.meta.dirname, "guardian.ts")], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    this.#guardian.stdin?.on("error", () => undefined);
    this.#guardian.unref();
    // The pipe must stay open but must not keep this process from ending.
    const pipe = this.#guardian.stdin as unknown as { unref?: () => void } | null;
    pipe?.unref?.();
  }

  add(residue: Residue): void {
    this.#send({ add: residue });
  }

  remove(residue: Residue): void {
    this.#send({ remove: residue });
  }

  /** Ends the guardian, which first cleans up whatever was not removed. */
  async end(): Promise<void> {
    if (this.#guardian.exitCode !== null || this.#guardian.signalCode !== null) return;
    const ended = once(this.#guardian, "exit");
    this.#guardian.ref();
    this.#guardian.stdin?.end();
    await ended;
  }

  #send(order: GuardianOrder): void {
    this.#guardian.stdin?.write(`${JSON.stringify(order)}\n`);
  }
}
