/**
 * `npm run test:setup`: makes sure that everything the tests need is there, and says what it does. Where it may not
 * install something, it ends with code 2 and says what to run.
 */
import { ensureBrokerTools } from "./setup/brokers.ts";
import { ensureChromium } from "./setup/chromium.ts";
import { ensureVscodeHost } from "./setup/vscode.ts";

export async function setUpForTests(): Promise<void> {
  await ensureBrokerTools();
  await ensureChromium();
  await ensureVscodeHost();
}

if (import.meta.main) {
  try {
    await setUpForTests();
    console.log("set-up: everything is there");
  } catch (error) {
    console.error(`set-up: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}
