// Pages made of parts: j k move from part to part, Enter goes into one, Escape leaves a field.
// No key here does more than move the focus.
import { CONTROLS, isTyping } from "./desk.js";

const PARTS = "main section, main details.verb, main figure";

// The innermost ones that can be seen, in reading order.
const parts = () =>
  [...document.querySelectorAll(PARTS)].filter((part) => part.offsetParent && !part.querySelector(PARTS));

function stand(part) {
  const summary = part.matches("details") ? part.querySelector("summary") : null;
  if (!summary) part.tabIndex = -1;
  (summary || part).focus();
  part.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = parts();
  if (!all.length) return;
  const here = all.findIndex((part) => part.contains(document.activeElement));
  const next = here === -1 ? 0 : here + step;
  stand(all[Math.max(0, Math.min(all.length - 1, next))]);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  // Whatever can be pressed keeps its own Enter.
  Enter: (event) => {
    const here = document.activeElement;
    if (!here.matches(PARTS)) return;
    event.preventDefault();
    here.querySelector(CONTROLS)?.focus();
  },
};

if (document.body.hasAttribute("data-shortcuts")) {
  document.addEventListener("keydown", (event) => {
    const part = event.key === "Escape" && document.activeElement.matches("main :is(input, textarea, select)") &&
      document.activeElement.closest(PARTS);
    if (part) { stand(part); return; }
    if (!isTyping(event)) KEYS[event.key]?.(event);
  });
}
