// @ts-check
// Alerts: the list in both themes, and acknowledging by keyboard alone.
import assert from "node:assert/strict";
import { WIDE, PHONE, holds, inEveryLight, open, withBrowser } from "./lib.mjs";

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/alerts", "alerts", [WIDE, PHONE]);
  const opened = await open(browser, "/alerts");
  const { page } = opened;
  const first = page.locator("#alerts-open li").first();
  if (process.env.HIVIS_ALERTS_HOLD) {
    const badge = await page.locator("nav .badge").textContent();
    assert.ok(Number(badge) > 0, "the navigation counts what holds");
    await first.getByRole("button", { name: /^Acknowledge/ }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("it is <b>known</b>");
    await holds(opened, "alerts-dialog");
    await page.keyboard.press("Enter");
    await first.getByText(/knows, until it is over: it is <b>known<\/b>/).waitFor();
    await first.getByRole("button", { name: /^Tell again/ }).waitFor();
    await holds(opened, "alerts-acknowledged");
    await first.getByRole("button", { name: /^Tell again/ }).focus();
    await page.keyboard.press("Enter");
    await first.getByRole("button", { name: /^Acknowledge/ }).waitFor();
  } else {
    await page.getByText("Nothing fires.").waitFor();
  }
});
