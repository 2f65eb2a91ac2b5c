// @ts-check
// Now: whole in both themes and at both widths; and, where HIVIS_CUE names a folder, under load and over a restart of the
// server, whose steps are asked for by files in it.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ADDRESS, PHONE, WIDE, holds, inEveryLight, open, withBrowser } from "./lib.mjs";

const CUES = process.env.HIVIS_CUE;
const PATIENCE = 30_000;

/** @param {string} name */
async function cue(name, answer = "") {
  if (!CUES) return;
  writeFileSync(join(CUES, name), "");
  const end = Date.now() + PATIENCE;
  while (answer && !existsSync(join(CUES, answer))) {
    assert.ok(Date.now() < end, `nobody answered the cue ${name}`);
    await sleep(20);
  }
}

/** @param {any} page */
const first = (page) => page.evaluate(() => document.querySelector("#answers tr a")?.getAttribute("href") ?? "");
/** @param {any} page @param {string} text */
const says = (page, text) =>
  page.waitForFunction((/** @type {string} */ text) => document.getElementById("link")?.textContent?.startsWith(text), text, { timeout: PATIENCE });
/** @param {any} page @param {string} was */
const moves = (page, was) =>
  page.waitForFunction((/** @type {string} */ was) => document.querySelector("#answers tr a")?.getAttribute("href") !== was, was, { timeout: PATIENCE });

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/", "now", [WIDE, PHONE]);
  const opened = await open(browser, "/");
  const { page } = opened;
  await says(page, "live");

  // Nobody looks: nothing is asked for, and then it goes on.
  const hide = (/** @type {boolean} */ hidden) => page.evaluate((/** @type {boolean} */ hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await says(page, "resting");
  await hide(false);
  await says(page, "live");

  // By keyboard: past the navigation, each station is a link with words.
  const words = await page.evaluate(() => [...document.querySelectorAll("svg.wide a title")].map((title) => title.textContent));
  assert.equal(words.length, 10, "ten stations");
  assert.ok(words.every((/** @type {string} */ word) => word.includes(": ")), String(words));
  await page.focus('svg.wide a[data-station="mined"]');
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("data-station")), "mined");

  if (CUES) {
    await moves(page, await first(page));
    await page.waitForFunction(() => document.querySelectorAll("#answers tr").length === 40, null, { timeout: PATIENCE });
    await page.waitForFunction(() => [...document.querySelectorAll("#answers img")].some((img) => /** @type {HTMLImageElement} */ (img).naturalWidth > 0), null, { timeout: PATIENCE });
    const ids = await page.evaluate(() => [...document.querySelectorAll("#answers tr a")].map((a) => a.getAttribute("href")));
    assert.deepEqual(ids, [...ids].sort().reverse(), "the newest is first");

    // Held by hand, nothing moves.
    await page.click("#pause");
    const held = await first(page);
    await page.waitForFunction(() => /\(\d+ new\)/.test(document.getElementById("pause")?.textContent ?? ""), null, { timeout: PATIENCE });
    assert.equal(await first(page), held);
    assert.equal(await page.getAttribute("#pause", "aria-pressed"), "true");
    await page.click("#pause");
    await moves(page, held);
    await page.mouse.move(0, 0);
    await holds(opened, "now-loaded-1280-light");
    const narrow = await open(browser, "/", { viewport: PHONE, theme: "dark" });
    await moves(narrow.page, await first(narrow.page));
    await sleep(2500);
    await holds(narrow, "now-loaded-390-dark");
    await narrow.context.close();

    // The server goes and comes back on the same port.
    await cue("stop", "stopped");
    await says(page, "reconnecting");
    const before = await first(page);
    await cue("start", "started");
    await says(page, "live");
    await moves(page, before);
    await page.click("#pause");
    // What it shows is what the ledger has, without a gap.
    await sleep(2500);
    await page.click("#pause");
    await page.waitForFunction(() => document.querySelectorAll("#answers tr").length === 40, null, { timeout: PATIENCE });
    const shown = await page.evaluate(() => [...document.querySelectorAll("#answers tr a")].map((a) => a.getAttribute("href")?.slice(11)));
    const answer = await fetch(`${ADDRESS}/api/challenges?limit=200`);
    const there = (await answer.json()).rows.map((/** @type {{id: string}} */ row) => row.id).sort().reverse();
    const at = there.indexOf(shown[0]);
    assert.ok(at >= 0, "the first row is in the ledger");
    const expected = there.slice(at, at + shown.length);
    assert.deepEqual(shown.slice(0, expected.length), expected, "no answer is missing");
  }
  await opened.context.close();
});
