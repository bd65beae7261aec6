/**
 * Tap to screen: messages with the time of their sending inside, through the daemon as it runs behind the editor, to a
 * view and to the pixels of a real browser. The peer in the same run is the bare client library, which reads the same
 * messages at the same time and does nothing with them.
 */
import { chromium } from "playwright-core";
import type { DaemonConnection } from "../../daemon/client/index.ts";
import { chromiumFlags, ensureChromium } from "../setup/chromium.ts";
import { line, quantile, spread } from "./figures.ts";
import { processUsage, usageLine } from "./process-usage.ts";
import { nowSince, sentAtOf } from "./tap-messages.ts";
import { toBeEnded } from "./undo.ts";
import { jobOf, nameOf, pause, startLoad, startTap, tapOf, until, type BrokerKind, type TapRig } from "./tap-rig.ts";

/** So that all of them fit on one screen: the list draws no more. */
const probeEveryMs = 500;
/** After the last message was sent, views get so long to see it. */
const patienceMs = 20_000;

export async function benchScreen(bench: TapRig, kind: BrokerKind, perSecond: number, seconds: number): Promise<void> {
  const chromiumPath = await ensureChromium();
  console.log(
    `\nTo the screen: ${nameOf(kind)}, ${perSecond.toLocaleString("en")} messages/s of 300 bytes for ${seconds} s`,
  );
  const daemon = await startTap(bench, tapOf(bench, kind));
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [...chromiumFlags],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const closeBrowser = toBeEnded(() => browser.close());
  try {
    await daemon.live();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(await daemon.connection.browserAddress());
    await page.locator("contrail-conversation-list").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("probe-");
    await page.evaluate(notesProbes);
    const view = watch(daemon.connection, bench.epoch);
    const bare = startLoad({ ...jobOf(bench, kind), kind: "consume" });
    await bare.ready;
    const producer = startLoad({ ...jobOf(bench, kind), kind: "produce", perSecond, seconds, probeEveryMs });
    await producer.ready;
    const before = processUsage(daemon.pid);
    const begun = performance.now();
    const sent = await producer.outcome;
    const took = performance.now() - begun;
    const after = processUsage(daemon.pid);
    const probes = Object.keys(sent.probes);
    const all = sent.count + probes.length;
    await until(() => view.latencies.length >= all, patienceMs);
    bare.finish();
    const peer = await bare.outcome;
    const painted = await paintedWithin(() => page.evaluate("globalThis.contrailProbes"), probes, patienceMs);
    const screen = probes.flatMap((probe) => {
      const at = painted[probe];
      return at === undefined ? [] : [at - (sent.probes[probe] ?? Number.NaN)];
    });
    line(
      "  written",
      `${((sent.count / sent.milliseconds) * 1000).toFixed(0)}/s, ${sent.count.toLocaleString("en")} messages`,
    );
    line("  send to view", spread(view.latencies), "p95 under 250 ms");
    line("  send to screen", `${spread(screen)}${missing(probes.length - screen.length)}`);
    line(`  send to a bare ${kind === "kafka" ? "kafkajs" : "amqplib"} consumer`, spread(peer.latencies));
    line(
      "  ratio of p95, view to bare consumer",
      (quantile(view.latencies, 0.95) / quantile(peer.latencies, 0.95)).toPrecision(2),
    );
    line("  seen, not seen, shed", `${view.latencies.length}, ${all - view.latencies.length}, ${view.shed()}`);
    line("  daemon", usageLine(before, after, took));
    line("  bare consumer", `${Math.round((peer.cpuMilliseconds / took) * 100)} % of a core`);
  } finally {
    await closeBrowser();
    await daemon.stop();
  }
}

/** Notes in the page when each probe's row was painted: it is in the tree, and the frame after that has begun. */
const notesProbes = `(() => {
  const list = (function find(root) {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "contrail-conversation-list") return element;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
  })(document);
  const seen = (globalThis.contrailProbes = {});
  let waiting = [];
  const frame = () => {
    for (const probe of waiting) seen[probe] = performance.timeOrigin + performance.now();
    waiting = [];
    for (const [probe] of list.shadowRoot.textContent.matchAll(/probe-[a-z]+-\\d+/g)) {
      if (seen[probe] !== undefined) continue;
      seen[probe] = NaN;
      waiting.push(probe);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()`;

async function paintedWithin(
  read: () => Promise<unknown>,
  probes: readonly string[],
  milliseconds: number,
): Promise<Readonly<Record<string, number>>> {
  let painted: Record<string, number> = {};
  const end = performance.now() + milliseconds;
  do {
    painted = (await read()) as Record<string, number>;
    if (probes.every((probe) => Number.isFinite(painted[probe]))) break;
    await pause(100);
  } while (performance.now() < end);
  return painted;
}

interface Watched {
  readonly latencies: readonly number[];
  shed(): number;
}

/** A view beside the page: every message, and the list. */
function watch(connection: DaemonConnection, epoch: number): Watched {
  const latencies: number[] = [];
  let shed = 0;
  connection.onMessage((message) => {
    if (message.kind === "status") shed = message.status.shed;
    if (message.kind !== "messages") return;
    const at = nowSince(epoch);
    for (const { body } of message.messages) latencies.push(at - sentAtOf(body));
  });
  connection.send({ kind: "watchMessages", afterSeq: 0 });
  connection.send({ kind: "watchConversations", filter: { text: "", states: [] }, first: 0, count: 40 });
  return { latencies, shed: () => shed };
}

function missing(count: number): string {
  return count === 0 ? "" : `, ${count} never`;
}
