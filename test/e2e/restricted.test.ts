/** Restricted Mode, in a real VS Code with workspace trust on: contracts are checked, and nothing connects. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRepository } from "../../scripts/drive/repository.ts";
import { eventually, startVscode } from "../../scripts/drive/vscode.ts";
import { contracts } from "../../scripts/drive/contracts.ts";

it("in Restricted Mode contracts are checked and nothing connects", async () => {
  const path = "proto/shop/v1/orders.proto";
  const repository = await createRepository({
    ...contracts,
    // A repository must not be able to point the tap anywhere.
    ".vscode/settings.json": JSON.stringify({
      "contrail.kafka.brokers": ["203.0.113.7:9092"],
      "contrail.check.against": "git:main",
    }),
  });
  await repository.write(path, contracts[path].replace("string order_id = 1;", "int32 order_id = 1;"));
  const vscode = await startVscode({ workspace: repository.folder, open: [path], restricted: true });
  try {
    await vscode.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
    await vscode.page.locator(".squiggly-error").first().waitFor({ timeout: 30_000 });

    await vscode.page.keyboard.press("F1");
    await vscode.page.locator(".quick-input-widget input[type=text]").first().fill(">Contrail: Start Trace");
    await eventually(
      "the palette to settle",
      async () => (await vscode.page.locator(".quick-input-list .monaco-list-row").count()) >= 0,
    );
    expect(
      await vscode.page.locator(".quick-input-list .monaco-list-row", { hasText: "Contrail: Start Trace" }).count(),
    ).toBe(0);
    await vscode.page.keyboard.press("Escape");

    await vscode.command("Contrail: Open Live View");
    await vscode.liveView().locator("contrail-live").waitFor();
    await vscode.page.waitForTimeout(1_500);
    expect(globSync(join(vscode.home, "state", "contrail", "daemons", "*", "daemon.json"))).toEqual([]);
  } finally {
    await vscode.stop();
    await repository.remove();
  }
});
