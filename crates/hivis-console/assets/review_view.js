// @ts-check
// How the pictures are shown: one with what is known of it, or many in a grid. Elements are kept and changed, never made
// anew, so that the focus stays where it was.

import { byId, el } from "./dom.js";
import { pictureOf } from "./review_desk.js";

/** @typedef {import("./review_desk.js").Story} Story */
/** @typedef {import("./review_desk.js").Word} Word */

/** Pictures that are loaded before they are shown. */
const AHEAD = 4;
/** @type {Map<number, HTMLImageElement>} */
const loaded = new Map();

/** A label in the subnet's words. @param {string | null | undefined} label */
export function shows(label) {
  if (!label) return "";
  return label.toLowerCase() === "roadwork" ? "roadwork" : "no roadwork";
}

/** A decision in words. @param {Word} word */
export function said(word) {
  if (word.verdict === "accept") return `accepted as ${shows(word.label)}`;
  return word.verdict === "reject" ? `rejected for ${word.reason}` : "skipped";
}

/** One line for whoever hears the page. @param {Story} story */
export function heard(story) {
  const asked = story.asked ? `, asked for ${shows(story.asked)}` : "";
  return `review ${story.number}, ${story.why}${asked}`;
}

/** Loads what comes next. @param {Story[]} stories @param {number} at */
export function prefetch(stories, at) {
  const near = stories.slice(at, at + AHEAD + 1).map((story) => story.number);
  for (const number of near) {
    if (!loaded.has(number)) {
      const image = new Image();
      image.src = pictureOf(number);
      loaded.set(number, image);
    }
  }
  for (const number of [...loaded.keys()].slice(0, Math.max(0, loaded.size - 60))) loaded.delete(number);
}

/** What is known of it: name and text. @param {Story} story @returns {[string, string][]} */
function known(story) {
  /** @type {[string, string][]} */
  const rows = [["queued as", `${story.why}, priority ${story.priority.toFixed(2)}`]];
  const made = story.generated;
  if (story.asked) rows.push(["asked for", shows(story.asked)]);
  if (made) {
    rows.push(["prompt", made.prompt], ["made by", `${made.generator}, ${made.model}, ${made.mode}, seed ${made.seed}`],
      ["of", made.prompt_id]);
    if (made.slices.length > 0) rows.push(["slices", made.slices.join(", ")]);
    if (made.parent) rows.push(["varies", made.parent.slice(0, 16)]);
  }
  if (story.probability !== null) rows.push(["answered", story.probability.toFixed(3)]);
  if (story.reasons.length > 0) rows.push(["hard for", story.reasons.join(", ")]);
  for (const word of story.words) rows.push([word.source, shows(word.label)]);
  if (story.state === "conflict") rows.push(["looks", "two people differ; you settle it"]);
  else if (story.wanted > 1 || story.state === "second") rows.push(["looks", "two people look at this one"]);
  rows.push(["picture", story.id.slice(0, 16)]);
  return rows;
}

/** @param {Story} story */
function facts(story) {
  const rows = known(story).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)));
  if (story.record) {
    const link = el("a", { href: `/challenge/${story.record}` }, "its challenge");
    rows.push(el("div", {}, el("dt", {}, "record"), el("dd", {}, link)));
  }
  return rows;
}

/** @type {number | null} */
let shown = null;

/** The single view. @param {Story | undefined} story @param {string} empty what to say when there is none
 *  @param {string} place such as `3 of 20` */
export function single(story, empty, place) {
  const image = /** @type {HTMLImageElement} */ (byId("picture"));
  const nothing = byId("waiting");
  nothing.hidden = story !== undefined;
  if (!story) {
    image.hidden = true;
    image.removeAttribute("src");
    nothing.textContent = empty;
    byId("title").textContent = "Nothing waits";
    byId("facts").replaceChildren();
    shown = null;
    return;
  }
  byId("title").textContent = `Review ${story.number} (${place})`;
  if (shown === story.number) return;
  shown = story.number;
  image.hidden = false;
  image.src = pictureOf(story.number);
  image.alt = `Picture of ${heard(story)}`;
  image.onerror = () => {
    image.hidden = true;
    nothing.hidden = false;
    nothing.textContent = "The picture cannot be shown: it is gone, or no JPEG, PNG or WebP. Skip it, or reject it.";
  };
  byId("facts").replaceChildren(...facts(story));
}

/** @type {Map<number, HTMLElement>} */
const cells = new Map();

/** @param {Story} story */
function cell(story) {
  const image = el("img", { src: pictureOf(story.number), alt: "", loading: "lazy", width: "160", height: "160" });
  const made = el("div", { role: "option", "aria-selected": "false", "data-number": String(story.number) }, image,
    el("span", {}, heard(story)));
  cells.set(story.number, made);
  return made;
}

/** The grid. @param {Story[]} stories @param {number} at where the focus belongs @param {Set<number>} marked */
export function grid(stories, at, marked) {
  const box = byId("grid");
  const had = box.contains(document.activeElement);
  const wanted = stories.map((story) => cells.get(story.number) ?? cell(story));
  const numbers = new Set(stories.map((story) => story.number));
  for (const [number, old] of cells) {
    if (!numbers.has(number)) {
      old.remove();
      cells.delete(number);
    }
  }
  wanted.forEach((node, place) => {
    if (box.children[place] !== node) box.insertBefore(node, box.children[place] ?? null);
    node.tabIndex = place === at ? 0 : -1;
    node.setAttribute("aria-selected", String(marked.has(Number(node.dataset.number))));
  });
  if (had && wanted[at] && document.activeElement !== wanted[at]) wanted[at].focus();
  else if (had && wanted.length === 0) byId("title").focus();
}

/** Cells in a row of the grid. */
export function columns() {
  const [first, ...rest] = byId("grid").children;
  if (!(first instanceof HTMLElement)) return 1;
  const next = rest.findIndex((node) => node instanceof HTMLElement && node.offsetTop > first.offsetTop);
  return next < 0 ? rest.length + 1 : next + 1;
}
