// Keys of the whole page, its help, and the parts that a phone shows one by one.

import { $, recall, remember } from "/dom.js";
import { look, onView, view } from "/view.js";

const SINGLE = { "/": ["device-filter", "devices"], w: ["wire-filter", "wire"] };
const PARTS = ["devices", "now", "wire", "tools"];

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const isTyping = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && event.target.matches("input[type=search]")) {
    if (event.target.value) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else {
      event.target.blur();
    }
  } else if (!isTyping && $("single-keys").checked && SINGLE[event.key] && !$("help").open) {
    const [id, part] = SINGLE[event.key];
    look({ part });
    $(id).focus();
    $(id).select();
  } else {
    return;
  }
  event.preventDefault();
}

function drawPart() {
  const part = PARTS.includes(view.part) ? view.part : "devices";
  document.body.dataset.part = part;
  for (const one of document.querySelectorAll("#parts button")) {
    if (one.dataset.part === part) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  $("single-keys").checked = recall("single-keys") !== "off";
  $("single-keys").addEventListener("change", (event) => remember("single-keys", event.target.checked ? "on" : "off"));
  $("help-open").addEventListener("click", () => $("help").showModal());
  for (const one of document.querySelectorAll("#parts button")) one.addEventListener("click", () => look({ part: one.dataset.part }));
  onView((changed) => {
    if (changed.has("part")) drawPart();
  });
  drawPart();
}
