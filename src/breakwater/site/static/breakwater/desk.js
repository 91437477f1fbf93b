// What every page shares: copy buttons, selects that submit themselves, going to a room by keys,
// the sheet of the page's keys, and letters that lead to a control.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1200);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

// On a phone the rooms lie in one line: the one where the reader is must be in it.
document.querySelector(".rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

export const isTyping = (event) =>
  event.ctrlKey || event.metaKey || event.altKey ||
  event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog[open]");

export const CONTROLS = "a[href], button:not(:disabled), summary, select, textarea, input:not([type=hidden])";

// A letter puts the focus on its control and does nothing more; of several the nearest is meant,
// such as that of the card in which the reader is.
function lead(key) {
  const wanted = `[data-focus-key="${CSS.escape(key)}"]:not(:disabled)`;
  let place = document.activeElement;
  while (place && !place.querySelector(wanted)) place = place.parentElement;
  const found = place?.querySelector(wanted);
  if (!found) return false;
  const control = found.matches(CONTROLS) ? found : found.querySelector(CONTROLS);
  for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    if (control.parentElement !== fold) fold.open = true; // a fold's own summary opens it with Enter
  }
  control.focus();
  control.scrollIntoView({ block: "nearest" });
  return true;
}

function help() {
  const sheet = document.getElementById("key-sheet");
  if (!sheet) { location.href = document.querySelector('a[href$="/help/"]').href; return; }
  for (const row of sheet.querySelectorAll("[data-leads]")) {
    row.hidden = !document.querySelector(`[data-focus-key="${row.dataset.leads}"]:not(:disabled)`);
  }
  sheet.showModal();
}

if (document.body.hasAttribute("data-shortcuts")) {
  let goes = false;
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    if (goes) {
      goes = false;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); event.stopImmediatePropagation(); link.click(); }
      return;
    }
    if (event.key === "g") { goes = true; setTimeout(() => { goes = false; }, 1500); }
    if (event.key === "?") help();
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (lead(event.key)) event.preventDefault();
  });
}
