import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { TestRepository } from "../workspace/testing/repository.ts";
import { Progress } from "./terminal.ts";
import { bundleCli, commandLine, removeBundle } from "./testing/check-cli.ts";

beforeAll(bundleCli, 60_000);
afterAll(removeBundle);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("a check that takes long", () => {
  it("stops at once when it is interrupted, also in the middle of its work", async () => {
    const messages = Array.from({ length: 300_000 }, (_, index) => `message M${index} { int32 x = 1; }`);
    const repository = new TestRepository({ "a.proto": `syntax = "proto3";\n${messages.join("\n")}\n` });
    try {
      repository.commit("large");
      const { program, args } = commandLine(["check"]);
      const child = spawn(program, args, { cwd: repository.root, stdio: "ignore" });
      const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(signal ?? code)));
      await sleep(700);
      const asked = performance.now();
      child.kill("SIGINT");
      expect(await ended).toBe("SIGINT");
      expect(performance.now() - asked).toBeLessThan(2000);
    } finally {
      repository.dispose();
    }
  }, 30_000);

  it("says on a terminal what it does, and takes that away at its end", async () => {
    vi.stubEnv("CI", undefined);
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const terminal = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
    Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
    const progress = new Progress();
    progress.say("too early to be worth a line");
    await sleep(450);
    progress.say("Reading v1.0");
    progress.end();
    if (terminal === undefined) Reflect.deleteProperty(process.stderr, "isTTY");
    else Object.defineProperty(process.stderr, "isTTY", terminal);
    expect(written).toEqual(["\r\u001b[2KReading v1.0", "\r\u001b[2K"]);
  });
});
