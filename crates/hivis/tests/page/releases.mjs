// @ts-check
// Releases: looks right in every light; a training under way is drawn anew; a promotion is confirmed by typing, refused by
// the policy, forced with a reason, and followed to its end. HIVIS_TO names the release to promote, HIVIS_RUN the folder of
// a training under way; without them only the looks are tested.

import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
import { holds, inEveryLight, open, withBrowser } from "./lib.mjs";

const TO = process.env.HIVIS_TO;
const RUN = process.env.HIVIS_RUN;

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/releases", "releases");
  const address = process.env.HIVIS_RELEASE;
  if (address) await inEveryLight(browser, `/releases/${address}`, "release");

  if (RUN) {
    const opened = await open(browser, `/releases?run=${basename(RUN)}`);
    const card = opened.page.locator(`[data-run="${basename(RUN)}"]`);
    assert.equal(await card.getAttribute("data-state"), "running");
    const drawn = await card.locator('[data-plot="curve"] svg').innerHTML();
    const values = { loss: 0.11, val_loss: 0.21 };
    appendFileSync(join(RUN, "events.jsonl"), JSON.stringify({ event: "metrics", step: 3, values }) + "\n");
    await opened.page.waitForFunction(
      (/** @type {string} */ before) => document.querySelector('[data-plot="curve"] svg')?.innerHTML !== before, drawn);
    await opened.page.getByText("0.2100 after 3 passes").waitFor();
    await holds(opened, "releases-running");
    await opened.context.close();
  }

  if (TO) {
    const opened = await open(browser, "/releases");
    const { page } = opened;
    // By keyboard: the button, the dialog, and away again.
    await page.getByRole("button", { name: `Promote ${TO}` }).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    const go = dialog.getByRole("button", { name: "Promote" });
    const name = dialog.getByLabel("Type the release's name to confirm");
    assert.ok(await go.isDisabled(), "nothing is promoted by one click");
    await page.keyboard.type(`${TO}x`);
    assert.ok(await go.isDisabled(), "another name is not enough");
    await page.keyboard.press("Escape");
    assert.ok(!(await dialog.isVisible()));
    await page.keyboard.press("Enter");
    await name.fill(TO);
    await go.click();
    // The policy refuses in words, and only then there is force, with a reason.
    await dialog.getByText("has sat no exam beside").waitFor();
    opened.errors.splice(0, opened.errors.length, ...opened.errors.filter((error) => !error.includes("422")));
    await dialog.getByLabel("promote although the policy").check();
    assert.ok(await go.isDisabled(), "force wants a reason");
    await dialog.getByLabel("Why").fill("the browser test wants it");
    await holds(opened, "releases-dialog");
    await go.click();
    await page.locator("#serving").getByRole("link", { name: TO }).waitFor();
    await page.locator("#moving").getByText(`${TO} serves`).waitFor();
    const history = page.locator("table", { has: page.getByText("outcome") }).first();
    await history.getByText("by force: the browser test wants it").waitFor();
    await holds(opened, "releases-promoted");
    await opened.context.close();
  }
});
