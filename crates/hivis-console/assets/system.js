// @ts-check
// System: health kept fresh, and keys of the configuration found as one types.

import { get } from "./api.js";

const EVERY = 10_000;

/** @param {number} bytes */
const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** @param {string} selector @param {string} text */
function put(selector, text) {
  const place = document.querySelector(selector);
  if (place && place.textContent !== text) place.textContent = text;
}

async function refresh() {
  const system = await get("/api/system").catch(() => null);
  if (!system) return;
  put('[data-live="disk"]', `${size(system.disk.free_bytes)} of ${size(system.disk.total_bytes)}`);
  put('[data-live="disk-said"]', system.disk.said);
  if (system.memory.resident_bytes !== null) put('[data-live="memory"]', size(system.memory.resident_bytes));
  put('[data-live="held"]', system.jobs.held ?? "Nobody works now.");
  for (const fact of system.health.facts) put(`[data-fact="${CSS.escape(fact.name)}"]`, fact.text);
}

setInterval(() => { if (!document.hidden) void refresh(); }, EVERY);

const find = /** @type {HTMLInputElement | null} */ (document.getElementById("find"));
const written = /** @type {HTMLInputElement | null} */ (document.getElementById("written"));

function filter() {
  const rows = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#keys tr"));
  const wanted = find?.value.trim().toLowerCase() ?? "";
  let shown = 0;
  for (const row of rows) {
    const fits = (row.textContent ?? "").toLowerCase().includes(wanted) && !(written?.checked && row.dataset.origin === "default");
    row.hidden = !fits;
    shown += Number(fits);
  }
  put("#found", wanted || written?.checked ? `${shown} of ${rows.length} keys` : "");
}

for (const field of [find, written]) field?.addEventListener("input", filter);
