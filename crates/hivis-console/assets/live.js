// @ts-check
// The live table: each answer arrives as one server-sent event and becomes the first row.

const KEEP = 40;

/** @typedef {{id: string, time: string, hotkey: string, prediction: number, silence: string | null, status: number,
 *   total_ms: number, picture: boolean}} Answer */

/** @param {string} id @returns {HTMLElement} */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** @param {string} text @param {string} [kind] */
function cell(text, kind) {
  const td = document.createElement("td");
  td.textContent = text;
  if (kind) td.className = kind;
  return td;
}

/** @param {Answer} answer */
function verdict(answer) {
  if (answer.silence) return cell(answer.silence, "silent");
  return answer.prediction > 0.5 ? cell("roadwork", "road") : cell("clear", "clear");
}

/** @param {Answer} answer */
function score(answer) {
  const td = document.createElement("td");
  if (answer.prediction < 0) return td;
  const meter = document.createElement("meter");
  meter.value = answer.prediction;
  meter.setAttribute("aria-label", "probability of roadwork");
  td.append(meter, ` ${answer.prediction.toFixed(3)}`);
  return td;
}

/** @param {Answer} answer */
function thumbnail(answer) {
  const td = document.createElement("td");
  const img = document.createElement("img");
  img.alt = "";
  img.width = img.height = 56;
  if (answer.picture) {
    const address = `/records/${answer.id}/picture`;
    img.src = address;
    // The row may be here before the record is on disk: ask once more, a moment later.
    img.onerror = () => {
      img.onerror = null;
      setTimeout(() => { img.src = `${address}?again`; }, 500);
    };
  }
  td.append(img);
  return td;
}

/** @param {Answer} answer */
function row(answer) {
  const tr = document.createElement("tr");
  tr.append(
    thumbnail(answer),
    cell(answer.time.slice(11, 19)),
    cell(answer.hotkey.slice(0, 6)),
    score(answer),
    verdict(answer),
    cell(String(answer.status), "number"),
    cell(answer.total_ms.toFixed(1), "number"),
  );
  return tr;
}

/** @param {Record<string, string>} figures */
function show(figures) {
  for (const [name, text] of Object.entries(figures)) {
    const place = document.querySelector(`[data-figure="${name}"]`);
    if (place) place.textContent = text;
  }
}

const rows = element("answers");
const events = new EventSource("/events");
events.addEventListener("answer", (event) => {
  document.getElementById("empty")?.remove();
  rows.prepend(row(JSON.parse(event.data)));
  while (rows.childElementCount > KEEP) rows.lastElementChild?.remove();
});
events.addEventListener("figures", (event) => show(JSON.parse(event.data)));
events.onerror = () => show({ link: "reconnecting" });
events.onopen = () => show({ link: "live" });
