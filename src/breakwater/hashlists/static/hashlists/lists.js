// The pages of an import: drop a file, see it being sent, watch it being read.
// Without this file they work as a plain form and a page to look at again.

const POLL_EVERY = 1500; // ms

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function startForm(form) {
  const words = form.dataset;
  const status = document.getElementById("list-status");
  const bar = document.getElementById("list-bar");
  const input = document.getElementById("list-file");
  const button = form.querySelector("button[type=submit]");

  function failed(reason) {
    status.textContent = reason;
    bar.hidden = true;
    button.disabled = false;
  }

  function send() {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      const percent = event.total ? Math.floor((100 * event.loaded) / event.total) : 0;
      bar.value = percent;
      status.textContent = percent < 100 ? filled(words.sending, { percent }) : words.storing;
    });
    request.addEventListener("load", () => {
      if (request.response?.url) window.location.assign(request.response.url);
      else failed(request.response?.reason || words.failed);
    });
    request.addEventListener("error", () => failed(words.failed));
    request.addEventListener("abort", () => failed(words.failed));
    bar.hidden = false;
    button.disabled = true;
    request.send(new FormData(form));
  }

  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("border-primary");
  });
  form.addEventListener("dragleave", () => form.classList.remove("border-primary"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("border-primary");
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    button.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [file] = input.files;
    if (file.size > Number(words.maxBytes)) failed(words.tooLarge);
    else send();
  });
}

function startWatching(section) {
  const bar = document.getElementById("list-progress-bar");
  const text = document.getElementById("list-progress-text");

  async function look() {
    let now;
    try {
      const response = await fetch(section.dataset.progressUrl);
      if (!response.ok) return;
      now = await response.json();
    } catch {
      window.setTimeout(look, 4 * POLL_EVERY); // a bad line; the import goes on meanwhile
      return;
    }
    if (now.done) {
      window.location.reload();
      return;
    }
    bar.max = now.max;
    bar.value = now.value;
    if (text.textContent !== now.text) text.textContent = now.text;
    window.setTimeout(look, POLL_EVERY);
  }

  window.setTimeout(look, POLL_EVERY);
}

const form = document.getElementById("list-form");
if (form) startForm(form);
const watched = document.querySelector("[data-progress-url]");
if (watched) startWatching(watched);
