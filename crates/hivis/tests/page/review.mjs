// @ts-check
import { PHONE, WIDE, inEveryLight, withBrowser } from "./lib.mjs";

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/review", "review", [WIDE, PHONE]);
});
