// Files that are dropped on the page or chosen: hashed in a worker, told one by one, and can be
// stopped. Neither a file nor its name leaves the browser.

const MOST_SHOWN = 200;
const LEAST_QUALITY = 50; // below it a PDQ hash says too little to match on, as in the desk's engine

const form = document.getElementById("lookup-form");
const words = form.dataset;
const status = document.getElementById("lookup-status");
const bar = document.getElementById("lookup-bar");
const stop = document.getElementById("lookup-stop");
const list = document.getElementById("lookup-dropped");
const button = form.querySelector("button[type=submit]");

export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
export const names = new Map(); // hash -> names of the files that have it

let worker = null;
let run = null;

function begin() {
  run = { total: 0, bytes: 0, done: 0, hashed: 0, lines: [] };
  bar.value = 0;
  list.replaceChildren();
  worker = new Worker(new URL("./hashing.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => heard(data);
  worker.onerror = () => end(words.cannot);
  show(true);
}

function show(isAtWork) {
  bar.hidden = stop.hidden = !isAtWork;
  button.disabled = isAtWork;
}

export function take(files) {
  if (!files.length) return;
  if (!worker) begin();
  run.total += files.length;
  run.bytes += [...files].reduce((sum, file) => sum + file.size, 0);
  bar.max = run.bytes;
  worker.postMessage([...files]);
  tell();
}

function tell() {
  status.textContent = filled(words.hashing, { n: run.done + 1, total: run.total });
}

function heard({ read, name, hashes, pdq, problem }) {
  if (read !== undefined) {
    bar.value += read;
    return;
  }
  run.done += 1;
  if (hashes) {
    run.hashed += 1;
    keep(name, pdq && pdq.quality >= LEAST_QUALITY ? { ...hashes, pdq: pdq.value } : hashes);
  }
  note(name, said(pdq, problem), hashes);
  if (run.done === run.total) end(filled(words.hashed, { n: run.hashed }));
  else tell();
}

function keep(name, hashes) {
  for (const [kind, value] of Object.entries(hashes)) {
    names.set(value, (names.get(value) ?? new Set()).add(name));
    run.lines.push(`${kind}:${value}`);
  }
}

function said(pdq, problem) {
  if (!pdq) return words[problem];
  return filled(pdq.quality < LEAST_QUALITY ? words.lowQuality : words.quality, { n: pdq.quality });
}

// What could not be read stands first, and however many there are.
function note(name, text, isHashed) {
  list.hidden = false;
  if (isHashed && list.childElementCount >= MOST_SHOWN) return;
  const line = document.createElement("li");
  const strong = document.createElement("strong");
  strong.className = "text-break";
  strong.textContent = name;
  line.append(strong, ` ${text}`);
  if (isHashed) list.append(line);
  else list.prepend(line);
}

function end(text) {
  worker.terminate();
  worker = null;
  const area = form.elements.hashes;
  area.value = [area.value.trim(), ...run.lines].filter(Boolean).join("\n");
  status.textContent = text;
  show(false);
}

export function start() {
  const input = document.getElementById("lookup-files");
  document.getElementById("lookup-drop").hidden = false;
  input.addEventListener("change", () => take(input.files));
  stop.addEventListener("click", () => {
    end(filled(words.stopped, { n: run.hashed, total: run.total }));
  });
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}
