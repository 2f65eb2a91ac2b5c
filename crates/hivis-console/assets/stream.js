// @ts-check
// One event stream, kept open: it reconnects by itself with back-off and says so, names the last answer that it has seen
// so that the server catches it up, and is closed while nobody looks at the tab.

/** @typedef {{id: string, time: string, validator: string, probability: number | null, verdict: string, class: string,
 *   status: number, ms: number, release: string | null, picture: boolean, truth: string | null}} Row */
/** @typedef {{state: string, title: string, lead: string, reasons: {state: string, said: string, hint: string}[],
 *   texts: Record<string, string>}} Figures */
/** @typedef {{rows: Row[], left_out: number, sent: number}} Answers */
/** @typedef {{answers: (rows: Row[], others: number) => void, figures: (figures: Figures) => void,
 *   link: (text: string, state: "live" | "away" | "") => void, opened: (again: boolean) => void}} Listener */

/** The first wait after a break, and the longest. */
const FIRST_MS = 500;
const LONGEST_MS = 15_000;
/** What was caught up is told for so long. */
const NEWS_MS = 8_000;
/** Figures come every two seconds: a stream that says nothing for so long is dead, whatever the socket says. */
const SILENT_MS = 12_000;

export class Stream {
  /** @param {string} path @param {string} newest the newest answer on the page, or "" @param {Listener} on */
  constructor(path, newest, on) {
    this.path = path;
    this.last = newest;
    this.on = on;
    this.wait = FIRST_MS;
    this.again = false;
    /** @type {EventSource | null} */
    this.source = null;
    this.timer = 0;
    this.watch = 0;
    this.news = 0;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#open()));
    if (!document.hidden) this.#open();
  }

  #open() {
    this.#close();
    this.on.link(this.again ? "reconnecting…" : "connecting…", this.again ? "away" : "");
    const after = this.last ? `?after=${encodeURIComponent(this.last)}` : "";
    const source = new EventSource(this.path + after);
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_MS;
      this.on.link("live", "live");
      this.on.opened(this.again);
      this.again = true;
      this.#alive();
    };
    source.onerror = () => this.#lost();
    source.addEventListener("answers", (event) => {
      this.#alive();
      /** @type {Answers} */
      const said = JSON.parse(event.data);
      this.last = event.lastEventId || this.last;
      lag(said.sent);
      this.on.answers(said.rows, said.left_out);
    });
    source.addEventListener("caught-up", (event) => {
      this.#alive();
      const said = JSON.parse(event.data);
      this.last = event.lastEventId || this.last;
      const all = said.rows.length + said.missed;
      this.on.link(`live; caught up with ${all} answer${all === 1 ? "" : "s"}`, "live");
      clearTimeout(this.news);
      this.news = window.setTimeout(() => { if (this.source === source) this.on.link("live", "live"); }, NEWS_MS);
      this.on.answers(said.rows, said.missed);
    });
    source.addEventListener("figures", (event) => {
      this.#alive();
      this.on.figures(JSON.parse(event.data));
    });
  }

  /** It broke: try again after a while, longer each time. */
  #lost() {
    this.#close();
    this.again = true;
    // Spread, so that many pages do not come back at the same moment.
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_MS);
    this.on.link(`reconnecting… (again in ${Math.max(1, Math.round(wait / 1000))} s)`, "away");
    this.timer = window.setTimeout(() => this.#open(), wait);
  }

  /** Something was heard. */
  #alive() {
    clearTimeout(this.watch);
    this.watch = window.setTimeout(() => this.#lost(), SILENT_MS);
  }

  /** Nobody looks. */
  #rest() {
    this.#close();
    this.again = true;
    this.on.link("resting while the tab is hidden", "");
  }

  #close() {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    clearTimeout(this.news);
    this.source?.close();
    this.source = null;
  }
}

/** How far behind the server this page is, for measures: the last and the worst, milliseconds. @param {number} sent */
function lag(sent) {
  const now = Date.now() - sent;
  const root = document.documentElement.dataset;
  root.lag = String(now);
  if (!(Number(root.worstLag) >= now)) root.worstLag = String(now);
}
