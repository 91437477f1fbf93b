// Runs before the first paint, so that a dark screen does not flash white at night.
const root = document.documentElement;
if (!root.hasAttribute("data-theme-fixed")) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", apply);
  apply();
}
