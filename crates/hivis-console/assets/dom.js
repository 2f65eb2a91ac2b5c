// @ts-check
// Small things that every page needs.

/**
 * The element with this id; a page without it is a bug.
 * @param {string} id @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * A new element; text goes in as text, never as markup.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Our own sentence as children: commands between backticks are set as code, as the server's pages set them.
 * @param {string} text @returns {(Node | string)[]}
 */
export function coded(text) {
  const parts = text.split("`");
  return parts.map((part, at) => {
    if (at % 2 === 0) return part;
    return at + 1 < parts.length ? el("code", {}, part) : `\`${part}`;
  });
}
