// @ts-check
// One answer's story: asking another release what it says of the picture.

import { send } from "./api.js";
import { byId, el } from "./dom.js";

/** @typedef {{release: string, probability: number, ms: number}} Said */
/** @typedef {{serving: Said | null, asked: Said}} Replay */

const id = byId("record").dataset.id ?? "";

/** @param {string} who @param {Said} said */
function row(who, said) {
  const meter = el("meter", { "aria-label": "probability of roadwork" });
  meter.value = said.probability;
  const side = said.probability > 0.5 ? "roadwork" : "clear";
  return el("tr", {}, el("th", { scope: "row" }, who), el("td", {}, said.release), el("td", {}, meter, ` ${said.probability.toFixed(4)}`),
    el("td", { class: side === "roadwork" ? "road" : "clear" }, side), el("td", { class: "number" }, `${said.ms.toFixed(1)} ms`));
}

/** @param {string} release */
async function ask(release) {
  const place = byId("replayed");
  if (place.ariaBusy === "true") return;
  place.ariaBusy = "true";
  place.replaceChildren(el("p", { class: "soft" }, `Loading ${release} and asking it…`));
  try {
    /** @type {Replay} */
    const said = await send(`/api/challenge/${id}/replay`, { release });
    const rows = [row("asked", said.asked)];
    if (said.serving) rows.unshift(row("serving now", said.serving));
    place.replaceChildren(el("div", { class: "scroll", tabindex: "0" }, el("table", {}, el("tbody", {}, ...rows))));
  } catch (error) {
    place.replaceChildren(el("p", { class: "error" }, error instanceof Error ? error.message : String(error)));
  }
  place.ariaBusy = "false";
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#replay[data-may]"));
if (form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const select = /** @type {HTMLSelectElement} */ (byId("release"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(select.value);
  });
  // Until here nobody listened, and the browser would have sent the form as a plain one and lost the answer.
  button.disabled = select.disabled = false;
}
