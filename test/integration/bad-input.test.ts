/**
 * What goes wrong first on somebody's machine, as they meet it: one clear sentence in the terminal that says what to do,
 * and everything else goes on.
 */
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, nodeProgram, removeBundle, runCli } from "../../cli/testing/check-cli.ts";
import { startBrokers, type Brokers } from "../../scripts/brokers/index.ts";
import { TestRepository } from "../../workspace/testing/repository.ts";
import { brokers, ownPrefix } from "./brokers.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "contrail-bad-input-"));
  mkdirSync(join(folder, "workspace"));
  await bundleCli();
}, 120_000);

afterAll(() => {
  removeBundle();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

function tap(...args: readonly string[]): ReturnType<typeof runCli> {
  return runCli(["tap", ...args], join(folder, "workspace"), { CONTRAIL_STATE_DIR: join(folder, "state") });
}

describe("contrail tap", () => {
  describe("on a Kafka in a container that advertises kafka:9092", () => {
    let running: Brokers;
    let address: string;

    beforeAll(async () => {
      running = await startBrokers({ rabbitmq: false, kafkaAdvertised: "kafka:9092" });
      address = running.kafka ?? "";
    }, 120_000);

    afterAll(() => running.stop());

    it("names the address, says which flag helps, and goes on with RabbitMQ", async () => {
      const { rabbitmq } = await brokers();
      const { stderr, code } = await tap("--kafka", address, "--rabbitmq", rabbitmq, "--for", "3s");
      expect(stderr).toContain(
        `kafka ${address}: failed. Kafka at ${address} tells its clients to go on to kafka:9092, a name that this machine cannot resolve.`,
      );
      expect(stderr).toContain(`--address-map kafka:9092=${address}`);
      expect(stderr).toMatch(/rabbitmq 127\.0\.0\.1:\d+: live/);
      expect(code).toBe(0);
    }, 30_000);

    it("reads it with that flag", async () => {
      const args = ["--kafka", address, "--address-map", `kafka:9092=${address}`, "--for", "2s"];
      const { stderr, code } = await tap(...args);
      expect(stderr).toContain(`kafka ${address}: live`);
      expect(stderr).not.toContain("failed");
      expect(code).toBe(0);
    }, 30_000);
  });

  it("says that a password is wrong, without the password", async () => {
    const { rabbitmq } = await brokers();
    const url = new URL(rabbitmq);
    url.password = "wr0ng-one";
    const { stdout, stderr, code } = await tap("--rabbitmq", url.href, "--for", "2s");
    expect(stderr).toContain(
      `did not accept the user "${url.username}" with the given password. Correct the user name or password.`,
    );
    expect(stdout + stderr).not.toContain("wr0ng-one");
    expect(code).toBe(2);
  }, 30_000);

  it("tells a user that may not trace which command grants it", async () => {
    const { rabbitmq, rabbitmqManagement = "" } = await brokers();
    const user = `${ownPrefix()}plain`;
    const management = new URL(rabbitmqManagement);
    const manage = async (method: string, path: string, body?: object): Promise<void> => {
      const headers = {
        authorization: `Basic ${btoa(`${management.username}:${management.password}`)}`,
        "content-type": "application/json",
      };
      const answer = await fetch(new URL(path, management.origin), {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(answer.ok).toBe(true);
    };
    await manage("PUT", `/api/users/${user}`, { password: "secret", tags: "" });
    try {
      await manage("PUT", `/api/permissions/%2F/${user}`, { configure: ".*", write: ".*", read: ".*" });
      const url = new URL(rabbitmq);
      url.username = user;
      url.password = "secret";
      const { stderr, code } = await tap("--rabbitmq", url.href, "--for", "3s");
      expect(stderr).toContain(`management API does not let the user "${user}" in`);
      expect(stderr).toContain(`rabbitmqctl set_user_tags ${user} administrator`);
      expect(code).toBe(0);
    } finally {
      await manage("DELETE", `/api/users/${user}`);
    }
  }, 30_000);

  it("connects to no other machine without consent, and says how to give it", async () => {
    const { stderr, code } = await tap("--kafka", "broker.example.com:9092", "--for", "1s");
    expect(stderr).toMatch(/broker\.example\.com is on another machine\. .*--allow-remote broker\.example\.com/);
    expect(code).toBe(2);
  }, 30_000);

  it("goes on beside contracts that are binary garbage", async () => {
    for (const name of ["orders.proto", "asyncapi.yaml", "openapi.json"]) {
      writeFileSync(join(folder, "workspace", name), Buffer.concat([randomBytes(2_000), Buffer.alloc(1)]));
    }
    const { rabbitmq } = await brokers();
    const { stderr, code } = await tap("--rabbitmq", rabbitmq, "--for", "3s");
    expect(stderr).toMatch(/rabbitmq 127\.0\.0\.1:\d+: live/);
    expect(code).toBe(0);
  }, 30_000);
});

describe("contrail check", () => {
  const before = { "good.proto": 'syntax = "proto3";\nmessage A {\n  string b = 1;\n}\n' };
  const broken = before["good.proto"].replace("string b", "int32 b");

  it("names files that are binary garbage, and still finds what breaks in the others", async () => {
    const repository = new TestRepository(before);
    try {
      repository.commit("before");
      repository.write("good.proto", broken);
      const garbage = ["bad.proto", "asyncapi.yaml", "openapi.json"];
      for (const name of garbage) {
        writeFileSync(join(repository.root, name), Buffer.concat([randomBytes(2_000), Buffer.alloc(1)]));
      }
      const { stdout, stderr, code } = await runCli(["check"], repository.root);
      for (const name of garbage) expect(stdout + stderr).toContain(`"${name}" is not a text file`);
      expect(stdout).toContain("FIELD_SAME_TYPE");
      expect(code).toBe(2);
    } finally {
      repository.dispose();
    }
  });

  it("says that there is no git, and checks what can be checked", async () => {
    const repository = new TestRepository(before);
    try {
      repository.commit("before");
      const path = join(folder, "no-git");
      mkdirSync(path, { recursive: true });
      symlinkSync(nodeProgram, join(path, "node"));
      const begun = performance.now();
      const { stdout, stderr, code } = await runCli(["check"], repository.root, { PATH: path });
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(stdout + stderr).toContain("There is no git on this machine's PATH");
      expect(stdout + stderr).toContain("Install git, or name a folder or file to compare with.");
      expect(code).toBe(2);
    } finally {
      repository.dispose();
    }
  });

  it("says that a repository has no commits, and is content", async () => {
    const repository = new TestRepository(before);
    try {
      const { stdout, stderr, code } = await runCli(["check"], repository.root);
      expect(stdout + stderr).toContain("This repository has no commits yet");
      expect(code).toBe(0);
    } finally {
      repository.dispose();
    }
  });
});
