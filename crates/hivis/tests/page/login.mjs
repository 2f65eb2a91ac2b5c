// @ts-check
// By keyboard alone: log in, see who is in, log out, and be told when the session has ended.
// HIVIS_NAME and HIVIS_PASSWORD name an account that is an operator.
import assert from "node:assert/strict";
import { ADDRESS, PHONE, WIDE, holds, inEveryLight, open, withBrowser } from "./lib.mjs";

const NAME = process.env.HIVIS_NAME ?? "anna";
const PASSWORD = process.env.HIVIS_PASSWORD ?? "";

/** The text of the element that has the focus, by its label. @param {any} page */
const focused = (page) => page.evaluate(() => {
  const at = /** @type {any} */ (document.activeElement);
  return at?.labels?.[0]?.textContent ?? at?.textContent?.trim() ?? "";
});

/** Tab until the element with this label or text has the focus. @param {any} page @param {string} wanted */
async function tabTo(page, wanted) {
  for (let presses = 0; presses < 40; presses++) {
    if ((await focused(page)) === wanted) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`nothing called ${wanted} is reached by the Tab key`);
}

/** @param {any} page @param {string} password */
async function logIn(page, password) {
  assert.equal(await focused(page), "Name", "the first field has the focus");
  await page.keyboard.type(NAME);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Password");
  await page.keyboard.type(password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/login", "login", [WIDE, PHONE]);

  const opened = await open(browser, "/review?from=mail");
  const { page, errors, context } = opened;
  assert.equal(page.url(), `${ADDRESS}/login?next=/review%3Ffrom%3Dmail`);
  await logIn(page, "this is not it");
  assert.match(await page.textContent("[role=alert]"), /That is not right/);
  assert.ok(!(await page.content()).includes("this is not it"), "nothing that was typed comes back");
  // Chromium tells the 401 of the form on the console, and that is all.
  assert.equal(errors.splice(0).filter((said) => !said.includes("401")).length, 0);
  await holds(opened, "login-refused");

  await logIn(page, PASSWORD);
  assert.equal(page.url(), `${ADDRESS}/review?from=mail`, "back to where somebody wanted to go");
  assert.match(await page.textContent("header"), new RegExp(`${NAME} \\(operator\\)`));
  assert.equal(await page.evaluate(() => document.cookie), "", "no script sees the session");
  await holds(opened, "login-in");
  await page.goto(`${ADDRESS}/api`);
  await holds(opened, "api");

  // A session that has ended: the API says 401, a page leads to the door, which says why.
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
  await tabTo(page, "Log out");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.equal(page.url(), `${ADDRESS}/login`);
  await context.addCookies([cookie]);
  const status = await page.evaluate(async () => (await fetch("/api/openapi.json")).status);
  assert.equal(status, 401, "the old cookie opens nothing");
  errors.splice(0);
  await page.goto(`${ADDRESS}/data`);
  assert.equal(page.url(), `${ADDRESS}/login?next=/data`);
  assert.match(await page.textContent("[role=alert]"), /Your session has ended/);
  await holds(opened, "login-ended");
  await logIn(page, PASSWORD);
  assert.equal(page.url(), `${ADDRESS}/data`);
  await context.close();

  // Without JavaScript it is the same form.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const form = await plain.newPage();
  await form.goto(`${ADDRESS}/system`);
  await form.fill("#name", NAME);
  await form.fill("#password", PASSWORD);
  await form.click("button");
  await form.waitForURL(`${ADDRESS}/system`);
  await form.click("text=Log out");
  await form.waitForURL(`${ADDRESS}/login`);
  await plain.close();
});
