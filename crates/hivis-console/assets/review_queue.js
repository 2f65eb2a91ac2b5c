// @ts-check
// What waits for one person, what was decided and not yet sent, and what can be undone. A decision counts at once on the
// page and is sent in the background, in order. Until the server has taken it, it lies in localStorage: neither a
// restarted server nor a closed window loses one.

import { Failure } from "./review_desk.js";

/** @typedef {import("./review_desk.js").Story} Story */
/** @typedef {import("./review_desk.js").Word} Word */
/** @typedef {{key: string, kind: "decide" | "undo", story: Story, word: Word, tries: number}} Job */
/** @typedef {{story: Story, word: Word}} Done */
/** @typedef {{story: Story, said: string}} Back */

/** Pictures that are asked for at a time; and below so many more are asked for. */
const CLAIM = 24;
const LOW = 14;
/** With fewer than these the next pictures are asked for at once. */
const FEW = 6;
/** The server shows one person no more at a time. */
const MOST = 60;
/** Decisions that can be undone, at most. */
const KEPT = 200;
/** An empty queue is looked at again, and leases are renewed, this often. */
const AGAIN_MS = 15_000;
const PAUSES_MS = [300, 600, 1200, 2500, 5000];

/** @param {number} ms */
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class Queue extends EventTarget {
  /** @type {Story[]} */ waiting = [];
  /** @type {Job[]} */ outbox = [];
  /** @type {Done[]} */ done = [];
  /** @type {Back[]} */ back = [];
  /** @type {number[]} */ moments = [];
  /** @type {Record<string, number> | null} */ counts = null;
  /** What is wrong with the line, in words; empty when nothing is. */
  trouble = "";
  /** The first answer came. */
  asked = false;
  decisions = 0;
  #wantsMore = true;
  /** The last answer was full, so that there may be more than it held. */
  #full = false;
  #pumping = false;
  #stopped = false;

  /** @param {import("./review_desk.js").Desk} desk @param {Storage} storage */
  constructor(desk, storage) {
    super();
    this.desk = desk;
    this.storage = storage;
    this.prefix = `hivis.review.${desk.name}.`;
    this.left = this.#adopt();
    setInterval(() => {
      // Nobody looks: the leases run out, and others see the pictures.
      if (document.hidden) return;
      this.#wantsMore = true;
      this.#pump();
    }, AGAIN_MS);
  }

  begin() {
    this.#pump();
  }

  /** Shown first, sent later. @param {Story[]} stories @param {Word} word */
  decide(stories, word) {
    const numbers = new Set(stories.map((story) => story.number));
    this.waiting = this.waiting.filter((story) => !numbers.has(story.number));
    for (const story of stories) {
      this.back = this.back.filter((back) => back.story.number !== story.number);
      this.#push("decide", story, word);
      this.done.push({ story, word });
      this.decisions += 1;
      this.moments.push(performance.now());
    }
    this.done.splice(0, Math.max(0, this.done.length - KEPT));
    this.moments.splice(0, Math.max(0, this.moments.length - 1000));
    this.#changed();
    this.#pump();
  }

  /** Takes the last decision back; gives what it was. @returns {Done | null} */
  undo() {
    const last = this.done.pop();
    if (!last) return null;
    const at = this.outbox.map((job) => job.story.number).lastIndexOf(last.story.number);
    // The first of the outbox may be on its way already.
    if (at > 0 || (at === 0 && !this.#pumping)) this.#forget(this.outbox.splice(at, 1));
    else this.#push("undo", last.story, last.word);
    this.waiting.unshift(last.story);
    this.decisions -= 1;
    this.moments.pop();
    this.#changed();
    this.#pump();
    return last;
  }

  /** Decisions a minute: of the last minute, or since the first one while that is shorter ago. */
  speed() {
    const now = performance.now();
    const first = this.moments[0];
    if (this.moments.length < 2 || first === undefined) return null;
    const recent = this.moments.filter((at) => now - at < 60_000).length;
    const span = Math.min(60_000, Math.max(now - first, 2000));
    return Math.round((recent * 60_000) / span);
  }

  /** @param {"decide" | "undo"} kind @param {Story} story @param {Word} word */
  #push(kind, story, word) {
    const key = `${this.prefix}${Date.now().toString().padStart(15, "0")}.${crypto.randomUUID()}`;
    /** @type {Job} */
    const job = { key, kind, story, word, tries: 0 };
    this.outbox.push(job);
    try {
      this.storage.setItem(key, JSON.stringify({ kind, story, word }));
    } catch {
      // A full or forbidden storage: it is sent all the same.
    }
  }

  /** @param {Job[]} jobs */
  #forget(jobs) {
    for (const job of jobs) this.storage.removeItem(job.key);
  }

  /** Takes over what an earlier window left unsent; how many. */
  #adopt() {
    const keys = [...Array(this.storage.length).keys()].map((at) => this.storage.key(at) ?? "");
    for (const key of keys.filter((key) => key.startsWith(this.prefix)).sort()) {
      try {
        const { kind, story, word } = JSON.parse(this.storage.getItem(key) ?? "");
        if (!Number.isInteger(story?.number) || !word?.verdict) throw new Error("not ours");
        this.outbox.push({ key, kind: kind === "undo" ? "undo" : "decide", story, word, tries: 0 });
      } catch {
        this.storage.removeItem(key);
      }
    }
    return this.outbox.length;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** One thing after the other: first what was decided, then more pictures. */
  async #pump() {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    let failures = 0;
    while (!this.#stopped) {
      const job = this.outbox[0];
      const low = this.waiting.length < LOW && this.#full;
      if (!job && !this.#wantsMore && !low) break;
      try {
        // Whoever decides faster than the line is long gets pictures before the decisions are through.
        if (job && !(low && this.waiting.length < FEW)) await this.#send(job);
        else await this.#claim();
        failures = 0;
        this.trouble = "";
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure(String(error), 0);
        if (!failure.again) {
          this.#stop(failure);
          break;
        }
        this.#wait(failure);
        await sleep(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 5000);
        failures += 1;
      }
      this.#changed();
    }
    this.#pumping = false;
    this.#changed();
  }

  /** @param {Failure} failure */
  #wait(failure) {
    const n = this.outbox.length;
    const kept = n === 0 ? "" : ` ${n} ${n === 1 ? "decision waits" : "decisions wait"} here and will be sent.`;
    this.trouble = `${failure.message}; asking again.${kept}`;
    this.#changed();
  }

  /** Nobody is in any more, or this person may not: everything stays as it is. @param {Failure} failure */
  #stop(failure) {
    this.#stopped = true;
    this.trouble = `${failure.message}. ${this.outbox.length} unsent decisions are kept; log in and open this page again.`;
  }

  /** @param {Job} job */
  async #send(job) {
    job.tries += 1;
    try {
      if (job.kind === "undo") await this.desk.undo(job.story.number);
      else await this.desk.decide(job.story.number, job.word);
    } catch (error) {
      if (!(error instanceof Failure) || error.again || error.status === 401 || error.status === 403) throw error;
      if (!this.#isOurs(job, error)) this.#comesBack(job, error);
    }
    this.outbox.shift();
    this.#forget([job]);
  }

  /** The server took it the first time, and only its answer was lost. @param {Job} job @param {Failure} failure */
  #isOurs(job, failure) {
    const { decided } = failure;
    if (job.kind === "undo") return job.tries > 1 && failure.status === 409 && decided === null;
    const label = job.word.label === "none" ? "clear" : job.word.label;
    return failure.status === 409 && decided?.by === this.desk.name.trim().toLowerCase()
      && decided.verdict === job.word.verdict && (label === undefined || (decided.label ?? "").toLowerCase() === label);
  }

  /** @param {Job} job @param {Failure} failure */
  #comesBack(job, failure) {
    const { story } = job;
    this.back.unshift({ story, said: failure.message });
    this.back.splice(20);
    this.done = this.done.filter((done) => done.story.number !== story.number);
    // What is decided by others, or gone, cannot be decided here; the rest is asked once more.
    const undecidable = failure.status === 409 || failure.status === 404;
    const here = this.waiting.some((other) => other.number === story.number);
    if (job.kind === "decide") {
      this.decisions = Math.max(0, this.decisions - 1);
      if (!undecidable && !here) this.waiting.unshift(story);
    } else {
      this.waiting = this.waiting.filter((other) => other.number !== story.number);
    }
    this.dispatchEvent(new CustomEvent("back", { detail: { story, said: failure.message } }));
  }

  async #claim() {
    this.#wantsMore = false;
    const keep = this.waiting.map((story) => story.number).slice(0, CLAIM);
    // What is decided and not sent is still shown to us.
    const count = Math.min(CLAIM + this.outbox.length, MOST);
    const answer = await this.desk.claim(count, keep);
    const got = new Map(answer.reviews.map((story) => [story.number, story]));
    const busy = new Set(this.outbox.map((job) => job.story.number));
    // What we had and did not get is decided, or shown to somebody else by now.
    const still = this.waiting.filter((story) => got.has(story.number) || !keep.includes(story.number));
    const have = new Set(still.map((story) => story.number));
    const fresh = answer.reviews.filter((story) => !have.has(story.number) && !busy.has(story.number));
    this.waiting = [...still, ...fresh];
    this.counts = answer.counts;
    this.#full = answer.reviews.length >= count && fresh.length > 0;
    this.asked = true;
  }
}
