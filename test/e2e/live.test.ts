/**
 * One line through the flow half and the joint, in a real VS Code with the built package installed, on real brokers:
 * a trace is started, the shop runs, what it did is seen, and nothing that happens to the window or the daemon loses it.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runShop, type Truth } from "../../fixtures/shop/index.ts";
import { createShopRepository, type TestRepository } from "../../scripts/drive/repository.ts";
import { eventually, startVscode, type RunningVscode } from "../../scripts/drive/vscode.ts";

const kafka = process.env["CONTRAIL_KAFKA"] ?? "";
const rabbitmq = process.env["CONTRAIL_RABBITMQ"] ?? "";
const managementUrl = process.env["CONTRAIL_RABBITMQ_MANAGEMENT"] ?? "";

describe("a trace in VS Code", () => {
  let repository: TestRepository;
  let vscode: RunningVscode;
  let truth: Truth;

  beforeAll(async () => {
    repository = await createShopRepository();
    vscode = await startVscode({
      workspace: repository.folder,
      settings: {
        "contrail.kafka.brokers": [kafka],
        "contrail.rabbitmq.url": rabbitmq,
        ...(managementUrl === "" ? {} : { "contrail.rabbitmq.managementUrl": managementUrl }),
      },
    });
  });

  afterAll(async () => {
    await vscode?.stop();
    await repository?.remove();
    // Brokers that were given go on: nothing of the shop stays on them.
    await runShop({ kafka, rabbitmq, orders: 1, pace: "fast", failures: "none", clean: true });
  });

  it("starts no daemon at activation", async () => {
    // A file that the address names would be opened again over the view after a reload.
    await vscode.openFile("events.proto");
    await eventually("the contract's text", () => vscode.page.locator(".view-lines").first().isVisible());
    await vscode.page.waitForTimeout(2_000);
    expect(daemonFile(vscode.home)).toBeUndefined();
  });

  it("taps the brokers of the settings and opens the live view", async () => {
    await vscode.command("Contrail: Start Trace");
    const view = vscode.liveView();
    await view.locator("contrail-live").waitFor();
    await bothTapsLive(vscode);
    expect(daemonFile(vscode.home)).toBeDefined();
  });

  it("shows exchanges over RabbitMQ and sagas over Kafka as the shop runs", async () => {
    truth = await runShop({ kafka, rabbitmq, orders: 12, seed: 7, pace: "fast", failures: "some", clean: false });
    expect(truth.sagas.some((saga) => saga.kind === "choreography")).toBe(true);
    expect(truth.exchanges.length).toBeGreaterThan(0);
    await eventually("rows for what the shop did", async () => (await seen(vscode)) >= truth.messages.length * 0.95);
    const rows = await rowTexts(vscode);
    await vscode.screenshot("live-dark");
    expect(rows.length).toBeGreaterThan(5);
  });

  it("shows a message less than a second after it was sent", async () => {
    const client = new Kafka({ brokers: [kafka], logLevel: logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const key = `MARK-${1000 + i}`;
      const sentAt = Date.now();
      await producer.send({ topic: "shop.marks", messages: [{ key, value: JSON.stringify({ markNumber: key }) }] });
      await vscode.liveView().locator("[role=grid] [role=row]", { hasText: key }).first().waitFor({ timeout: 10_000 });
      waits.push(Date.now() - sentAt);
    }
    await producer.disconnect();
    // The first makes the topic, which the tap has to find first.
    console.log(`sent to screen, in VS Code: ${waits.join(", ")} ms`);
    expect(waits.slice(1).toSorted((a, b) => a - b)[2]).toBeLessThan(1_000);
  });

  it("shows a message's body by the workspace's contract, and its problems", async () => {
    const view = vscode.liveView();
    await view.locator("[role=grid] [role=row][data-id]").first().click();
    await vscode.screenshot("conversation-dark");
    await view.locator("[aria-label='Messages in time'] [role=row]").first().dblclick();
    await view.getByText("Open contract", { exact: false }).first().waitFor();
    await vscode.screenshot("message-dark");
  });

  it("Open contract goes to the line of the message definition, which says what was seen", async () => {
    await vscode.liveView().getByText("Open contract", { exact: false }).first().click();
    await eventually("an editor with the contract", () =>
      vscode.page.locator(".editor-instance .view-line").first().isVisible(),
    );
    await vscode.page.locator(".codelens-decoration", { hasText: "seen" }).first().waitFor();
    await vscode.screenshot("joint-dark");
  });

  it("a message that breaks its contract is a problem on the contract's line", async () => {
    expect(truth.contractBreaks.length).toBeGreaterThan(0);
    await vscode.command("Problems: Focus on Problems View");
    const problem = vscode.page.locator(".markers-panel .monaco-list-row", { hasText: "contrail live" }).first();
    await problem.waitFor();
    await vscode.screenshot("problems-dark");
    await vscode.command("View: Hide Panel");
  });

  it("a view that was hidden shows what came meanwhile", async () => {
    await vscode.openFile("events.proto");
    const more = await runShop({ kafka, rabbitmq, orders: 2, seed: 9, pace: "fast", failures: "none", clean: false });
    await vscode.command("Contrail: Open Live View");
    await eventually(
      "what came meanwhile",
      async () => (await seen(vscode)) >= truth.messages.length + more.messages.length,
    );
  });

  it("a window that is reloaded misses nothing", async () => {
    await vscode.command("Contrail: Open Live View");
    const before = await seen(vscode);
    await vscode.reload();
    await vscode.liveView().locator("contrail-live").waitFor();
    await eventually("the same count as before", async () => (await seen(vscode)) >= before);
  });

  it("a daemon that is killed comes back with everything it saw, and goes on", async () => {
    const before = await seen(vscode);
    const file = daemonFile(vscode.home);
    const { pid } = JSON.parse(readFileSync(file ?? "", "utf8")) as { pid: number };
    const noticed = tapButton(vscode, /no daemon answers/).waitFor();
    process.kill(pid, "SIGKILL");
    await noticed;
    await eventually("another daemon", () => {
      const now = daemonFile(vscode.home);
      return now !== undefined && (JSON.parse(readFileSync(now, "utf8")) as { pid: number }).pid !== pid;
    });
    // What RabbitMQ carries before its tap stands again nobody sees; what is on disk is shown before that.
    await bothTapsLive(vscode);
    await eventually("everything it saw", async () => (await seen(vscode)) >= before);
    const more = await runShop({ kafka, rabbitmq, orders: 3, seed: 8, pace: "fast", failures: "none", clean: false });
    await eventually("what came later", async () => (await seen(vscode)) >= before + more.messages.length, 30_000);
  });

  it("Stop Trace ends the daemon", async () => {
    await vscode.command("Contrail: Stop Trace");
    await eventually("no daemon", () => daemonFile(vscode.home) === undefined);
  });
});

/** The connection file of the daemon that runs for this editor's user, if one does. */
function daemonFile(home: string): string | undefined {
  const file = globSync(join(home, "state", "contrail", "daemons", "*", "daemon.json"))[0];
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** How many messages the status line says were seen. */
async function seen(vscode: RunningVscode): Promise<number> {
  const text = await vscode.liveView().locator("footer").innerText();
  return Number(/([\d,]+) seen/.exec(text)?.[1]?.replaceAll(",", "") ?? 0);
}

/** A tap in the status line, by what it says. */
function tapButton(vscode: RunningVscode, name: RegExp): Locator {
  return vscode.liveView().locator("footer").getByRole("button", { name }).first();
}

/** What a user waits for before he trusts that everything is seen from now on. */
async function bothTapsLive(vscode: RunningVscode): Promise<void> {
  for (const broker of ["Kafka", "RabbitMQ"]) await tapButton(vscode, new RegExp(`^${broker} \\S+: live`)).waitFor();
}

async function rowTexts(vscode: RunningVscode): Promise<string[]> {
  return vscode.liveView().locator("[role=grid] [role=row]").allInnerTexts();
}
