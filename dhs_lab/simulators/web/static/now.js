// Current and past moves and operations of all hosts, the newest on top.

import { $, ask, counted, isNumber, press, put, say, seconds, shown, sign } from "/dom.js";
import { showDevice } from "/devices.js";
import { devices, nowS, runs } from "/store.js";
import { look } from "/view.js";
import { showLine } from "/wire.js";

const SHOWN = 3; // updates
const items = new Map(); // key -> its item
let failedOnly = false;

function unitsOf(run) {
  const units = devices.get(run.name)?.units;
  return units && isNumber(run.args) ? ` ${units}` : "";
}

const numberOf = (text) => (isNumber(text) ? shown(Number(text)) : text);
const titleOf = (run) => (run.kind === "move" ? `→ ${numberOf(run.args)}${unitsOf(run)}` : run.args);
const isFailed = (run) => run.ended_s !== null && run.status !== "normal";

function build(key) {
  const item = $("run").content.firstElementChild.cloneNode(true);
  const { run } = runs.get(key);
  const name = item.querySelector(".name");
  name.textContent = run.name;
  name.title = `Go to ${run.name}`;
  name.addEventListener("click", () => showDevice(run.name));
  const stop = item.querySelector(".halt");
  stop.setAttribute("aria-label", `Stop ${run.name}`);
  stop.addEventListener("click", () =>
    run.kind === "move" ? ask("abort_move", { name: run.name, how: "soft" }) : ask("stop_operation", { name: run.name }),
  );
  const wire = item.querySelector(".wire");
  wire.setAttribute("aria-label", `The end of ${run.name} on the wire`);
  wire.addEventListener("click", () => showLine(runs.get(key)?.run.end_line || run.line));
  const more = item.querySelector(".more");
  more.addEventListener("click", () => {
    more.setAttribute("aria-expanded", String(more.ariaExpanded !== "true"));
    drawUpdates(item, runs.get(key));
  });
  items.set(key, item);
  return item;
}

function draw(key) {
  const known = runs.get(key);
  if (!known) {
    items.get(key)?.remove();
    items.delete(key);
    return;
  }
  const { run } = known;
  const item = items.get(key) ?? build(key);
  place(item, run);
  const isRunning = run.ended_s === null;
  item.className = `run ${isRunning ? "is-running" : isFailed(run) ? "is-failed" : "is-normal"}`;
  sign(item.querySelector(".sign"), isRunning ? "▶" : isFailed(run) ? "✕" : "✓", isRunning ? "running" : isFailed(run) ? "failed" : "normal");
  put(item.querySelector(".args"), titleOf(run));
  put(item.querySelector(".status"), run.status);
  put(item.querySelector(".clock"), seconds((run.ended_s ?? nowS()) - run.began_s));
  item.querySelector(".halt").hidden = !isRunning;
  item.querySelector(".wire").hidden = isRunning;
  drawUpdates(item, known);
  text(item.querySelector(".result"), run.result);
  text(item.querySelector(".fault"), run.completions > 1 ? `completed ${run.completions} times: a fault of the DHS` : "");
}

function text(element, words) {
  element.hidden = !words;
  put(element, words);
}

function drawUpdates(item, { run, updates }) {
  const more = item.querySelector(".more");
  const isOpen = more.ariaExpanded === "true";
  const isRunning = run.ended_s === null;
  more.hidden = !run.count || (isRunning && run.count <= SHOWN && !isOpen);
  const all = run.count > updates.length ? `, the last ${updates.length}` : "";
  put(more, `${counted(run.count, "update")}${isOpen ? `${all}:` : isRunning ? ", the last:" : ""}`);
  const list = item.querySelector(".updates");
  // A finished run shows its result; a click shows its updates.
  const lines = isOpen ? updates : isRunning ? updates.slice(-SHOWN) : [];
  list.hidden = !lines.length;
  while (list.childElementCount > lines.length) list.lastElementChild.remove();
  while (list.childElementCount < lines.length) list.append(document.createElement("li"));
  lines.forEach((line, index) => put(list.children[index], line));
}

// A run moves once, when it ends; the focus in it stays, or moves to the name.
function place(item, run) {
  const box = run.ended_s === null ? $("running") : $("ended");
  if (item.parentElement === box) return;
  const held = item.contains(document.activeElement) ? document.activeElement : null;
  const wasRunning = item.parentElement === $("running");
  box.prepend(item);
  if (held) (held.matches(".halt") ? item.querySelector(".name") : held).focus({ preventScroll: true });
  if (wasRunning) say(`${run.name} ${run.status === "normal" ? "is done" : `failed: ${run.status}`}`);
}

export function drawNow(changed) {
  const began = [...changed].filter((key) => !items.has(key) && runs.has(key));
  began.sort((a, b) => runs.get(a).run.line - runs.get(b).run.line);
  for (const key of new Set([...began, ...changed])) draw(key);
  const all = [...runs.values()];
  const running = all.filter(({ run }) => run.ended_s === null).map(({ run }) => run);
  const failed = all.filter(({ run }) => isFailed(run)).length;
  $("no-runs").hidden = all.length > 0;
  put($("now-failed").querySelector("small"), failed ? String(failed) : "");
  put($("now-count"), all.length ? `${all.length} kept of 200` : "");
  drawSummary(running, failed);
}

function drawSummary(running, failed) {
  const summary = $("summary");
  summary.hidden = !running.length && !failed;
  put(summary.children[0], running.length ? `▶ ${running.length} running` : "");
  put(summary.children[1], running.length && failed ? " · " : "");
  put(summary.children[2], failed ? `✕ ${failed} failed` : "");
  summary.classList.toggle("is-going", running.length > 0);
  const going = $("going");
  going.hidden = !running.length && !failed;
  going.classList.toggle("is-going", running.length > 0);
  const names = running.map((run) => `${run.name} ${run.kind === "move" ? titleOf(run) : ""}`.trim()).reverse();
  put(going, running.length ? `▶ ${running.length} running  ${names.join(" · ")}` : `✕ ${failed} failed`);
}

export function forgetNow() {
  items.clear();
  for (const id of ["running", "ended"]) $(id).replaceChildren();
}

function showFailed(only) {
  failedOnly = only;
  press($("now-all"), !only);
  press($("now-failed"), only);
  $("now-list").classList.toggle("failed-only", failedOnly);
}

// One text node: no element that can have the focus is rebuilt.
setInterval(() => {
  for (const item of $("running").children) {
    const key = [...items].find(([, one]) => one === item)?.[0];
    const known = runs.get(key);
    if (known) put(item.querySelector(".clock"), seconds(nowS() - known.run.began_s));
  }
}, 100);

$("now-all").addEventListener("click", () => showFailed(false));
$("now-failed").addEventListener("click", () => showFailed(true));
for (const id of ["summary", "going"]) {
  $(id).addEventListener("click", () => {
    look({ part: "now" });
    $("now-list").scrollTop = 0;
    $("now-list").focus();
  });
}
