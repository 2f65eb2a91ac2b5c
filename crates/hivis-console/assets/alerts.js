// @ts-check
// The list of alerts: drawn anew when something changed, acknowledged by keyboard, and the count in the navigation.

import { get, send, Refused } from "./api.js";
import { byId, coded, el } from "./dom.js";

/**
 * @typedef {{by: string, at: string, note: string, until: string | null}} Ack
 * @typedef {{id: number, rule: string, severity: string, summary: string, labels: Record<string, string>, runbook: string,
 *   since: string, resolved: string | null, flaps: number, ack: Ack | null}} Alert
 */

const EVERY = 5000;
const root = byId("alerts");
const mayAck = root.dataset.mayAck === "true";
const dialog = /** @type {HTMLDialogElement} */ (byId("alerts-dialog"));
const note = /** @type {HTMLInputElement} */ (byId("alerts-note"));
const until = /** @type {HTMLSelectElement} */ (byId("alerts-until"));
/** What is drawn, so that nothing is drawn twice. */
let drawn = "";
/** The alert that the dialog is about. */
let asked = 0;

/** @param {string} at */
function time(at) {
  return at.slice(0, 16).replace("T", " ");
}

/** @param {Ack} ack */
function known(ack) {
  const end = ack.until ? `until ${time(ack.until)} UTC` : "until it is over";
  return `${ack.by} knows, ${end}${ack.note ? `: ${ack.note}` : ""}`;
}

/** @param {Alert} alert */
function card(alert) {
  const labels = Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`).join(", ");
  const times = el("p", { class: "soft alert-times" }, "since ", el("time", {}, time(alert.since)), " UTC");
  if (alert.flaps > 0) times.append(` · came back ${alert.flaps}×`);
  if (alert.runbook) {
    const about = el("span", { class: "unseen" }, ` about ${alert.rule}`);
    times.append(" · ", el("a", { href: alert.runbook, rel: "noreferrer" }, "What to do", about));
  }
  const acts = el("div", { class: "alert-acts" });
  if (mayAck) {
    const [act, word, rest] = alert.ack ? ["unack", "Tell again", ` of ${alert.rule}`] : ["ack", "Acknowledge", ` ${alert.rule}`];
    acts.append(el("button", { type: "button", "data-act": act }, word, el("span", { class: "unseen" }, rest)));
  }
  const head = el("p", { class: "alert-head" }, el("strong", { class: "word" }, alert.severity), " ", el("b", {}, alert.rule), " ",
    el("span", { class: "soft" }, labels));
  const made = el("li", { class: `card alert ${alert.severity}`, "data-id": String(alert.id) }, head,
    el("p", { class: "alert-summary" }, ...coded(alert.summary)), times);
  if (alert.ack) made.append(el("p", { class: "alert-ack" }, known(alert.ack)));
  made.append(acts);
  return made;
}

/** @param {Alert} alert */
function row(alert) {
  const cells = [alert.severity, alert.rule, time(alert.since), alert.resolved ? time(alert.resolved) : ""];
  const made = el("tr", { "data-id": String(alert.id) }, ...cells.map((text) => el("td", {}, text)));
  made.append(el("td", { class: "alert-wrap" }, alert.summary));
  return made;
}

/** The count beside System, as the server draws it. @param {number} count */
function badge(count) {
  const link = document.querySelector('nav a[href="/system"]');
  const old = link?.querySelector(".badge");
  old?.remove();
  if (link && count > 0) link.append(el("b", { class: "badge", "aria-label": `${count} alerts` }, String(count)));
}

/** @param {{open: Alert[], over: Alert[]}} lists */
function draw(lists) {
  const now = JSON.stringify([lists.open, lists.over], (key, value) => (key === "seen" ? undefined : value));
  if (now === drawn) return;
  const first = drawn === "";
  drawn = now;
  // The server has drawn it already.
  if (first) return;
  const held = document.activeElement?.closest("li.alert")?.getAttribute("data-id");
  byId("alerts-open").replaceChildren(...lists.open.map(card));
  byId("alerts-none").hidden = lists.open.length > 0;
  byId("alerts-over").replaceChildren(...lists.over.map(row));
  byId("alerts-over-box").hidden = lists.over.length === 0;
  byId("alerts-never").hidden = lists.over.length > 0;
  badge(lists.open.filter((alert) => !alert.ack).length);
  if (held) /** @type {HTMLElement | null} */ (root.querySelector(`li[data-id="${held}"] button`))?.focus();
}

async function refresh() {
  try {
    draw(await get("/api/alerts"));
  } catch (error) {
    say(error instanceof Refused ? error.message : "The miner does not answer; the list is as it was.");
  }
}

/** @param {string} text */
function say(text) {
  const place = byId("alerts-said");
  if (place.textContent !== text) place.textContent = text;
}

/** @param {number} id @param {string} act @param {unknown} body @param {string} done */
async function change(id, act, body, done) {
  try {
    await send(`/api/alerts/${id}/${act}`, body);
    say(done);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  await refresh();
}

byId("alerts-open").addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const id = Number(button?.closest("li")?.getAttribute("data-id"));
  if (!button || !id) return;
  if (button.dataset.act === "unack") {
    void change(id, "unack", {}, "It is told again.");
    return;
  }
  asked = id;
  byId("alerts-dialog-head").textContent = `Acknowledge ${button.closest("li")?.querySelector("b")?.textContent ?? ""}`;
  note.value = "";
  until.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  note.focus();
});

dialog.addEventListener("close", () => {
  /** @type {HTMLElement | null} */ (root.querySelector(`li[data-id="${asked}"] button`))?.focus();
  if (dialog.returnValue !== "ok") return;
  const hours = Number(until.value);
  const body = hours ? { note: note.value, until: new Date(Date.now() + hours * 3600e3).toISOString() } : { note: note.value };
  void change(asked, "ack", body, "Acknowledged: no more messages of it.");
});

void refresh();
setInterval(() => { if (!document.hidden && !dialog.open) void refresh(); }, EVERY);
