// @ts-check
// Review: one key decides. What is pressed counts at once here, and is sent in the background (review_queue.js).

import { byId, el } from "./dom.js";
import { get } from "./api.js";
import { Desk, pictureOf } from "./review_desk.js";
import { Queue } from "./review_queue.js";
import { columns, grid, heard, prefetch, said, shows, single } from "./review_view.js";

/** @typedef {import("./review_desk.js").Story} Story */
/** @typedef {import("./review_desk.js").Word} Word */

const NAME = "hivis.review.name";
const REASONS = ["equipment", "light", "context", "artefact", "label"];
/** Rates are read again this often while somebody decides. */
const RATES_MS = 30_000;

/** @type {Queue} */ let queue;
let at = 0;
let isGrid = false;
let armed = false;
/** @type {Set<number>} */ const marked = new Set();

/** @param {string} text */
function say(text) {
  byId("said").textContent = text;
}

/** What a decision is about: the marked ones of the grid, or the one that is looked at. @returns {Story[]} */
function chosen() {
  if (isGrid && marked.size > 0) return queue.waiting.filter((story) => marked.has(story.number));
  const story = queue.waiting[at];
  return story ? [story] : [];
}

/** @param {Word} word */
function decide(word) {
  arm(false);
  const stories = chosen();
  if (stories.length === 0) return say("Nothing waits for you.");
  marked.clear();
  queue.decide(stories, word);
  const next = queue.waiting[at];
  const what = stories.length === 1 ? `Review ${stories[0]?.number} ${said(word)}.` : `${stories.length} pictures ${said(word)}.`;
  say(next ? `${what} Next: ${heard(next)}.` : `${what} Nothing more waits here.`);
}

function undo() {
  arm(false);
  const last = queue.undo();
  if (!last) return say("There is nothing to undo.");
  at = 0;
  show();
  say(`Undone: review ${last.story.number} was ${said(last.word)}. It waits again.`);
}

/** The next digit is a reason. @param {boolean} on */
function arm(on) {
  armed = on;
  byId("reasons").classList.toggle("armed", on);
  if (on) say("Reject: 1 equipment, 2 light, 3 context, 4 artefact, 5 label; Escape thinks again.");
}

/** @param {number} by */
function move(by) {
  arm(false);
  if (queue.waiting.length === 0) return;
  at = Math.min(Math.max(at + by, 0), queue.waiting.length - 1);
  show();
  if (isGrid) /** @type {HTMLElement | undefined} */ (byId("grid").children[at])?.focus();
  const story = queue.waiting[at];
  if (story && !isGrid) say(`${heard(story)}.`);
}

function turn() {
  isGrid = !isGrid;
  marked.clear();
  byId("desk").classList.toggle("is-grid", isGrid);
  byId("grid").hidden = !isGrid;
  byId("single").hidden = isGrid;
  document.querySelector('[data-do="grid"]')?.setAttribute("aria-pressed", String(isGrid));
  show();
  if (isGrid) /** @type {HTMLElement | undefined} */ (byId("grid").children[at])?.focus();
  else byId("title").focus();
  say(isGrid ? `Grid of ${queue.waiting.length}. Space marks.` : "One at a time.");
}

/** @param {number} place */
function mark(place) {
  const story = queue.waiting[place];
  if (!isGrid || !story) return;
  if (!marked.delete(story.number)) marked.add(story.number);
  at = place;
  show();
  say(`${marked.size} marked.`);
}

function keys() {
  const box = byId("keys");
  box.hidden = !box.hidden;
  document.querySelector('[data-do="keys"]')?.setAttribute("aria-expanded", String(!box.hidden));
}

/** @type {Record<string, () => void>} */
const actions = {
  roadwork: () => decide({ verdict: "accept", label: "roadwork" }),
  none: () => decide({ verdict: "accept", label: "none" }),
  skip: () => decide({ verdict: "skip" }),
  undo, grid: turn, keys,
};

/** What a key does; undefined where it is none of ours. @param {KeyboardEvent} event */
function meaning(event) {
  const { key } = event;
  if (armed && /^[1-5]$/.test(key)) return () => decide({ verdict: "reject", reason: REASONS[Number(key) - 1] });
  if (armed && key === "Escape") return () => { arm(false); say("Not rejected."); };
  if (key === "Escape" && !byId("keys").hidden) return keys;
  /** @type {Record<string, () => void>} */
  const table = {
    r: actions.roadwork, n: actions.none, s: actions.skip, u: undo, g: turn, "?": keys, x: () => arm(true),
    j: () => move(1), ArrowRight: () => move(1), k: () => move(-1), ArrowLeft: () => move(-1),
  };
  if (isGrid) {
    table.ArrowDown = () => move(columns());
    table.ArrowUp = () => move(-columns());
    if (byId("grid").contains(document.activeElement)) table[" "] = () => mark(at);
  }
  return table[key.length === 1 ? key.toLowerCase() : key];
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const inField = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog, nav, .scroll");
  // A held key decides once: a row of pictures is not decided by a finger that slept.
  if (inField || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !event.key.startsWith("Arrow")) return;
  const does = meaning(event);
  if (!does) return;
  event.preventDefault();
  does();
}

/** Everything as it stands now. */
function show() {
  at = Math.min(at, Math.max(0, queue.waiting.length - 1));
  const story = queue.waiting[at];
  const empty = queue.asked
    ? "Nothing waits for you. hivis review fill queues more; what waits for another look is another's."
    : "Asking for the first picture …";
  if (isGrid) grid(queue.waiting, at, marked);
  else single(story, empty, `${at + 1} of ${queue.waiting.length} here`);
  prefetch(queue.waiting, at);
  for (const [name, count] of Object.entries(queue.counts ?? {})) {
    const place = document.querySelector(`[data-count="${name}"]`);
    if (place) place.textContent = String(count);
  }
  byId("done").textContent = String(queue.decisions);
  byId("speed").textContent = String(queue.speed() ?? "–");
  const sending = queue.outbox.length > 0 ? `Sending ${queue.outbox.length}.` : "";
  byId("link").textContent = queue.trouble || sending;
  byId("link").classList.toggle("trouble", queue.trouble !== "");
  document.querySelector('[data-do="undo"]')?.toggleAttribute("disabled", queue.done.length === 0);
  for (const name of ["roadwork", "none", "skip"]) {
    document.querySelector(`[data-do="${name}"]`)?.toggleAttribute("disabled", queue.asked && queue.waiting.length === 0);
  }
  const back = byId("back");
  back.hidden = queue.back.length === 0;
  back.replaceChildren(...queue.back.map((came) => el("li", {},
    el("img", { src: pictureOf(came.story.number), alt: "", width: "40", height: "40" }),
    el("span", {}, `Review ${came.story.number} came back: ${came.said}`))));
}

async function rates() {
  const [rates, agreement] = await Promise.all([get("/api/review/rates"), get("/api/review/agreement")]);
  /** @param {string} text @param {string} [kind] */
  const cell = (text, kind) => el("td", kind ? { class: kind } : {}, text);
  const percent = (/** @type {number | null} */ share) => (share === null ? "–" : `${Math.round(share * 100)}%`);
  const rows = rates.rows.slice(0, 40).map((/** @type {any} */ row) => el("tr", {}, cell(row.generator),
    cell(row.prompt ?? "all"), cell(String(row.rate.good), "number"), cell(String(row.rate.n), "number"),
    cell(percent(row.rate.share), "number"), cell(row.verdict, `verdict-${row.verdict}`), cell(row.reasons.join("; "))));
  if (rows.length > 0) byId("rates").replaceChildren(...rows);
  const pairs = agreement.filter((/** @type {any} */ row) => row.n > 0).slice(0, 40).map((/** @type {any} */ row) => el("tr", {},
    cell(row.people ? row.people.join(" and ") : "everybody"), cell(String(row.n), "number"), cell(String(row.same), "number"),
    cell(row.kappa === null ? "–" : row.kappa.toFixed(2), "number")));
  if (pairs.length > 0) byId("agreement").replaceChildren(...pairs);
}

/** The account's name, or what somebody said once; else asks. @returns {Promise<string>} */
async function whose() {
  const { account, usual } = byId("desk").dataset;
  const kept = account || localStorage.getItem(NAME);
  if (kept) return kept;
  const dialog = /** @type {HTMLDialogElement} */ (byId("ask"));
  const field = /** @type {HTMLInputElement} */ (byId("name"));
  field.value = usual ?? "";
  dialog.showModal();
  field.select();
  await new Promise((done) => { dialog.addEventListener("close", done, { once: true }); });
  const name = field.value.trim() || usual || "local";
  localStorage.setItem(NAME, name);
  return name;
}

function listen() {
  document.addEventListener("keydown", pressed);
  byId("desk").addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target?.closest("button");
    const does = actions[button?.dataset.do ?? ""];
    if (does) does();
    const reason = button?.dataset.reason;
    if (reason) decide({ verdict: "reject", reason });
    const cell = target?.closest('[role="option"]');
    if (cell) mark([...byId("grid").children].indexOf(cell));
  });
  document.getElementById("rename")?.addEventListener("click", () => {
    queue.desk.leave();
    localStorage.removeItem(NAME);
    location.reload();
  });
  queue.addEventListener("change", show);
  queue.addEventListener("back", (event) => {
    const { story, said: why } = /** @type {CustomEvent<{story: Story, said: string}>} */ (event).detail;
    say(`Review ${story.number} came back: ${why}`);
  });
  addEventListener("pagehide", () => queue.desk.leave());
  let counted = 0;
  setInterval(() => {
    byId("speed").textContent = String(queue.speed() ?? "–");
    if (queue.decisions === counted || document.hidden) return;
    counted = queue.decisions;
    rates().catch(() => { counted = -1; });
  }, RATES_MS);
}

if (document.getElementById("desk")) {
  const name = await whose();
  byId("who").textContent = `as ${name}`;
  queue = new Queue(new Desk(name), localStorage);
  if (queue.left > 0) say(`${queue.left} decisions of an earlier sitting were not sent yet; they are now.`);
  listen();
  show();
  queue.begin();
}
