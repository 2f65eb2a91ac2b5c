// @ts-check
// Asking the API: JSON both ways, errors with the server's own words, every change with the page's token.

/** What the server said no with. */
export class Refused extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(typeof body?.error === "string" ? body.error : `the server answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** @param {Response} response */
async function read(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

/** @param {string} path */
export async function get(path) {
  return read(await fetch(path, { headers: { accept: "application/json" } }));
}

/** @param {string} path @param {unknown} body @param {string} [method] */
export async function send(path, body, method = "POST") {
  const csrf = document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";
  const headers = { "content-type": "application/json", "x-hivis-csrf": csrf };
  return read(await fetch(path, { method, headers, body: JSON.stringify(body) }));
}
