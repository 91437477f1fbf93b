// Looks up what was hashed in the browser without leaving the page, since only the page knows the
// names of the files. Without this file the page works with pasted hashes alone.

import { filled, names, start } from "./dropped.js";

const form = document.getElementById("lookup-form");
const words = form.dataset;
const status = document.getElementById("lookup-status");

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// Puts the files' names beside their hashes; gives what each file that is known is known by.
function nameLines(result) {
  const known = new Map();
  for (const line of result.querySelectorAll("[data-hash]")) {
    for (const name of names.get(line.dataset.hash) ?? []) {
      line.append(element("span", "file-name", ` ${name}`));
      if (!line.dataset.matched) continue;
      known.set(name, [...(known.get(name) ?? []), line.dataset.matched]);
    }
  }
  return known;
}

function showKnown(result, known) {
  if (!known.size) return;
  const card = element("section", "card", "");
  const header = element("div", "card-header", "");
  const list = element("ul", "list-group list-group-flush", "");
  header.append(element("h2", "card-title", words.knownFiles));
  for (const [name, by] of known) {
    const text = filled(words.knownBy, { name, hashes: by.join("; ") });
    list.append(element("li", "list-group-item text-break", text));
  }
  card.append(header, list);
  result.prepend(card);
}

async function ask() {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const result = page.getElementById("lookup-result");
  if (!result || !response.ok) {
    form.submit(); // the page itself says what is wrong
    return;
  }
  document.getElementById("lookup-result").replaceWith(result);
  document.getElementById("lookup-answer").replaceWith(page.getElementById("lookup-answer"));
  document.getElementById("lookup").classList.remove("is-asking");
  status.textContent = "";
  showKnown(result, nameLines(result));
}

start();
form.addEventListener("submit", (event) => {
  // With names to put beside the answer the page stays; otherwise it is an ordinary form.
  if (!names.size || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  ask().catch(() => { status.textContent = words.failed; });
});
