// @ts-check
// One answer's story: asking another release what it says of the picture.

import { send } from "./api.js";
import { byId, el } from "./dom.js";

/** @typedef {{release: string, probability: number, ms: number}} Said */
/** @typedef {{serving: Said | null, asked: Said}} Replay */

const form = document.getElementById("replay");
const id = byId("record").dataset.id ?? "";

/** @param {string} who @param {Said} said */
function row(who, said) {
  const meter = el("meter", { "aria-label": "probability of roadwork" });
  meter.value = said.probability;
  const side = said.probability > 0.5 ? "roadwork" : "clear";
  return el("tr", {}, el("th", { scope: "row" }, who), el("td", {}, said.release), el("td", {}, meter, ` ${said.probability.toFixed(4)}`),
    el("td", { class: side === "roadwork" ? "road" : "clear" }, side), el("td", { class: "number" }, `${said.ms.toFixed(1)} ms`));
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const place = byId("replayed");
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const select = /** @type {HTMLSelectElement} */ (byId("release"));
  button.disabled = true;
  place.replaceChildren(el("p", { class: "soft" }, `Loading ${select.value} and asking it…`));
  try {
    /** @type {Replay} */
    const said = await send(`/api/challenge/${id}/replay`, { release: select.value });
    const rows = [row("asked", said.asked)];
    if (said.serving) rows.unshift(row("serving now", said.serving));
    place.replaceChildren(el("div", { class: "scroll", tabindex: "0" }, el("table", {}, el("tbody", {}, ...rows))));
  } catch (error) {
    place.replaceChildren(el("p", { class: "error" }, error instanceof Error ? error.message : String(error)));
  }
  button.disabled = false;
});
