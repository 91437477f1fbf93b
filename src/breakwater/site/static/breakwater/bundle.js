// Keys of the bundle page: each control names its own with data-key; 1-9 choose an archive reason.
import { isTyping } from "./desk.js";

if (document.body.hasAttribute("data-shortcuts")) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    const reason = document.querySelector("#archive-form select[name=reason]");
    if (/^[1-9]$/.test(event.key) && reason && reason.options[Number(event.key)]) {
      event.preventDefault();
      reason.selectedIndex = Number(event.key);
      reason.focus();
      return;
    }
    const control = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (control) { event.preventDefault(); control.click(); }
  });
}
