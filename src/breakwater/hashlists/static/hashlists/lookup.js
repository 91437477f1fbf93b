// Hashes files in the browser, so that no file and no name of one is ever sent. The names are
// put beside the answer here; without this file the page works with pasted hashes alone.

const MOST_MB = 512; // WebCrypto needs a whole file in memory

const names = new Map(); // hash -> name of the file
const form = document.getElementById("lookup-form");
const words = form.dataset;
const status = document.getElementById("lookup-status");
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function hexadecimal(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hash(file) {
  const content = await file.arrayBuffer();
  const digests = [];
  for (const name of ["SHA-1", "SHA-256"]) {
    digests.push(hexadecimal(await crypto.subtle.digest(name, content)));
  }
  return digests;
}

async function take(files) {
  if (!crypto.subtle) {
    status.textContent = words.unsafe;
    return;
  }
  const lines = [];
  const problems = [];
  for (const [index, file] of [...files].entries()) {
    status.textContent = filled(words.hashing, { n: index + 1, total: files.length });
    if (file.size > MOST_MB * 1024 * 1024) {
      problems.push(filled(words.tooLarge, { name: file.name, size: MOST_MB }));
      continue;
    }
    const [sha1, sha256] = await hash(file);
    names.set(sha1, file.name).set(sha256, file.name);
    lines.push(`sha1:${sha1}`, `sha256:${sha256}`);
  }
  const area = form.elements.hashes;
  area.value = [area.value.trim(), ...lines].filter(Boolean).join("\n");
  status.textContent = [filled(words.hashed, { n: lines.length / 2 }), ...problems].join(" ");
}

function nameLines() {
  for (const line of document.querySelectorAll("#lookup-result [data-hash]")) {
    const name = names.get(line.dataset.hash);
    if (!name) continue;
    const shown = document.createElement("span");
    shown.className = "text-break";
    shown.textContent = ` ${name}`;
    line.append(shown);
  }
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
  nameLines();
}

const drop = document.getElementById("lookup-drop");
const input = document.getElementById("lookup-files");
drop.hidden = false;
input.addEventListener("change", () => take(input.files));
form.addEventListener("dragover", (event) => event.preventDefault());
form.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  take(event.dataTransfer.files);
});
form.addEventListener("submit", (event) => {
  // With names to put beside the answer the page stays; otherwise it is an ordinary form.
  if (!names.size || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  ask().catch(() => { status.textContent = words.failed; });
});
