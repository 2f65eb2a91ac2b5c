// @ts-check
// The server goes away while somebody decides, and comes back. HIVIS_SIGNALS is a folder: a file `down` asks for the
// server to be stopped, a file `up` for it to be started again.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADDRESS, open, withBrowser } from "./lib.mjs";

const signals = process.env.HIVIS_SIGNALS ?? "";

/** @returns {Promise<any>} */
const counts = async () => (await (await fetch(`${ADDRESS}/api/review/queue`)).json()).counts;

await withBrowser(async (browser) => {
  const { page } = await open(browser, "/review");
  await page.getByRole("textbox", { name: "Name" }).fill("anna");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /Review \d+/.test(document.getElementById("title")?.textContent ?? ""));
  const before = await counts();
  await page.keyboard.press("r");
  await page.waitForFunction(() => document.getElementById("done")?.textContent === "1" && document.getElementById("link")?.textContent === "");
  writeFileSync(join(signals, "down"), "");
  for (let n = 0; ; n += 1) {
    assert.ok(n < 400, "the server is stopped");
    try {
      await fetch(`${ADDRESS}/healthz`, { signal: AbortSignal.timeout(1000) });
    } catch {
      break;
    }
    await new Promise((done) => { setTimeout(done, 50); });
  }
  for (const key of ["r", "n", "s", "x", "2", "u", "n"]) await page.keyboard.press(key);
  await page.waitForFunction(() => document.getElementById("link")?.textContent?.includes("4 decisions wait here and will be sent"));
  writeFileSync(join(signals, "up"), "");
  await page.waitForFunction(() => document.getElementById("link")?.textContent === "");
  const after = await counts();
  assert.equal(after.accepted - before.accepted, 4, "nothing is lost, nothing counts twice");
  assert.equal(after.skipped - before.skipped, 1);
  assert.equal(after.rejected, before.rejected, "what was undone before it was sent is none");
  assert.equal(await page.locator("#back li").count(), 0);
});
