// @ts-check
// Now, kept current: verdict and figures every two seconds, challenges as they come, the wheel once a minute.

import { get } from "./api.js";
import { byId, coded, el } from "./dom.js";
import { KEEP, Table } from "./rows.js";
import { Stream } from "./stream.js";

/** @typedef {import("./stream.js").Figures} Figures */
/** @typedef {{reward: {point: number, low: number, high: number, from: string} | null, turn: string,
 *   stations: {name: string, count: number, said: string, at_work: boolean}[]}} Look */

/** Reward and the wheel change slowly. */
const LOOK_MS = 60_000;
/** A screen reader is told so often what came. */
const SUMMARY_MS = 15_000;
/** A row is written within this time after its answer was given. */
const WRITTEN_MS = 1_500;

const table = new Table();
const newest = byId("answers").dataset.newest ?? "";
let came = 0;
let silent = 0;

/** @param {string} text @param {string} state */
function link(text, state) {
  const place = byId("link");
  if (place.textContent !== text) place.textContent = text;
  place.className = `link ${state}`;
}

/** @param {string} of @param {string} text */
function put(of, text) {
  for (const place of document.querySelectorAll(of)) if (place.textContent !== text) place.textContent = text;
}

/** @param {Figures} said */
function figures(said) {
  for (const [name, text] of Object.entries(said.texts)) put(`[data-figure="${name}"]`, text);
  put('[data-now="title"]', said.title);
  put('[data-now="lead"]', said.lead);
  byId("verdict").className = `card verdict ${said.state}`;
  const list = byId("reasons");
  const key = JSON.stringify(said.reasons);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...said.reasons.map((reason) =>
    el("li", { class: reason.state }, el("b", {}, reason.said), " ", el("span", { class: "soft" }, ...coded(reason.hint)))));
}

/** @param {number} count */
const short = (count) => (count < 10_000 ? String(count) : count < 1_000_000 ? `${Math.floor(count / 1000)}k` : `${(count / 1e6).toFixed(1)}M`);

async function look() {
  if (document.hidden) return;
  /** @type {Look | null} */
  const said = (await get("/api/now").catch(() => null))?.look ?? null;
  if (!said) return;
  put('[data-look="turn"]', said.turn);
  if (said.reward) {
    for (const name of /** @type {const} */ (["low", "high"])) put(`[data-look="${name}"]`, said.reward[name].toFixed(2));
    put('[data-look="reward"]', said.reward.point.toFixed(2));
    put('[data-look="from"]', said.reward.from);
  }
  for (const station of said.stations) {
    for (const place of document.querySelectorAll(`[data-station="${station.name}"]`)) {
      place.setAttribute("class", `station ${station.at_work ? "work" : station.count > 0 ? "done" : "idle"}`);
      const words = `${station.name}: ${station.said}`;
      const [title, count] = [place.querySelector("title"), place.querySelector(".count")];
      if (title) title.textContent = words;
      if (count) count.textContent = short(station.count);
    }
  }
}

const pause = byId("pause");
let byHand = false;
let pointed = false;
const hold = () => {
  table.hold(byHand || pointed);
  pause.setAttribute("aria-pressed", String(byHand));
  pause.textContent = byHand ? "Go on" : "Pause";
};
table.onHeld = (unseen) => { if (byHand) pause.textContent = `Go on (${unseen} new)`; };
pause.addEventListener("click", () => { byHand = !byHand; hold(); });
// Nobody should hit a row that has just become another one.
const body = byId("answers");
for (const [begins, ends] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
  body.addEventListener(begins, () => { pointed = true; hold(); });
  body.addEventListener(ends, () => { pointed = false; hold(); });
}

new Stream("/events", newest, {
  link,
  figures,
  answers(rows, others) {
    came += rows.length + others;
    silent += rows.filter((row) => row.probability === null).length;
    table.add(rows);
  },
  opened(again) {
    if (!again) return;
    // Answers that were given around the break are written a moment later.
    window.setTimeout(async () => {
      const said = await get(`/api/challenges?limit=${KEEP}`).catch(() => null);
      if (said) table.add(said.rows);
    }, WRITTEN_MS);
    void look();
  },
});

setInterval(look, LOOK_MS);
setInterval(() => {
  if (document.hidden || came === 0) return;
  const s = came === 1 ? "" : "s";
  byId("summary").textContent = `${came} challenge${s} in the last ${SUMMARY_MS / 1000} seconds, ${silent === 0 ? "all answered" : `${silent} without an answer`}`;
  came = 0;
  silent = 0;
}, SUMMARY_MS);
