// @ts-check
// Data: the tables and the map, by mouse and by keyboard. With HIVIS_MANY the map has 100,000 points of which no picture
// is there, and only the frames count.

import assert from "node:assert/strict";
import { ADDRESS, PHONE, holds, inEveryLight, open, withBrowser } from "./lib.mjs";

/** Asks until the map is made. */
async function made() {
  for (let n = 0; n < 300; n += 1) {
    const response = await fetch(`${ADDRESS}/api/data/map`);
    if (response.status === 200) return response;
    assert.equal(response.status, 202);
    assert.ok((await response.json()).working, "there will be a map");
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error("the map was not made in time");
}

/** @param {any} browser @param {string} path @param {object} [how] */
async function mapped(browser, path, how = {}) {
  const opened = await open(browser, path, how);
  await opened.page.waitForFunction(() => /pictures, /.test(document.getElementById("map-said")?.textContent ?? ""));
  return opened;
}

/** How long frames take while the map is panned and zoomed: the middle and the longest, in ms. @param {any} page */
const frames = (page) => page.evaluate(async () => {
  const map = /** @type {any} */ (window).hivisMap;
  const next = () => new Promise((done) => { requestAnimationFrame(done); });
  /** @type {number[]} */ const times = [];
  for (let n = 0; n < 70; n += 1) {
    const begun = performance.now();
    map.view.pan(Math.sin(n / 8) * 12, Math.cos(n / 8) * 12);
    if (n % 10 === 0) map.view.zoom(n % 20 === 0 ? 1.25 : 0.8);
    map.redraw();
    await next();
    await next();
    if (n >= 10) times.push((performance.now() - begun) / 2);
  }
  times.sort((a, b) => a - b);
  return { middle: times[30], longest: times[59], painter: map.painter.name, count: map.chart.count };
});

await withBrowser(async (browser) => {
  const first = await made();
  const tag = first.headers.get("etag") ?? "";
  assert.equal((await fetch(`${ADDRESS}/api/data/map`, { headers: { "if-none-match": tag } })).status, 304);
  if (process.env.HIVIS_MANY) {
    for (const path of ["/data", "/data?plain"]) {
      const { page, context } = await mapped(browser, path);
      const { middle, longest, painter, count } = await frames(page);
      assert.equal(count, 100_000);
      console.log(`${count} points, ${painter}: a frame takes ${middle.toFixed(1)} ms, the longest ${longest.toFixed(1)} ms`);
      await context.close();
    }
    return;
  }
  await inEveryLight(browser, "/data", "data");
  const opened = await mapped(browser, "/data");
  const { page } = opened;
  const said = page.locator("#map-said");

  // By keyboard: to a picture, and on to the next.
  await page.locator("#map-canvas").focus();
  await page.keyboard.press("n");
  await page.waitForSelector("#map-side img");
  const one = await page.locator("#map-side code").textContent();
  assert.match(one, /^hivis trace [0-9a-f]{16}$/);
  for (const key of ["+", "ArrowLeft", "ArrowUp", "-", "0", "n"]) await page.keyboard.press(key);
  await page.waitForFunction((/** @type {string} */ one) => document.querySelector("#map-side code")?.textContent !== one, one);
  assert.match(await said.textContent(), /^Picture [0-9a-f]{12}: /);
  assert.ok(await page.evaluate(() => document.activeElement?.id === "map-canvas"), "the focus stays on the map");
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement?.id === "map-side"));
  await holds(opened, "data-picture");

  // Colours by another kind, and the table that says the same.
  await page.getByLabel("Colour by").selectOption("sources");
  assert.match(await page.locator("#map-legend").textContent(), /dataset \d+/);
  const counts = await page.locator("#map-table tr td:nth-child(2)").allTextContents();
  const all = await page.evaluate(() => /** @type {any} */ (window).hivisMap.chart.count);
  assert.equal(counts.reduce((/** @type {number} */ sum, /** @type {string} */ n) => sum + Number(n), 0), all);

  // A line around everything lists it, bounded.
  await page.getByRole("button", { name: "Select an area" }).click();
  const box = await page.locator("#map-canvas").boundingBox();
  const corners = [[4, 4], [box.width - 4, 4], [box.width - 4, box.height - 4], [4, box.height - 4], [4, 6]];
  await page.mouse.move(box.x + 4, box.y + 4);
  await page.mouse.down();
  for (const [x, y] of corners) await page.mouse.move(box.x + Number(x), box.y + Number(y), { steps: 4 });
  await page.mouse.up();
  await page.waitForSelector("#map-list button img");
  const listed = await page.locator("#map-list button").count();
  assert.equal(listed, Math.min(all, 60));
  assert.match(await said.textContent(), /^Selected: [\d,]+ pictures/);
  await holds(opened, "data-selected");

  // The wheel zooms to where the mouse is.
  const before = await page.evaluate(() => /** @type {any} */ (window).hivisMap.view.scale);
  await page.mouse.wheel(0, -400);
  await page.waitForFunction((/** @type {number} */ was) => /** @type {any} */ (window).hivisMap.view.scale > 2 * was, before);

  // Two versions compared, by the form.
  const names = await page.locator('select[name="from"] option').allTextContents();
  assert.ok(names.length > 1, "there are versions to compare");
  await page.locator('select[name="from"]').selectOption(names[0]);
  await page.locator('select[name="to"]').selectOption(names[names.length - 1]);
  await page.getByRole("button", { name: "Compare" }).click();
  await page.waitForURL(/from=.*to=/);
  assert.ok((await page.locator("#diff-title ~ p.soft").first().textContent()).startsWith(`${names[0]} to ${names[names.length - 1]}`));
  await opened.context.close();

  const plain = await mapped(browser, "/data?plain", { viewport: PHONE });
  assert.equal(await plain.page.locator("#map-canvas").getAttribute("data-painter"), "2D canvas");
  await holds(plain, "data-plain");
});
