// @ts-check
// What every browser test of the control room needs: Debian's Chromium under playwright-core, axe, and an eye on
// errors and layout shifts. A test is `node NAME.mjs http://127.0.0.1:PORT`; it exits with 1 and says why.
//
// The packages lie outside the clone: HIVIS_PAGE_MODULES names the folder that holds `node_modules`.
// HIVIS_SHOTS names a folder for screenshots, where somebody wants to look at them.

import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";

const load = createRequire(join(process.env.HIVIS_PAGE_MODULES ?? "/nowhere", "node_modules", "x.js"));
const { chromium } = load("playwright-core");
const axe = load("axe-core").source;

/** Where the control room is. */
export const ADDRESS = process.argv[2] ?? "http://127.0.0.1:8092";
const SHOTS = process.env.HIVIS_SHOTS;
/** The widths that a page must hold at. */
export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** A browser of its own, closed after `work`, whatever happens. @param {(browser: any) => Promise<void>} work */
export async function withBrowser(work) {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Opens a path and watches: every error on the console, every failed request and every layout shift is kept.
 * @param {any} browser @param {string} path
 * @param {{viewport?: {width: number, height: number}, theme?: "light" | "dark", headers?: Record<string, string>}} [how]
 */
export async function open(browser, path, how = {}) {
  const context = await browser.newContext({
    viewport: how.viewport ?? WIDE, colorScheme: how.theme ?? "light", extraHTTPHeaders: how.headers,
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on("console", (/** @type {any} */ said) => { if (said.type() === "error") errors.push(said.text()); });
  page.on("pageerror", (/** @type {Error} */ error) => errors.push(String(error)));
  await page.addInitScript(() => {
    const w = /** @type {any} */ (window);
    w.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!(/** @type {any} */ (entry).hadRecentInput)) w.shifts += /** @type {any} */ (entry).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(ADDRESS + path);
  return { context, page, errors };
}

/** No error, no serious finding of axe, no layout shift that anybody would see, nothing wider than the window.
 * @param {{page: any, errors: string[]}} opened @param {string} name */
export async function holds({ page, errors }, name) {
  await page.waitForTimeout(400);
  if (SHOTS) {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }
  assert.deepEqual(errors, [], `${name}: errors on the console`);
  const shifts = await page.evaluate(() => /** @type {any} */ (window).shifts);
  assert.ok(shifts < 0.02, `${name}: the layout shifted by ${shifts}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} px wider than the window`);
  await page.evaluate(axe);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((/** @type {any} */ v) => ["serious", "critical"].includes(v.impact));
  const said = serious.map((/** @type {any} */ v) => `${v.id}: ${v.help} (${v.nodes[0].html})`);
  assert.deepEqual(said, [], `${name}: axe`);
}

/** The same page in both themes and at the widths given. @param {any} browser @param {string} path @param {string} name
 * @param {{width: number, height: number}[]} widths */
export async function inEveryLight(browser, path, name, widths = [WIDE]) {
  for (const viewport of widths) {
    for (const theme of /** @type {const} */ (["light", "dark"])) {
      const opened = await open(browser, path, { viewport, theme });
      await holds(opened, `${name}-${viewport.width}-${theme}`);
      await opened.context.close();
    }
  }
}
