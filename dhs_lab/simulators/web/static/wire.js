// The wire: a ring of lines. A few elements are reused for the visible lines.

import { $, make, notice, press, put } from "/dom.js";
import { showFields } from "/fields.js";
import { hello } from "/store.js";
import { look, matcher, onView, view } from "/view.js";
import { addRates } from "/rate.js";

const PORTION = 1000; // lines that are removed together
const SPARE = 6;

let ring = [];
let visible = []; // the lines of the ring that the filter shows
let isWanted = () => true;
let isFollowing = true;
let below = 0; // new lines while it does not follow
let chosen = 0; // number of a line, 0 for none
let height = 20;
const pool = [];
const box = $("lines");

// -- what comes --------------------------------------------------------------------------------

export function addLines(lines) {
  for (const line of lines) {
    line.low = `${line.host} ${line.text}`.toLowerCase();
    ring.push(line);
    if (isWanted(line)) {
      visible.push(line);
      if (!isFollowing) below += 1;
    }
  }
  addRates(lines);
  if (ring.length >= hello.keeps + PORTION) cutRing();
  schedule();
}

function cutRing() {
  ring = ring.slice(ring.length - hello.keeps);
  const first = ring[0].number;
  const gone = visible.findIndex((line) => line.number >= first);
  const count = gone < 0 ? visible.length : gone;
  if (!count) return;
  visible = visible.slice(count);
  for (const slot of pool) slot.line = null;
  if (!isFollowing) box.scrollTop -= count * height; // the view does not move
}

export function forgetLines() {
  ring = [];
  filterLines();
}

function filterLines() {
  const words = matcher(view.wq, true);
  isWanted = (line) =>
    (!view.host || line.host === view.host) && (!view.dir || line.arrow === view.dir) && (!view.bad || line.is_bad) && words(line.low);
  visible = ring.filter(isWanted);
  for (const slot of pool) slot.line = null;
  below = 0;
  const at = indexOf(chosen);
  if (at >= 0) scrollTo(at);
  else follow(true);
  schedule();
}

const indexOf = (number) => {
  let [low, high] = [0, visible.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (visible[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return visible[low]?.number === number ? low : -1;
};

// -- what is shown -----------------------------------------------------------------------------

let isScheduled = false;

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw();
  });
}

function slotOf() {
  const slot = make("div", "wire-line");
  slot.setAttribute("role", "option");
  const text = make("span", "text");
  const [keyword, rest] = [make("b"), make("span", "rest")];
  text.append(keyword, rest);
  const [at, host, arrow] = [make("span", "at"), make("span", "from"), make("span", "arrow")];
  slot.append(at, host, arrow, text);
  box.append(slot);
  return { slot, at, host, arrow, keyword, rest, line: null, row: -1 };
}

function measure() {
  height = Number.parseFloat(getComputedStyle(box).getPropertyValue("--line")) || 20;
  const count = Math.ceil(box.clientHeight / height) + SPARE;
  if (!box.clientHeight) return;
  while (pool.length < count) pool.push(slotOf());
  while (pool.length > count) pool.pop().slot.remove();
  for (const slot of pool) slot.line = null;
}

function draw() {
  drawCount();
  if (!pool.length) return;
  $("lines-height").style.height = `${visible.length * height}px`;
  if (isFollowing) box.scrollTop = visible.length * height;
  const first = Math.max(0, Math.min(Math.floor(box.scrollTop / height) - SPARE / 2, visible.length - pool.length));
  for (let row = first; row < first + pool.length; row += 1) drawSlot(pool[row % pool.length], row);
  const active = indexOf(chosen);
  if (active >= first && active < first + pool.length) box.setAttribute("aria-activedescendant", `line-${chosen}`);
  else box.removeAttribute("aria-activedescendant");
}

function drawSlot(slot, row) {
  const line = visible[row];
  slot.slot.hidden = !line;
  if (!line) return;
  const isChosen = line.number === chosen;
  if (slot.row !== row) {
    slot.row = row;
    slot.slot.style.transform = `translateY(${row * height}px)`;
    slot.slot.setAttribute("aria-posinset", String(row + 1));
  }
  slot.slot.setAttribute("aria-setsize", String(visible.length));
  if (slot.isChosen !== isChosen) {
    slot.isChosen = isChosen;
    slot.slot.setAttribute("aria-selected", String(isChosen));
  }
  if (slot.line === line) return;
  slot.line = line;
  slot.slot.id = `line-${line.number}`;
  slot.slot.className = `wire-line ${line.arrow === "->" ? "down" : "up"}${line.is_bad ? " is-bad" : ""}`;
  slot.at.textContent = line.at_s.toFixed(3);
  slot.host.textContent = line.host;
  slot.arrow.textContent = line.arrow === "->" ? "→" : "←";
  const end = line.text.search(/\s|$/);
  slot.keyword.textContent = line.text.slice(0, end);
  slot.rest.textContent = line.text.slice(end);
}

function drawCount() {
  const thousands = (number) => number.toLocaleString("en");
  const news = below ? `, ${thousands(below)} new below` : "";
  const keeps = ring.length >= hello.keeps ? `; keeps the last ${thousands(hello.keeps)}` : "";
  put($("wire-count"), `${thousands(visible.length)} of ${thousands(ring.length)}${news}${keeps}`);
  $("wire-count").title = `This page keeps the last ${thousands(hello.keeps)} messages`;
  $("no-lines").hidden = visible.length > 0;
  put($("no-lines"), ring.length ? "No message matches." : "No messages yet. They appear when a DHS connects.");
}

// -- following and choosing --------------------------------------------------------------------

function follow(isOn) {
  isFollowing = isOn;
  press($("wire-follow"), isOn);
  if (isOn) below = 0;
  schedule();
}

function scrollTo(row) {
  if (isFollowing) follow(false);
  const top = row * height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
}

function choose(row) {
  const line = visible[row];
  chosen = line?.number ?? 0;
  if (line) scrollTo(row);
  showFields(line ?? null);
  schedule();
}

// Goes to a line from another part of the page.
export function showLine(number) {
  look({ part: "wire" });
  if (indexOf(number) < 0 && ring.some((line) => line.number === number)) {
    $("wire-filter").value = "";
    look({ host: "", wq: "", dir: "", bad: "" });
  }
  const row = indexOf(number);
  if (row < 0) {
    notice(`message ${number} is no longer kept here`);
    return;
  }
  measure();
  $("lines-height").style.height = `${visible.length * height}px`;
  if (isFollowing) follow(false);
  box.scrollTop = Math.max(0, row * height - box.clientHeight / 2);
  choose(row);
  box.focus({ preventScroll: true });
}

export const closeFields = () => choose(-1);

box.addEventListener("click", (event) => {
  const slot = pool.find((one) => one.slot.contains(event.target));
  if (slot?.line) choose(slot.row);
});

box.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity };
  if (event.key === "Escape") choose(-1);
  else if (event.key === "End") follow(true);
  else if (event.key in steps && visible.length) {
    const from = indexOf(chosen);
    const to = from < 0 ? visible.length - 1 : from + steps[event.key];
    choose(Math.min(visible.length - 1, Math.max(0, to)));
  } else return;
  event.preventDefault();
});

// After scrolling up the view stays; at the end it follows again.
let lastTop = 0;
box.addEventListener("scroll", () => {
  const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < height;
  if (isFollowing && box.scrollTop < lastTop - 2 && !isAtEnd) follow(false);
  else if (!isFollowing && !chosen && isAtEnd && box.scrollTop > lastTop) follow(true);
  lastTop = box.scrollTop;
  schedule();
});

new ResizeObserver(() => {
  measure();
  draw();
}).observe(box);

// -- the bar -----------------------------------------------------------------------------------

$("wire-follow").addEventListener("click", () => follow(!isFollowing));
$("wire-clear").addEventListener("click", () => {
  choose(-1);
  forgetLines();
});
$("wire-filter").value = view.wq;
$("wire-filter").addEventListener("input", (event) => look({ wq: event.target.value }));
$("wire-bad").addEventListener("click", () => look({ bad: view.bad ? "" : "1" }));
for (const one of document.querySelectorAll("#wire [data-dir]")) one.addEventListener("click", () => look({ dir: one.dataset.dir }));

function drawBar() {
  for (const one of document.querySelectorAll("#wire [data-dir]")) press(one, one.dataset.dir === view.dir);
  press($("wire-bad"), Boolean(view.bad));
}

onView((changed) => {
  if (["host", "wq", "dir", "bad"].some((key) => changed.has(key))) {
    drawBar();
    filterLines();
  }
});

$("wire-export").addEventListener("click", async () => {
  try {
    const answer = await fetch("/wire.jsonl");
    const numbers = new Set(visible.map((line) => line.number));
    const rows = (await answer.text()).split("\n").filter((row) => row && numbers.has(JSON.parse(row).number));
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([rows.map((row) => `${row}\n`).join("")], { type: "application/jsonl" }));
    link.download = "wire.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch {
    notice("not exported: the simulator does not answer");
  }
});

drawBar();
filterLines();
