// @ts-check
// Asking the desk: every request in one person's name, and an answer that says whether asking again may help.

/** @typedef {{number: number, id: string, why: string, state: string, asked: string | null, record: string | null,
 *   priority: number, wanted: number, queued: string, probability: number | null, reasons: string[],
 *   words: {source: string, label: string}[], generated: null | {generator: string, model: string, mode: string,
 *   prompt: string, prompt_id: string, seed: number, parent: string | null, slices: string[]}}} Story */
/** @typedef {{verdict: "accept" | "reject" | "skip", label?: "roadwork" | "none", reason?: string}} Word */
/** @typedef {{by: string, verdict: string, label: string | null, reason: string | null}} Told */

/** A request that came to nothing. `again`: it may help to ask again; otherwise the server said no. */
export class Failure extends Error {
  /** @param {string} said @param {number} status @param {Told | null} decided */
  constructor(said, status, decided = null) {
    super(said);
    this.status = status;
    this.decided = decided;
    // No answer at all, too often, or not now.
    this.again = status === 0 || status === 429 || status >= 500;
  }
}

/** A request hangs at most so long. */
const PATIENCE_MS = 20_000;

/** Header values are Latin-1: the name's UTF-8 bytes, one a character. @param {string} name */
function bytes(name) {
  return String.fromCharCode(...new TextEncoder().encode(name));
}

export class Desk {
  /** @param {string} name who looks */
  constructor(name) {
    this.name = name;
    this.csrf = document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";
  }

  /** @param {string} path @param {unknown} [body] @param {boolean} [keepalive] @returns {Promise<any>} */
  async ask(path, body, keepalive = false) {
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json", "x-hivis-reviewer": bytes(this.name), "x-hivis-csrf": this.csrf };
    /** @type {RequestInit} */
    const how = { headers, keepalive, signal: AbortSignal.timeout(PATIENCE_MS) };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      Object.assign(how, { method: "POST", body: JSON.stringify(body) });
    }
    let response;
    try {
      response = await fetch(`/api/review/${path}`, how);
    } catch {
      throw new Failure("the server does not answer", 0);
    }
    const said = await response.json().catch(() => null);
    if (response.ok) return said;
    const why = typeof said?.error === "string" ? said.error : `the server answered ${response.status}`;
    throw new Failure(why, response.status, said?.decided ?? null);
  }

  /** @param {number} count @param {number[]} keep
   *  @returns {Promise<{reviews: Story[], counts: Record<string, number>, lease_s: number}>} */
  claim(count, keep) {
    return this.ask("claim", { count, keep });
  }

  /** @param {number} number @param {Word} word */
  decide(number, word) {
    return this.ask(`${number}/decision`, word);
  }

  /** @param {number} number */
  undo(number) {
    return this.ask("undo", { review: String(number) });
  }

  /** On the way out; nobody waits for the answer. */
  leave() {
    this.ask("leave", {}, true).catch(() => {});
  }
}

/** Where a review's picture is. @param {number} number */
export function pictureOf(number) {
  return `/api/review/${number}/picture`;
}
