// @ts-check
// Challenge: the list, one story, another release's word; all without an error and by keyboard.

import assert from "node:assert/strict";
import { ADDRESS, PHONE, WIDE, holds, inEveryLight, open, withBrowser } from "./lib.mjs";

const PATIENCE = 60_000;

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/challenge", "challenges", [WIDE]);
  await inEveryLight(browser, "/challenge?kind=expired", "challenges-none", [WIDE]);
  const answer = await fetch(`${ADDRESS}/api/challenges?limit=1`);
  const id = (await answer.json()).rows[0].id;
  await inEveryLight(browser, `/challenge/${id}`, "challenge", [WIDE, PHONE]);

  // From the list into a story.
  const opened = await open(browser, "/challenge");
  const { page } = opened;
  await page.focus("tbody a");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#record");
  assert.ok(page.url().includes("/challenge/"), page.url());

  // What serves says the same again.
  await page.focus("#replay button:enabled");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#replayed table", { timeout: PATIENCE });
  const said = await page.textContent("#replayed");
  assert.ok(said.includes("serving now") && said.includes("asked"), said);
  const scores = [...said.matchAll(/0\.\d{4}/g)].map((found) => found[0]);
  const shown = await page.textContent("dl dd");
  assert.equal(scores[0], scores[1], "the same release");
  assert.equal(scores[0], Number(shown).toFixed(4), "as it was answered");
  await holds(opened, "challenge-replayed-1280-light");
  await opened.context.close();

  // Before a script listens, or without one, the form cannot be sent past it.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const bare = await plain.newPage();
  await bare.goto(`${ADDRESS}/challenge/${id}`);
  assert.ok(await bare.isDisabled("#replay button"), "nobody listens yet");
  assert.ok(await bare.isVisible("#replay noscript"), "and that is said");
  await plain.close();

  // What is not there is said.
  const response = await fetch(`${ADDRESS}/challenge/ffffffff`);
  assert.equal(response.status, 404);
  assert.ok((await response.text()).includes("no record&#39;s id begins so"));
});
