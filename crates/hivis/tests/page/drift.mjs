// @ts-check
import { inEveryLight, withBrowser } from "./lib.mjs";

await withBrowser(async (browser) => {
  await inEveryLight(browser, "/drift", "drift");
});
