// @ts-check
// Releases: a training that goes on is drawn anew, and what serves is changed after its name was typed.

import { get, send, Refused } from "./api.js";
import { byId } from "./dom.js";

const RUN_EVERY = 3000;
const MOVE_EVERY = 400;

/** @typedef {{release: string, previous: string | null, phase: string, over: boolean, said: string}} Moving */
/** @typedef {{line: {id: string, state: string, epochs: number, loss: number | null}, curve: string | null,
 *   calibration: string | null}} Run */

/** Puts the server's own SVG in place; it is parsed as XML, so nothing in it can run. @param {Element} place @param {string | null} svg */
function draw(place, svg) {
  if (!svg) return;
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (parsed.localName === "svg") place.replaceChildren(document.importNode(parsed, true));
}

/** @param {HTMLElement} card */
async function follow(card) {
  const id = card.dataset.run ?? "";
  while (card.dataset.state === "running") {
    await new Promise((done) => setTimeout(done, RUN_EVERY));
    /** @type {Run | null} */
    const run = await get(`/api/runs/${encodeURIComponent(id)}`).catch(() => null);
    if (!run) continue;
    card.dataset.state = run.line.state;
    for (const plot of /** @type {const} */ (["curve", "calibration"])) {
      const place = card.querySelector(`[data-plot="${plot}"]`);
      if (place) draw(place, run[plot]);
    }
    const text = (/** @type {string} */ name, /** @type {string} */ said) => {
      const place = card.querySelector(`[data-run-${name}]`);
      if (place) place.textContent = said;
    };
    text("word", run.line.state);
    if (run.line.loss !== null) text("said", `loss of the tuning scenes ${run.line.loss.toFixed(4)} after ${run.line.epochs} passes`);
    const line = document.querySelector(`[data-run-line="${CSS.escape(id)}"]`);
    const cell = (/** @type {string} */ name) => line?.querySelector(`[data-run-${name}]`);
    const [state, epochs] = [cell("state"), cell("epochs")];
    if (state) state.textContent = run.line.state;
    if (epochs) epochs.textContent = String(run.line.epochs);
  }
}

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-run]"))) void follow(card);

const moving = document.getElementById("moving");

/** Follows a move to its end; then the page is loaded anew, since everything on it may be another. */
async function watchMove() {
  if (!moving) return;
  for (;;) {
    /** @type {Moving | null} */
    const now = await get("/api/moving").catch(() => null);
    if (now) {
      moving.dataset.phase = now.phase;
      if (moving.textContent !== now.said) moving.textContent = now.said;
      if (now.over) return now;
    }
    await new Promise((done) => setTimeout(done, MOVE_EVERY));
  }
}

const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("change"));

function setUp(/** @type {HTMLDialogElement} */ dialog) {
  const input = /** @type {HTMLInputElement} */ (byId("change-name"));
  const go = /** @type {HTMLButtonElement} */ (byId("change-go"));
  const forced = /** @type {HTMLInputElement} */ (byId("change-forced"));
  const why = /** @type {HTMLInputElement} */ (byId("change-why"));
  const error = byId("change-error");
  const serves = byId("serving").dataset.serves ?? "";
  let to = "";
  let back = false;

  const ready = () => { go.disabled = input.value !== to || (forced.checked && why.value.trim().length < 3); };

  /** @param {HTMLElement} button */
  const open = (button) => {
    to = button.dataset.to ?? "";
    back = button.dataset.change === "rollback";
    input.value = why.value = error.textContent = "";
    forced.checked = false;
    byId("change-force").hidden = true;
    byId("change-title").textContent = back ? `Roll back to ${to}` : `Promote ${to}`;
    const now = serves ? `${serves} serves now.` : "Nothing serves now.";
    byId("change-said").textContent = `${now} ${to} is loaded beside it, warmed, and compared on the canary picture; only then it takes over. No challenge is lost.`;
    go.textContent = back ? "Roll back" : "Promote";
    ready();
    dialog.showModal();
    input.focus();
  };

  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-change]"))) {
    button.addEventListener("click", () => open(button));
  }
  for (const field of [input, why, forced]) field.addEventListener("input", ready);
  byId("change-cancel").addEventListener("click", () => dialog.close());
  byId("change-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    error.textContent = "";
    const body = { name: input.value, serves: serves || null };
    try {
      if (back) await send("/api/rollback", body);
      else await send(`/api/releases/${encodeURIComponent(to)}/promote`, forced.checked ? { ...body, force: why.value.trim() } : body);
      dialog.close();
      await watchMove();
      location.reload();
    } catch (refused) {
      error.textContent = refused instanceof Error ? refused.message : String(refused);
      // What the policy refuses, an operator may want all the same; what serves another, not.
      byId("change-force").hidden = back || !(refused instanceof Refused && refused.status === 422);
      ready();
    }
  });
}

if (dialog) setUp(dialog);
const phase = moving?.dataset.phase ?? "none";
if (["checking", "loading", "warming"].includes(phase)) void watchMove().then(() => location.reload());
