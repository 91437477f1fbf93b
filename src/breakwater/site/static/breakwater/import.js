// The police door's pages: drag-and-drop, progress of the upload, progress of the reading.
// Without this file both pages work as a plain form and a page to look at again.

const POLL_EVERY = 1500; // ms

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// --- handing files in -------------------------------------------------------------

async function filesBelow(entry, path = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: path + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  // A reader gives entries in portions; an empty portion is the end.
  for (;;) {
    const portion = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!portion.length) return found;
    for (const inner of portion) found.push(...(await filesBelow(inner, `${path}${entry.name}/`)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map((entry) => filesBelow(entry)))).flat();
}

function startForm(form) {
  const words = form.dataset;
  const status = document.getElementById("import-status");
  const bar = document.getElementById("import-progress");
  const button = form.querySelector("button[type=submit]");
  const inputs = [document.getElementById("import-files"), document.getElementById("import-folder")];
  let chosen = [];

  const size = () => chosen.reduce((sum, { file }) => sum + file.size, 0);

  function problem() {
    if (!chosen.length) return words.none;
    if (chosen.length > Number(words.maxFiles)) return words.tooMany;
    return size() > Number(words.maxBytes) ? words.tooLarge : "";
  }

  function choose(files) {
    chosen = files;
    const megabytes = (size() / 1024 / 1024).toLocaleString(document.documentElement.lang, {
      maximumFractionDigits: 1,
    });
    status.textContent = problem() || filled(words.chosen, { n: files.length, size: megabytes });
  }

  function send() {
    const data = new FormData();
    data.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const { file, path } of chosen) data.append("paths", path);
    for (const { file } of chosen) data.append("files", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      const percent = event.total ? Math.floor((100 * event.loaded) / event.total) : 0;
      bar.value = percent;
      status.textContent =
        percent < 100 ? filled(words.sending, { percent }) : words.storing;
    });
    request.addEventListener("load", () => {
      if (request.response?.url) window.location.assign(request.response.url);
      else failed(request.response?.reason || words.failed);
    });
    request.addEventListener("error", () => failed(words.failed));
    request.addEventListener("abort", () => failed(words.failed));
    bar.hidden = false;
    button.disabled = true;
    request.send(data);
  }

  function failed(reason) {
    status.textContent = reason;
    bar.hidden = true;
    bar.value = 0;
    button.disabled = false;
  }

  document.getElementById("import-folder-part").hidden = false;
  for (const input of inputs) {
    input.required = false; // either of the two will do
    input.addEventListener("change", () => {
      for (const other of inputs) if (other !== input) other.value = "";
      choose([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    });
  }
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("border-primary");
  });
  form.addEventListener("dragleave", () => form.classList.remove("border-primary"));
  form.addEventListener("drop", async (event) => {
    event.preventDefault();
    form.classList.remove("border-primary");
    const files = await dropped(event.dataTransfer);
    for (const input of inputs) input.value = "";
    choose(files);
    button.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = problem();
    if (reason) status.textContent = reason;
    else send();
  });
}

// --- watching a delivery being read -----------------------------------------------

function startWatching(section) {
  const bar = document.getElementById("delivery-bar");
  const state = document.getElementById("delivery-state");
  const answer = document.getElementById("delivery-answer");

  async function look() {
    let now;
    try {
      const response = await fetch(section.dataset.progressUrl);
      if (!response.ok) return;
      now = await response.json();
    } catch {
      window.setTimeout(look, 4 * POLL_EVERY); // a bad line; the reading goes on meanwhile
      return;
    }
    if (now.done) {
      window.location.reload();
      return;
    }
    bar.max = now.stored || 1;
    bar.value = now.read;
    if (state.textContent !== now.text) state.textContent = now.text;
    answer.textContent = now.answer;
    window.setTimeout(look, POLL_EVERY);
  }

  window.setTimeout(look, POLL_EVERY);
}

const form = document.getElementById("import-form");
if (form) startForm(form);
const watched = document.querySelector("[data-progress-url]");
if (watched) startWatching(watched);
