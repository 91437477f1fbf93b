// The queue by keyboard: j k move, x selects, Enter opens, c 1-9 r m decide, u takes back.
import { isTyping } from "./desk.js";

const rows = [...document.querySelectorAll(".queue-row")];
const bulk = document.getElementById("bulk");
const one = document.getElementById("one");
const texts = document.getElementById("key-texts");
const kept = `row of ${location.pathname}`; // each list keeps its own place
let current = Math.min(Number(sessionStorage.getItem(kept) ?? -1), rows.length - 1);

const chosen = () => [...document.querySelectorAll('.queue-row input[name="bundle"]:checked')];

function showBulk() {
  if (!bulk) return;
  const count = chosen().length;
  const label = document.getElementById("bulk-count");
  bulk.hidden = count === 0;
  label.textContent = count === 1 ? label.dataset.one : label.dataset.many.replace("{n}", count);
}

function go(to) {
  if (!rows.length) return;
  current = Math.max(0, Math.min(rows.length - 1, to));
  rows.forEach((row, index) => row.classList.toggle("is-current", index === current));
  rows[current].querySelector("a.row-link").focus();
  rows[current].scrollIntoView({ block: "nearest" });
  sessionStorage.setItem(kept, current);
}

function decide(verb, reason = "") {
  if (chosen().length) {
    bulk.querySelector(`button[value="${verb}"]`)?.click();
    return;
  }
  const row = rows[current];
  if (!row) return;
  one.elements.bundle.value = row.dataset.bundle;
  one.elements.reason.value = reason;
  one.action = texts.dataset.decide.replace("VERB", verb);
  one.submit();
}

function archiveBy(number) {
  const entry = texts.dataset.reasons.split(";").find((r) => r.startsWith(`${number}=`));
  if (!entry) return;
  const key = entry.slice(entry.indexOf("=") + 1);
  if (key.endsWith("!") && !chosen().length) {
    document.getElementById("messages").textContent = texts.dataset.needsNote;
    return;
  }
  decide("archived", key);
}

function viaPreview(verb) {
  const box = rows[current]?.querySelector('input[name="bundle"]');
  if (!chosen().length && box) { box.checked = true; showBulk(); }
  bulk.querySelector(`button[value="${verb}"]`)?.click();
}

const KEYS = {
  j: () => go(current + 1),
  k: () => go(current - 1),
  x: () => {
    const box = rows[current]?.querySelector('input[name="bundle"]');
    if (box) { box.checked = !box.checked; showBulk(); }
  },
  c: () => decide("assigned"),
  r: () => viaPreview("referred"),
  m: () => viaPreview("merged"),
  u: () => document.getElementById("undo").submit(),
};

document.addEventListener("change", showBulk);
showBulk();
if (document.body.hasAttribute("data-shortcuts")) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if (!bulk && !["j", "k"].includes(event.key)) return;
    if (/^[1-9]$/.test(event.key)) { event.preventDefault(); archiveBy(event.key); return; }
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
}
