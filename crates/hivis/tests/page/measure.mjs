// @ts-check
// For `hivis-bench page`: Now is open for HIVIS_SECONDS; the share of the time that the main thread works, how far the page
// is behind, and how many rows it drew. Says `ready`, measures, says JSON.

import { ADDRESS, WIDE, withBrowser } from "./lib.mjs";

const SECONDS = Number(process.env.HIVIS_SECONDS ?? "10");

await withBrowser(async (browser) => {
  const context = await browser.newContext({ viewport: WIDE });
  const page = await context.newPage();
  await page.goto(`${ADDRESS}/`);
  await page.waitForFunction(() => document.getElementById("link")?.textContent?.startsWith("live"));
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "timeTicks" });
  const metrics = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map((/** @type {{name: string, value: number}} */ of) => [of.name, of.value]));
  };
  await page.evaluate(() => {
    const w = /** @type {any} */ (window);
    Object.assign(w, { lags: [], seen: new Set() });
    setInterval(() => {
      const lag = document.documentElement.dataset.lag;
      if (lag !== undefined) w.lags.push(Number(lag));
      for (const link of document.querySelectorAll("#answers a")) w.seen.add(link.getAttribute("href"));
    }, 250);
  });
  console.log("ready");
  // The load begins now; it needs a moment.
  await page.waitForTimeout(500);
  const before = await metrics();
  await page.waitForTimeout(SECONDS * 1000);
  const after = await metrics();
  const busy = (after.TaskDuration - before.TaskDuration) / (after.Timestamp - before.Timestamp);
  const { lag, rows } = await page.evaluate(() => ({ lag: /** @type {any} */ (window).lags, rows: /** @type {any} */ (window).seen.size }));
  console.log(JSON.stringify({ busy, lag, rows }));
});
