// @ts-check
// The live table: at most 40 rows, rewritten in place, so that nothing on the page moves. At most one drawing a frame and
// four a second; pictures at most three a second, only of rows that are shown.

import { byId, el } from "./dom.js";

/** @typedef {import("./stream.js").Row} Row */

export const KEEP = 40;
const DRAW_MS = 250;
const PICTURES_MS = 330;

const body = /** @type {HTMLTableSectionElement} */ (byId("answers"));

/** @typedef {{tr: HTMLTableRowElement, img: HTMLImageElement, link: HTMLAnchorElement, who: HTMLElement,
 *   meter: HTMLMeterElement, score: HTMLElement, scoreCell: HTMLElement, verdict: HTMLElement, status: HTMLElement, ms: HTMLElement,
 *   id: string}} Line */

/** @returns {Line} */
function line() {
  const img = el("img", { alt: "", width: "56", height: "56" });
  const link = el("a");
  const meter = el("meter", { "aria-label": "probability of roadwork" });
  const score = el("span");
  const who = el("td", { class: "c-who" });
  const verdict = el("td");
  const status = el("td", { class: "c-status number" });
  const ms = el("td", { class: "c-ms number" });
  const scoreCell = el("td", { class: "c-score" }, meter, " ", score);
  const tr = el("tr", {}, el("td", { class: "c-picture" }, img), el("td", { class: "c-time" }, link), who, scoreCell, verdict, status, ms);
  return { tr, img, link, who, meter, score, scoreCell, verdict, status, ms, id: "" };
}

/** What a row of the server's says. @param {HTMLTableRowElement} tr @returns {Row} */
function read(tr) {
  const text = (/** @type {string} */ of) => tr.querySelector(of)?.textContent ?? "";
  const score = text(".c-score span");
  const answer = tr.querySelector(".c-answer");
  return {
    id: tr.dataset.id ?? "", time: `0000-00-00T${text(".c-time")}`, validator: text(".c-who"),
    probability: score ? Number(score) : null, verdict: answer?.textContent ?? "",
    class: answer?.className.replace("c-answer", "").trim() ?? "", status: Number(text(".c-status")), ms: Number(text(".c-ms")),
    release: null, picture: tr.dataset.picture === "true", truth: null,
  };
}

export class Table {
  constructor() {
    /** Newest first; ids sort by arrival. @type {Row[]} */
    this.rows = [...body.rows].map(read);
    /** @type {Line[]} */
    this.lines = [];
    /** Pictures that came, and those that never will. @type {Set<string>} */
    this.loaded = new Set();
    this.held = false;
    this.drawn = 0;
    this.frame = 0;
    this.timer = 0;
    this.pictures = 0;
    /** Answers that came while it was held. */
    this.unseen = 0;
    /** @type {(unseen: number) => void} */
    this.onHeld = () => {};
    addEventListener("scroll", () => this.#nextPicture(), { passive: true });
  }

  /** @param {Row[]} rows */
  add(rows) {
    const known = new Set(this.rows.map((row) => row.id));
    const fresh = rows.filter((row) => !known.has(row.id));
    if (fresh.length === 0) return;
    this.rows.push(...fresh);
    this.rows.sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
    this.rows.length = Math.min(this.rows.length, KEEP);
    if (this.held) {
      this.unseen += fresh.length;
      this.onHeld(this.unseen);
    } else this.#soon();
  }

  /** @param {boolean} held */
  hold(held) {
    this.held = held;
    if (held) return;
    this.unseen = 0;
    this.#soon();
  }

  /** Draws with the next frame, unless it was drawn just now. */
  #soon() {
    if (this.frame || this.timer || document.hidden) return;
    const wait = this.drawn + DRAW_MS - performance.now();
    const draw = () => {
      this.timer = 0;
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.#draw();
      });
    };
    if (wait <= 0) draw();
    else this.timer = window.setTimeout(draw, wait);
  }

  #draw() {
    this.drawn = performance.now();
    if (this.held) return;
    if (this.lines.length === 0) {
      // The first time: our own rows in place of the server's, of the same size.
      for (const img of body.querySelectorAll("img[src]")) {
        const id = img.closest("tr")?.dataset.id;
        if (id && /** @type {HTMLImageElement} */ (img).complete) this.loaded.add(id);
      }
      this.lines = this.rows.map(line);
      body.replaceChildren(...this.lines.map((of) => of.tr));
      byId("empty").hidden = true;
    }
    while (this.lines.length < this.rows.length) {
      const more = line();
      this.lines.push(more);
      body.append(more.tr);
    }
    this.rows.forEach((row, at) => write(this.lines[at], row, this.loaded));
    if (this.loaded.size > 400) this.loaded = new Set(this.rows.map((row) => row.id).filter((id) => this.loaded.has(id)));
    this.#nextPicture();
  }

  /** Loads the picture of the first row in sight that lacks it, then waits. */
  #nextPicture() {
    if (this.pictures || document.hidden) return;
    const at = this.rows.findIndex((row, at) => row.picture && !this.loaded.has(row.id) && this.lines[at] && inSight(this.lines[at].tr));
    if (at < 0) return;
    const of = this.lines[at];
    const { id } = this.rows[at];
    this.loaded.add(id);
    of.img.src = thumb(id);
    this.pictures = window.setTimeout(() => {
      this.pictures = 0;
      this.#nextPicture();
    }, PICTURES_MS);
  }
}

/** @param {string} id */
const thumb = (id) => `/records/${id}/thumb`;

/** @param {Element} of */
function inSight(of) {
  const { top, bottom } = of.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** @param {Node} of @param {string} text */
function put(of, text) {
  if (of.textContent !== text) of.textContent = text;
}

/** @param {Line} of @param {Row} row @param {Set<string>} loaded */
function write(of, row, loaded) {
  if (of.id === row.id) return;
  of.id = row.id;
  of.link.href = `/challenge/${row.id}`;
  put(of.link, row.time.slice(11, 19));
  put(of.who, [...row.validator].slice(0, 6).join(""));
  const shown = row.probability !== null;
  of.scoreCell.className = shown ? "c-score" : "c-score none";
  if (shown) {
    of.meter.value = row.probability ?? 0;
    put(of.score, (row.probability ?? 0).toFixed(3));
  } else put(of.score, "");
  of.meter.hidden = !shown;
  of.verdict.className = `c-answer ${row.class}`;
  put(of.verdict, row.verdict);
  put(of.status, String(row.status));
  put(of.ms, row.ms.toFixed(1));
  if (row.picture && loaded.has(row.id)) of.img.src = thumb(row.id);
  else of.img.removeAttribute("src");
}
