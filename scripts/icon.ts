/** `npm run icon`: draws docs/icon.png (128 pixels, as the editor's gallery wants it) from docs/icon.svg. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { chromiumFlags, ensureChromium } from "./setup/chromium.ts";

const docs = join(import.meta.dirname, "..", "docs");
const svg = await readFile(join(docs, "icon.svg"), "utf8");
const browser = await chromium.launch({ executablePath: await ensureChromium(), args: [...chromiumFlags] });
try {
  const page = await browser.newPage({ viewport: { width: 128, height: 128 } });
  await page.setContent(
    `<style>html,body{margin:0;background:transparent}svg{display:block;width:128px;height:128px}</style>${svg}`,
  );
  await writeFile(join(docs, "icon.png"), await page.screenshot({ omitBackground: true }));
} finally {
  await browser.close();
}
