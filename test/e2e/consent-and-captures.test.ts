/** In a real VS Code: nobody but the user sends a trace to another machine; and captures are opened, kept and deleted. */
import { copyFileSync, globSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRepository, type TestRepository } from "../../scripts/drive/repository.ts";
import { eventually, startVscode, type RunningVscode } from "../../scripts/drive/vscode.ts";
import { contracts } from "../../scripts/drive/contracts.ts";

const recording = join(import.meta.dirname, "..", "..", "fixtures", "recordings", "shop.contrail");
/** Not this machine by its text, and yet nothing leaves it: Linux takes the address for its own, and nobody listens. */
const remote = "0.0.0.0";

let repository: TestRepository;
let vscode: RunningVscode;

beforeAll(async () => {
  repository = await createRepository({
    ...contracts,
    ".vscode/settings.json": JSON.stringify({ "contrail.kafka.brokers": [`${remote}:9`] }),
  });
  copyFileSync(recording, join(repository.folder, "run.contrail"));
  vscode = await startVscode({ workspace: repository.folder });
});

afterAll(async () => {
  await vscode?.stop();
  await repository?.remove();
});

const daemons = () => globSync(join(vscode.home, "state", "contrail", "daemons", "*", "daemon.json"));
const dialog = () => vscode.page.locator(".monaco-dialog-box");
const rows = () => vscode.page.locator(".quick-input-list .monaco-list-row");

describe("a broker that a workspace's settings name on another machine", () => {
  it("is not connected to when the user does not agree", async () => {
    await vscode.command("Contrail: Start Trace");
    await dialog().getByText(`${remote} is not this machine.`).waitFor();
    await dialog().getByText("Cancel", { exact: true }).click();
    await vscode.page.waitForTimeout(1_000);
    expect(daemons()).toEqual([]);
  });

  it("is tapped when the user agrees, and not asked about again", async () => {
    await vscode.command("Contrail: Start Trace");
    await dialog().getByText(`Tap ${remote}`, { exact: true }).click();
    await eventually("a daemon", () => daemons().length === 1);
    await vscode.command("Contrail: Stop Trace");
    await eventually("no daemon", () => daemons().length === 0);
    await vscode.command("Contrail: Start Trace");
    await eventually("a daemon, without a question", () => daemons().length === 1);
    await vscode.command("Contrail: Stop Trace");
    await eventually("no daemon", () => daemons().length === 0);
  });

  it("is asked about again when the consent was taken back", async () => {
    await vscode.command("Contrail: Forget Consent to Remote Brokers");
    await vscode.command("Contrail: Start Trace");
    await dialog().getByText(`${remote} is not this machine.`).waitFor();
    await dialog().getByText("Cancel", { exact: true }).click();
    expect(daemons()).toEqual([]);
  });
});

describe("captures", () => {
  const captures = (pattern: string) => globSync(join(vscode.home, "state", "contrail", pattern));

  it("a .contrail file that is opened like any file is shown in the live view", async () => {
    await vscode.openFile("run.contrail");
    const view = vscode.liveView();
    await view.locator("contrail-live").waitFor();
    await view.locator("[role=grid] [role=row][data-id]").first().waitFor();
    await vscode.command("Contrail: Stop Trace");
    await eventually("no daemon", () => daemons().length === 0);
  });

  it("one is kept by a name, and the others are deleted", async () => {
    const before = captures("daemons/*/captures/*.contrail").length;
    expect(before).toBeGreaterThan(0);
    await vscode.command("Contrail: Keep Capture");
    await vscode.page.locator(".quick-input-title", { hasText: "Keep Capture" }).waitFor();
    await rows().first().click();
    await vscode.page.locator(".quick-input-title", { hasText: "Name of the Capture" }).waitFor();
    const name = vscode.page.locator(".quick-input-widget input[type=text]").first();
    await name.fill("first try");
    await name.press("Enter");
    await eventually("the kept capture", () => captures("captures/first try.contrail").length === 1);

    await vscode.command("Contrail: Delete Captures");
    const list = vscode.page.locator("input[placeholder='What is ticked is deleted for good']");
    await list.waitFor();
    await list.press("Enter");
    // What has a name is not ticked.
    await eventually("no capture without a name", () => captures("daemons/*/captures/*.contrail").length === 0);
    expect(readdirSync(join(vscode.home, "state", "contrail", "captures"))).toEqual(["first try.contrail"]);
  });
});
