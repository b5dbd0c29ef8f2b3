// The tabs of the tools.

import { $ } from "/dom.js";
import { look, onView, view } from "/view.js";

const tabs = [...document.querySelectorAll("#tools [role=tab]")];
const nameOf = (tab) => tab.id.slice("tab-".length);
const shown = () => tabs.filter((tab) => !tab.hidden);

export function openTool(name) {
  look({ tool: name, part: "tools" });
}

export function offerTool(name, isThere) {
  $(`tab-${name}`).hidden = !isThere;
  drawTabs();
}

function drawTabs() {
  const open = shown().find((tab) => nameOf(tab) === view.tool) ?? shown()[0];
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", String(tab === open));
    tab.tabIndex = tab === open ? 0 : -1;
    $(`tool-${nameOf(tab)}`).hidden = tab !== open;
  }
}

export const isOpen = (name) => !$(`tool-${name}`).hidden && $("tools").checkVisibility();

for (const tab of tabs) {
  tab.addEventListener("click", () => look({ tool: nameOf(tab) }));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const all = shown();
    const next = all[(all.indexOf(tab) + by + all.length) % all.length];
    look({ tool: nameOf(next) });
    next.focus();
  });
}
onView((changed) => {
  if (changed.has("tool")) drawTabs();
});
drawTabs();
