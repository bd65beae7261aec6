/**
 * `npm run screenshots`: makes the pictures of the README in docs/images, from a real VS Code on real brokers while the
 * sample shop runs. Look at each of them before committing it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runShop } from "../fixtures/shop/index.ts";
import { startBrokers } from "./brokers/index.ts";
import { contracts } from "./drive/contracts.ts";
import { createRepository, createShopRepository } from "./drive/repository.ts";
import { eventually, startVscode, type RunningVscode } from "./drive/vscode.ts";
import { repositoryRoot } from "./setup/paths.ts";

const folder = join(repositoryRoot, "docs", "images");
await mkdir(folder, { recursive: true });
const viewport = { width: 1280, height: 800 };

for (const theme of ["dark", "light"] as const) await pictureOfEditor(theme);
const brokers = await startBrokers();
try {
  for (const theme of ["dark", "light"] as const) await picturesOfTrace(theme);
} finally {
  await brokers.stop();
}

/** A broken contract, with the hover that shows the witness. */
async function pictureOfEditor(theme: "dark" | "light"): Promise<void> {
  const path = "proto/shop/v1/orders.proto";
  const repository = await createRepository(contracts);
  await repository.write(path, contracts[path].replace("string order_id = 1;", "int32 order_id = 1;"));
  const vscode = await startVscode({
    workspace: repository.folder,
    theme,
    viewport,
    settings: { "workbench.sideBar.location": "right" },
  });
  try {
    await vscode.openFile("orders.proto");
    await vscode.page.locator(".squiggly-error").first().waitFor({ timeout: 30_000 });
    await vscode.command("View: Toggle Primary Side Bar Visibility");
    await vscode.command("Problems: Focus on Problems View");
    await vscode.page.locator(".markers-panel .monaco-list-row").nth(1).waitFor();
    await vscode.page.locator(".view-line", { hasText: "int32 order_id" }).getByText("int32").first().hover();
    await vscode.page.locator(".monaco-hover-content").first().waitFor();
    await vscode.page.waitForTimeout(500);
    await save(vscode, `editor-${theme}`);
  } finally {
    await vscode.stop();
    await repository.remove();
  }
}

/** The live view, a message, and the contract's line with what was seen. */
async function picturesOfTrace(theme: "dark" | "light"): Promise<void> {
  const { kafka = "", rabbitmq = "", rabbitmqManagement } = brokers;
  const repository = await createShopRepository();
  const settings = {
    "contrail.kafka.brokers": [kafka],
    "contrail.rabbitmq.url": rabbitmq,
    ...(rabbitmqManagement === undefined ? {} : { "contrail.rabbitmq.managementUrl": rabbitmqManagement }),
  };
  const vscode = await startVscode({ workspace: repository.folder, theme, viewport, settings });
  try {
    await vscode.openFile("events.proto");
    await vscode.command("Contrail: Start Trace");
    const view = vscode.liveView();
    await view.locator("footer").waitFor();
    await vscode.command("View: Toggle Primary Side Bar Visibility");
    const truth = await runShop({ kafka, rabbitmq, orders: 40, seed: 7, pace: "normal", failures: "all", clean: true });
    await eventually(
      "all rows",
      async () =>
        Number(/([\d,]+) seen/.exec(await view.locator("footer").innerText())?.[1]?.replace(",", "")) >=
        truth.messages.length,
    );
    await vscode.page.waitForTimeout(3_000);
    await view.locator("[role=grid] [role=row][data-id]").first().click();
    await vscode.page.waitForTimeout(1_000);
    await save(vscode, `live-${theme}`);
    await view.locator("[aria-label='Messages in time'] [role=row]").first().dblclick();
    await view.getByText("Open contract").first().waitFor();
    await vscode.page.waitForTimeout(500);
    await save(vscode, `message-${theme}`);
    await view.getByText("Open contract").first().click();
    await vscode.page.locator(".codelens-decoration", { hasText: "seen" }).first().waitFor();
    await vscode.page.waitForTimeout(500);
    await save(vscode, `joint-${theme}`);
  } finally {
    await vscode.stop();
    await repository.remove();
  }
}

async function save(vscode: RunningVscode, name: string): Promise<void> {
  await writeFile(join(folder, `${name}.png`), await vscode.page.screenshot());
  console.log(`docs/images/${name}.png`);
}
