// @ts-check
// System: looks right in every light, and keys of the configuration are found as one types.

import assert from "node:assert/strict";
import { holds, inEveryLight, open, withBrowser } from "./lib.mjs";

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/system", "system");
  const opened = await open(browser, "/system");
  const { page } = opened;
  const rows = page.locator("#keys tr:visible");
  const all = await rows.count();
  assert.ok(all > 100, `every key is there, not ${all}`);
  await page.getByLabel("Find a key").fill("serve.dead");
  assert.equal(await rows.count(), 1);
  assert.ok((await rows.first().textContent())?.includes("serve.deadline_s"));
  await page.getByText(`1 of ${all} keys`).waitFor();
  await page.getByLabel("Find a key").fill("");
  await page.getByLabel("only what somebody wrote").check();
  const written = await rows.count();
  assert.ok(written > 0 && written < all, `${written} of ${all}`);
  // Flags of the server are among them.
  assert.ok((await page.locator("#keys").innerText()).includes("--page"));
  await holds(opened, "system-found");
  await opened.context.close();
});
