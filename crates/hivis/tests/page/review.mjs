// @ts-check
// Review by keyboard: more than 40 decisions a minute, undo, the grid, two people, what comes back, what is sent late.
// The home behind it has at least 150 pictures in its queue, one look each.

import assert from "node:assert/strict";
import { ADDRESS, PHONE, WIDE, holds, open, withBrowser } from "./lib.mjs";

/** Pictures that are decided one by one against the clock. */
const MANY = 60;

/** @param {string} path @returns {Promise<any>} */
async function api(path) {
  const response = await fetch(`${ADDRESS}/api/review/${path}`);
  assert.equal(response.status, 200, path);
  return response.json();
}

/** @param {string} path @param {unknown} body @param {string} name */
async function post(path, body, name) {
  const headers = { "content-type": "application/json", "x-hivis-reviewer": name };
  return fetch(`${ADDRESS}/api/review/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The page with its first picture, after its question for a name. @param {any} browser @param {string} name @param {object} [how] */
async function sits(browser, name, how = {}) {
  const opened = await open(browser, "/review", how);
  await opened.page.getByRole("textbox", { name: "Name" }).fill(name);
  await opened.page.keyboard.press("Enter");
  await first(opened.page);
  return opened;
}

/** @param {any} page */
const first = (page) => page.waitForFunction(() => /Review \d+/.test(document.getElementById("title")?.textContent ?? ""));
/** @param {any} page @returns {Promise<number>} */
const number = async (page) => Number((await page.locator("#title").textContent()).match(/Review (\d+)/)?.[1]);
/** @param {any} page */
const sent = (page) => page.waitForFunction(() => document.getElementById("link")?.textContent === "");
/** @param {any} page @returns {Promise<number[]>} */
const inGrid = (page) => page.locator('#grid [role="option"]').evaluateAll(
  (/** @type {HTMLElement[]} */ cells) => cells.map((cell) => Number(cell.dataset.number)));
/** @param {any} page @param {number} was */
const moves = (page, was) => page.waitForFunction((/** @type {number} */ was) => {
  const now = document.getElementById("title")?.textContent?.match(/Review (\d+)/)?.[1];
  return now !== undefined && now !== String(was);
}, was);

await withBrowser(async (browser) => {
  for (const viewport of [WIDE, PHONE]) {
    for (const theme of /** @type {const} */ (["light", "dark"])) {
      const name = `review-${viewport.width}-${theme}`;
      const asked = await open(browser, "/review", { viewport, theme });
      await holds(asked, `${name}-name`);
      await asked.page.getByRole("textbox", { name: "Name" }).fill("looker");
      await asked.page.keyboard.press("Enter");
      await first(asked.page);
      await holds(asked, name);
      await asked.page.getByRole("button", { name: "Grid" }).click();
      await asked.page.waitForSelector('#grid [role="option"] img');
      await holds(asked, `${name}-grid`);
      await asked.context.close();
    }
  }
  await post("leave", {}, "looker");

  const anna = await sits(browser, "Anna");
  const { page } = anna;
  const before = (await api("queue")).counts;
  assert.match(await page.locator("#facts").textContent(), /<img src=x onerror=/, "a prompt is text");
  const begun = performance.now();
  for (let n = 0; n < MANY; n += 1) {
    const was = await number(page);
    await page.keyboard.press(n % 3 === 0 ? "n" : "r");
    await moves(page, was);
  }
  const minutes = (performance.now() - begun) / 60_000;
  await sent(page);
  const after = (await api("queue")).counts;
  // What contradicts a trusted source waits for a second look.
  const taken = after.accepted + after.second - before.accepted - before.second;
  assert.equal(taken, MANY, "every decision is in the ledger");
  console.log(`${Math.round(MANY / minutes)} decisions a minute, by keyboard, all of them in the ledger`);
  assert.ok(MANY / minutes > 40, `${MANY / minutes} decisions a minute`);
  assert.match(await page.locator("#said").textContent(), /accepted as (no )?roadwork\. Next: review \d+/);

  // Reject with a reason, think again, undo.
  const rejected = await number(page);
  await page.keyboard.press("x");
  await page.keyboard.press("Escape");
  assert.equal(await number(page), rejected);
  await page.keyboard.press("x");
  await page.keyboard.press("3");
  await moves(page, rejected);
  await sent(page);
  assert.equal((await api(String(rejected))).decisions.at(-1).reason, "context");
  await page.keyboard.press("u");
  await page.waitForFunction((/** @type {number} */ n) => document.getElementById("title")?.textContent?.includes(`Review ${n} `), rejected);
  await sent(page);
  assert.equal((await api(String(rejected))).state, "open");
  await page.keyboard.press("s");
  await moves(page, rejected);
  await sent(page);
  assert.equal((await api(String(rejected))).state, "skipped");

  // The grid: several are marked and decided together; the focus stays in it.
  await page.keyboard.press("g");
  await page.waitForSelector('#grid [role="option"] img');
  const cells = await inGrid(page);
  for (const key of [" ", "ArrowRight", " ", "j", "j", " ", "n"]) await page.keyboard.press(key);
  const marked = [cells[0], cells[1], cells[3]].map(Number);
  await sent(page);
  for (const one of marked) {
    const { state, decisions } = await api(String(one));
    // What waits for a second look tells nobody what the first one said.
    assert.ok(state === "second" || (state === "accepted" && decisions[0].label === "clear"), `${one} is ${state}`);
  }
  const left = await inGrid(page);
  assert.ok(marked.every((one) => !left.includes(one)) && left.includes(Number(cells[2])));
  assert.ok(await page.evaluate(() => document.activeElement?.closest("#grid") !== null), "the focus stays in the grid");

  // Another person gets other pictures.
  const ben = await sits(browser, "Ben");
  await ben.page.keyboard.press("g");
  await ben.page.waitForSelector('#grid [role="option"] img');
  const [hers, his] = [await inGrid(page), await inGrid(ben.page)];
  assert.ok(hers.length > 5 && his.length > 5 && hers.every((one) => !his.includes(one)), `${hers} and ${his}`);
  await ben.context.close();

  // Somebody was faster: it comes back with what the server says.
  await page.keyboard.press("g");
  const lost = await number(page);
  const faster = await post(`${lost}/decision`, { verdict: "reject", reason: "light" }, "cleo");
  assert.equal(faster.status, 200);
  await page.keyboard.press("r");
  await page.waitForSelector("#back li");
  assert.match(await page.locator("#back").textContent(), new RegExp(`Review ${lost} came back: .*cleo rejected it for light`));
  assert.deepEqual(anna.errors.splice(0).map((said) => /409/.test(said)), [true], "the browser notes the refusal, and nothing else");

  // What was not sent when the window closed is sent by the next one.
  await page.route("**/decision", (/** @type {any} */ route) => route.abort());
  const unsent = await number(page);
  await page.keyboard.press("r");
  await moves(page, unsent);
  await page.waitForFunction(() => document.getElementById("link")?.textContent?.includes("1 decision waits here"));
  await page.close();
  assert.equal((await api(String(unsent))).state, "open");
  const next = await anna.context.newPage();
  await next.goto(`${ADDRESS}/review`);
  await first(next);
  await sent(next);
  assert.match((await api(String(unsent))).state, /accepted|second/);

  // By touch.
  const phone = await sits(browser, "Dora", { viewport: PHONE });
  const touched = await number(phone.page);
  await phone.page.getByRole("button", { name: "artefact" }).click();
  await moves(phone.page, touched);
  await sent(phone.page);
  assert.equal((await api(String(touched))).decisions.at(-1).reason, "artefact");
  await holds(phone, "review-touch");
});
