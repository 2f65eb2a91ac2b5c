// @ts-check
// The map of the home's pictures: what is pointed at, walked to or encircled is told beside it.

import { byId, el } from "./dom.js";
import { get, Refused } from "./api.js";
import { Finder, View, inside, plain, webgl } from "./map.js";

/** @typedef {{space: string, labels: string[], sources: string[], reasons: string[], parts: string[]}} Legend */
/** @typedef {"labels" | "sources" | "reasons" | "parts"} Kind */
/** @typedef {{legend: Legend, count: number, x: Uint16Array, y: Uint16Array, kinds: Record<Kind, Uint8Array>, tag: string}} Chart */

const ORDER = /** @type {Kind[]} */ (["labels", "sources", "reasons", "parts"]);
/** Pictures of a selection that are listed. */
const LISTED = 60;
const REACH = 12;

/** Reads `/api/data/map`; its form is in the OpenAPI document. @param {ArrayBuffer} body @param {string} tag @returns {Chart} */
function read(body, tag) {
  const head = new DataView(body);
  const magic = new TextDecoder().decode(new Uint8Array(body, 0, 8));
  const [version, count, long] = [head.getUint32(8, true), head.getUint32(12, true), head.getUint32(16, true)];
  if (magic !== "HIVISMAP" || version !== 1) throw new Error("the map is of another version: load the page again");
  const legend = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 20, long)));
  const start = 20 + long;
  const x = new Uint16Array(body, start, count);
  const y = new Uint16Array(body, start + 2 * count, count);
  const plane = (/** @type {number} */ n) => new Uint8Array(body, start + (4 + n) * count, count);
  const kinds = { labels: plane(0), sources: plane(1), reasons: plane(2), parts: plane(3) };
  return { legend, count, x, y, kinds, tag };
}

/** The map, asked for until there is one. @returns {Promise<Chart>} */
async function load() {
  for (;;) {
    const response = await fetch("/api/data/map");
    if (response.status === 200) return read(await response.arrayBuffer(), response.headers.get("etag") ?? "");
    const body = await response.json().catch(() => null);
    if (response.status !== 202) throw new Refused(response.status, body);
    if (!body?.working) throw new Error(body?.said ?? "there is no map");
    byId("map-said").textContent = body.said;
    await new Promise((done) => { setTimeout(done, 700); });
  }
}

/** Colours of the kinds, from the sheet: the first is for what is unknown. @param {Kind} kind @returns {string[]} */
function palette(kind) {
  const probe = el("span", { hidden: "" });
  byId("map").append(probe);
  const solid = (/** @type {string} */ name) => {
    probe.className = name;
    return getComputedStyle(probe).color;
  };
  const unknown = solid("map-ink-0");
  const others = Array.from({ length: 10 }, (_, n) => solid(`map-ink-${n + 1}`));
  const labels = [unknown, solid("map-clear"), solid("map-road")];
  probe.remove();
  return kind === "labels" ? labels : [unknown, ...others];
}

class PictureMap {
  view = new View();
  /** @type {Kind} */ kind = "labels";
  /** @type {string[]} */ colours = [];
  /** @type {Uint8Array | null} */ ids = null;
  at = -1;
  lasso = false;
  /** @type {[number, number][]} */ area = [];
  #due = false;
  #asked = 0;

  /** @param {Chart} chart */
  constructor(chart) {
    this.chart = chart;
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("map-canvas"));
    this.over = /** @type {HTMLCanvasElement} */ (byId("map-over"));
    this.finder = new Finder(chart);
    const painter = new URLSearchParams(location.search).has("plain") ? null : webgl(this.canvas, chart);
    const found = painter ?? plain(this.canvas, chart);
    if (!found) throw new Error("this browser draws on no canvas; the table below has the counts");
    this.painter = found;
    this.canvas.dataset.painter = found.name;
    this.fit();
    this.paint();
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** The canvas has as many pixels as the screen, up to two a CSS pixel. */
  fit() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (width === 0 || height === 0) return;
    const first = this.view.scale === 1;
    [this.view.width, this.view.height] = [width, height];
    for (const canvas of [this.canvas, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    if (first) this.view.all();
    this.redraw();
  }

  /** Kinds and their colours anew. */
  paint() {
    this.colours = palette(this.kind);
    const names = this.chart.legend[this.kind];
    const kinds = this.chart.kinds[this.kind];
    this.painter.colour(kinds, this.colours);
    const counts = new Uint32Array(256);
    for (let n = 0; n < kinds.length; n += 1) counts[/** @type {number} */ (kinds[n])] = /** @type {number} */ (counts[/** @type {number} */ (kinds[n])]) + 1;
    const ink = (/** @type {number} */ n) => {
      if (this.kind === "labels") return ["map-ink-0", "map-clear", "map-road"][n] ?? "map-ink-0";
      return `map-ink-${Math.min(n, 10)}`;
    };
    const shown = names.map((name, n) => ({ name, n, count: counts[n] ?? 0 })).filter((row) => row.count > 0);
    byId("map-legend").replaceChildren(...shown.slice(0, 12).map(({ name, n, count }) => el("li", {},
      el("span", { class: `dot ${ink(n)}`, "aria-hidden": "true" }), `${name} ${count.toLocaleString("en")}`)));
    byId("map-table").replaceChildren(...shown.map(({ name, n, count }) => el("tr", {}, el("td", {}, name),
      el("td", { class: "number" }, String(count)),
      el("td", { class: "number" }, `${((100 * count) / this.chart.count).toFixed(1)}%`), el("td", {}, this.where(n)))));
    this.redraw();
  }

  /** In words, where most of a kind lie. @param {number} kind */
  where(kind) {
    const kinds = this.chart.kinds[this.kind];
    const counts = new Uint32Array(9);
    let all = 0;
    for (let n = 0; n < kinds.length; n += 1) {
      if (kinds[n] !== kind) continue;
      const column = Math.min(2, Math.floor((3 * /** @type {number} */ (this.chart.x[n])) / 65536));
      const row = Math.min(2, Math.floor((3 * /** @type {number} */ (this.chart.y[n])) / 65536));
      counts[3 * row + column] = /** @type {number} */ (counts[3 * row + column]) + 1;
      all += 1;
    }
    const most = counts.indexOf(Math.max(...counts));
    const words = `${["bottom", "middle", "top"][Math.floor(most / 3)]} ${["left", "centre", "right"][most % 3]}`;
    return `${words} (${Math.round((100 * /** @type {number} */ (counts[most])) / Math.max(all, 1))}%)`;
  }

  /** At the next frame, once. */
  redraw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      const ratio = this.canvas.width / this.view.width;
      const closer = this.view.scale / Math.min(this.view.width, this.view.height);
      this.painter.draw(this.view, Math.min(8, 2 + Math.log2(Math.max(1, closer))) * ratio);
      this.mark(ratio);
    });
  }

  /** The ring about what is told of, and the line of a selection. @param {number} ratio */
  mark(ratio) {
    const context = this.over.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.over.width, this.over.height);
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = 2 * ratio;
    if (this.at >= 0) {
      const [px, py] = this.view.pixel(/** @type {number} */ (this.chart.x[this.at]) / 65535, /** @type {number} */ (this.chart.y[this.at]) / 65535);
      context.beginPath();
      context.arc(px * ratio, py * ratio, 7 * ratio, 0, 2 * Math.PI);
      context.stroke();
    }
    if (this.area.length > 1) {
      context.beginPath();
      for (const [u, v] of this.area) {
        const [px, py] = this.view.pixel(u, v);
        context.lineTo(px * ratio, py * ratio);
      }
      context.closePath();
      context.stroke();
    }
  }

  /** A point's kinds in words. @param {number} n */
  words(n) {
    const name = (/** @type {Kind} */ kind) => this.chart.legend[kind][/** @type {number} */ (this.chart.kinds[kind][n])] ?? "other";
    return ORDER.map(name).join(", ");
  }

  /** SHA-256 of a point; the list of all is loaded when the first is asked for. @param {number} n */
  async id(n) {
    if (!this.ids) {
      const response = await fetch("/api/data/map/ids");
      if (response.status !== 200) throw new Refused(response.status, await response.json().catch(() => null));
      if (response.headers.get("etag") !== this.chart.tag) throw new Error("the map has changed: load the page again");
      this.ids = new Uint8Array(await response.arrayBuffer());
    }
    return Array.from(this.ids.subarray(32 * n, 32 * n + 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Tells of a point. @param {number} n */
  async point(n) {
    if (n === this.at || n < 0) return;
    this.at = n;
    this.redraw();
    const asked = (this.#asked += 1);
    const side = byId("map-side");
    try {
      const sha256 = await this.id(n);
      // Who sweeps over the map asks for what the hand rests on.
      await new Promise((done) => { setTimeout(done, 60); });
      if (asked !== this.#asked) return;
      byId("map-said").textContent = `Picture ${sha256.slice(0, 12)}: ${this.words(n)}.`;
      const story = await get(`/api/data/picture/${sha256}`);
      if (asked !== this.#asked) return;
      side.replaceChildren(el("img", { src: `/api/data/picture/${sha256}/bytes`, alt: `Picture ${sha256.slice(0, 12)}`, width: "288", height: "216" }),
        el("dl", {}, ...story.facts.map((/** @type {[string, string]} */ [name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))),
        el("p", {}, story.record ? el("a", { href: `/challenge/${story.record}` }, "its challenge") : "", " ", el("code", {}, `hivis trace ${sha256.slice(0, 16)}`)));
    } catch (error) {
      if (asked === this.#asked) side.replaceChildren(el("p", { class: "error" }, error instanceof Error ? error.message : String(error)));
    }
  }

  /** The next or the previous point in view, from left to right. @param {number} by */
  walk(by) {
    const [u0, v1] = this.view.place(0, 0);
    const [u1, v0] = this.view.place(this.view.width, this.view.height);
    /** @type {number[]} */ const seen = [];
    this.finder.within(u0, v0, u1, v1, (n) => { seen.push(n); });
    const key = (/** @type {number} */ n) => /** @type {number} */ (this.chart.x[n]) * 65536 + /** @type {number} */ (this.chart.y[n]);
    seen.sort((a, b) => key(a) - key(b) || a - b);
    if (seen.length === 0) return;
    const here = seen.indexOf(this.at);
    this.point(/** @type {number} */ (seen[here < 0 ? 0 : (here + by + seen.length) % seen.length]));
  }

  /** Lists what lies within the line. */
  async choose() {
    const us = this.area.map(([u]) => u);
    const vs = this.area.map(([, v]) => v);
    /** @type {number[]} */ const chosen = [];
    let all = 0;
    this.finder.within(Math.min(...us), Math.min(...vs), Math.max(...us), Math.max(...vs), (n, u, v) => {
      if (!inside(this.area, u, v)) return;
      all += 1;
      if (chosen.length < LISTED) chosen.push(n);
    });
    byId("map-chosen").hidden = false;
    const title = all > LISTED ? `${all.toLocaleString("en")} pictures, the first ${LISTED} of them` : `${all} pictures`;
    byId("map-chosen-title").textContent = title;
    byId("map-said").textContent = `Selected: ${title}.`;
    try {
      const rows = [];
      for (const n of chosen) {
        const sha256 = await this.id(n);
        const button = el("button", { type: "button", title: this.words(n), "aria-label": `Picture ${sha256.slice(0, 12)}: ${this.words(n)}` },
          el("img", { src: `/api/data/picture/${sha256}/bytes`, alt: "", width: "72", height: "72", loading: "lazy" }));
        button.addEventListener("click", () => this.point(n));
        rows.push(el("li", {}, button));
      }
      byId("map-list").replaceChildren(...rows);
    } catch (error) {
      byId("map-list").replaceChildren(el("li", { class: "error" }, error instanceof Error ? error.message : String(error)));
    }
  }
}

/** @param {PictureMap} map */
function listen(map) {
  const { canvas, view } = map;
  /** @type {Map<number, [number, number]>} */ const fingers = new Map();
  const at = (/** @type {PointerEvent | WheelEvent} */ event) => /** @type {[number, number]} */ ([event.offsetX, event.offsetY]);
  const selects = (/** @type {PointerEvent} */ event) => map.lasso || event.shiftKey;
  let selecting = false;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    selecting = selects(event) && fingers.size === 1;
    if (selecting) map.area = [view.place(...at(event))];
  });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = at(event);
    const last = fingers.get(event.pointerId);
    if (!last) {
      map.point(map.finder.nearest(view, px, py, REACH));
      return;
    }
    if (selecting) {
      map.area.push(view.place(px, py));
    } else if (fingers.size === 2) {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      if (other) {
        const apart = (/** @type {[number, number]} */ a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
        view.zoom(apart([px, py]) / Math.max(apart(last), 1), (px + other[0]) / 2, (py + other[1]) / 2);
      }
    } else {
      view.pan(px - last[0], py - last[1]);
    }
    fingers.set(event.pointerId, [px, py]);
    map.redraw();
  });
  const lift = (/** @type {PointerEvent} */ event) => {
    const last = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (selecting && map.area.length > 2) map.choose();
    else if (event.type === "pointerup" && last && event.pointerType !== "mouse") map.point(map.finder.nearest(view, last[0], last[1], 2 * REACH));
    selecting = false;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.zoom(Math.exp(-event.deltaY / 400), ...at(event));
    map.redraw();
  }, { passive: false });
  const all = () => view.all();
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => view.pan(60, 0), ArrowRight: () => view.pan(-60, 0), ArrowUp: () => view.pan(0, 60),
    ArrowDown: () => view.pan(0, -60), "+": () => view.zoom(1.4), "=": () => view.zoom(1.4), "-": () => view.zoom(1 / 1.4),
    0: all, Home: all, n: () => map.walk(1), p: () => map.walk(-1), Enter: () => byId("map-side").focus(),
  };
  canvas.addEventListener("keydown", (event) => {
    const does = keys[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
    map.redraw();
  });
  for (const [id, does] of /** @type {[string, () => void][]} */ ([["map-in", () => view.zoom(1.4)], ["map-out", () => view.zoom(1 / 1.4)], ["map-all", all]])) {
    byId(id).addEventListener("click", () => { does(); map.redraw(); });
  }
  byId("map-tool").addEventListener("click", () => {
    map.lasso = !map.lasso;
    byId("map-tool").setAttribute("aria-pressed", String(map.lasso));
    canvas.classList.toggle("selects", map.lasso);
    byId("map-said").textContent = map.lasso ? "Draw around pictures to list them." : "Drag moves the map.";
  });
  byId("map-colour").addEventListener("change", (event) => {
    map.kind = /** @type {Kind} */ (/** @type {HTMLSelectElement} */ (event.target).value);
    map.paint();
  });
}

if (document.getElementById("map")) {
  try {
    const chart = await load();
    const map = new PictureMap(chart);
    listen(map);
    byId("map-said").textContent = `${chart.count.toLocaleString("en")} pictures, ${map.painter.name}, features of ${chart.legend.space}.`;
    // What a test drives.
    Object.assign(window, { hivisMap: map });
  } catch (error) {
    byId("map-said").textContent = error instanceof Error ? error.message : String(error);
    byId("map").classList.add("is-empty");
  }
}
