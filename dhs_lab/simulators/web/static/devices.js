// The devices: which rows are shown, in which order; each row is built when it is first shown.

import { $, button, make, press, put } from "/dom.js";
import { inOrder } from "/hosts.js";
import { buildRow, drawRow } from "/rows.js";
import { devices, fresh, hello, hosts, rankOf } from "/store.js";
import { look, matcher, onView, view } from "/view.js";

const KINDS = [
  ["motor", "Motors", "Motors"],
  ["shutter", "Shutters", "Shutters"],
  ["ion_chamber", "Ion chambers", "Ions"],
  ["encoder", "Encoders", "Encoders"],
  ["operation", "Operations", "Ops"],
  ["string", "Strings", "Strings"],
  ["object", "Objects", "Objects"],
];
const FEW = 40; // up to this many devices nothing is folded

export const rows = new Map(); // name -> its row
const sections = new Map();
const chips = new Map();
const opened = new Set(); // kinds whose fold is open
const list = $("device-list");

for (const [kind, title] of KINDS) {
  const section = make("section", `kind-${kind}`);
  const heading = make("h2", "", title);
  heading.append(" ", make("small"));
  if (kind === "ion_chamber") {
    const label = make("label", "", "count for ");
    const time = make("input", "mono");
    Object.assign(time, { id: "count-time", value: "0.1", inputMode: "decimal" });
    label.append(time, " s");
    heading.append(label);
  }
  const more = button("", "link fold", () => {
    opened.add(kind);
    listDevices();
    focusRow(section.querySelector(".row"));
  });
  section.append(heading, make("ul", "rows"), more);
  section.hidden = true;
  sections.set(kind, section);
  list.append(section);
}

for (const [kind, long, short] of [["", "All", "All"], ...KINDS]) {
  const chip = button("", "", () => look({ kind: view.kind === kind ? "" : kind }));
  chip.append(make("span", "long", long), make("span", "short", short), " ", make("small"));
  chip.setAttribute("aria-label", long);
  chips.set(kind, chip);
  $("kinds").append(chip);
}

// -- which, and in which order ---------------------------------------------------------------

const lowOf = (device) => (device.low ??= `${device.name} ${device.host} ${device.kind}`.toLowerCase());

function isHere(device) {
  const host = hosts.get(device.host);
  return host !== undefined && rankOf(host) < 2;
}

export function listDevices() {
  const isWanted = matcher(view.q);
  const wanted = [...devices.values()].filter((device) => (!view.host || device.host === view.host) && isWanted(lowOf(device)));
  const places = new Map(inOrder().map((host, place) => [host.name, place]));
  const isNarrow = Boolean(view.host || view.q.trim()) || devices.size <= FEW;
  let shownCount = 0;
  for (const [kind] of KINDS) {
    const ofKind = wanted.filter((device) => device.kind === kind || (kind === "object" && !sections.has(device.kind)));
    ofKind.sort((a, b) => places.get(a.host) - places.get(b.host));
    const visible = isNarrow || opened.has(kind) ? ofKind : ofKind.filter(isHere);
    if (!view.kind || view.kind === kind) shownCount += ofKind.length;
    drawSection(kind, visible, ofKind.length);
    drawChip(kind, ofKind.length);
  }
  drawChip("", wanted.length);
  $("nobody").hidden = !devices.size || [...hosts.values()].some((host) => rankOf(host) < 2);
  put($("nobody-at"), `dhs run FILE.py:dhs --dcss ${hello.dcss}`);
  $("no-devices").hidden = shownCount > 0 || !devices.size;
  tabFirst();
}

function drawSection(kind, visible, count) {
  const section = sections.get(kind);
  section.hidden = !count || Boolean(view.kind && view.kind !== kind);
  if (section.hidden) return;
  put(section.querySelector("small"), visible.length === count ? String(count) : `${visible.length} of ${count}`);
  const more = section.querySelector(".fold");
  const hidden = count - visible.length;
  more.hidden = !hidden;
  put(more, `${hidden}${visible.length ? " more:" : ""} of DCSS itself and of hosts never seen`);
  const length = Math.max(6, ...visible.map((device) => device.name.length));
  section.style.setProperty("--name", `${length + 1}ch`);
  place(section.querySelector(".rows"), visible.map(rowOf));
}

function rowOf(device) {
  let row = rows.get(device.name);
  if (!row) {
    row = buildRow(device);
    rows.set(device.name, row);
    fresh.devices.add(device.name);
  }
  return row;
}

// If the rows are already right, nothing is changed, and the focus stays.
function place(box, wanted) {
  if (box.childElementCount === wanted.length && wanted.every((row, index) => row === box.children[index])) return;
  const held = box.contains(document.activeElement) ? document.activeElement : null;
  box.replaceChildren(...wanted);
  if (held?.isConnected) held.focus({ preventScroll: true });
}

function drawChip(kind, count) {
  const chip = chips.get(kind);
  press(chip, view.kind === kind);
  put(chip.querySelector("small"), String(count));
  chip.hidden = Boolean(kind) && !count && view.kind !== kind;
}

export function drawDevices(names) {
  for (const name of names) {
    const row = rows.get(name);
    if (row) drawRow(row, devices.get(name), hosts.get(devices.get(name)?.host));
  }
}

export function drawAll() {
  listDevices();
  drawDevices(rows.keys());
}

export function forgetRows() {
  rows.clear();
  for (const section of sections.values()) section.querySelector(".rows").replaceChildren();
}

// Goes to the row of a device; clears filters if they hide it.
export function showDevice(name) {
  const device = devices.get(name);
  if (!device) return;
  if (view.part !== "devices") look({ part: "devices" });
  if (!rows.get(name)?.isConnected || sections.get(device.kind)?.hidden) {
    look({ host: "", q: name, kind: "" });
    $("device-filter").value = name;
  }
  const row = rows.get(name);
  row?.scrollIntoView({ block: "nearest" });
  focusRow(row);
}

// -- keys: one row is in the Tab order ---------------------------------------------------------

let current = null;

const controlsOf = (row) => [...row.querySelectorAll("button, input, select, a")].filter((one) => !one.disabled && one.checkVisibility());

function setCurrent(row) {
  if (current === row) return;
  if (current) for (const one of current.querySelectorAll("button, input, select")) one.tabIndex = -1;
  current = row;
  if (current) for (const one of current.querySelectorAll("button, input, select")) one.tabIndex = 0;
}

function tabFirst() {
  if (!current?.isConnected || !current.checkVisibility()) setCurrent([...list.querySelectorAll("section:not([hidden]) .row")][0] ?? null);
}

function focusRow(row) {
  if (!row) return;
  setCurrent(row);
  row.querySelector(".name").focus();
}

list.addEventListener("focusin", (event) => {
  const row = event.target.closest(".row");
  if (row) setCurrent(row);
});

list.addEventListener("keydown", (event) => {
  const row = event.target.closest(".row");
  if (!row || event.ctrlKey || event.altKey || event.metaKey) return;
  const isName = event.target.matches(".name");
  if (isName && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const all = [...list.querySelectorAll("section:not([hidden]) .row")];
    focusRow(all[all.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)]);
  } else if (!event.target.matches("input, select") && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    const all = controlsOf(row);
    all[all.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
  } else if (event.key === "Escape" && !isName) {
    if (event.target.matches("input") && event.target.value) return;
    row.querySelector(".name").focus();
  } else {
    return;
  }
  event.preventDefault();
});

// -- the filter --------------------------------------------------------------------------------

$("device-filter").value = view.q;
$("device-filter").addEventListener("input", (event) => look({ q: event.target.value }));
$("show-all").addEventListener("click", () => {
  $("device-filter").value = "";
  look({ host: "", q: "", kind: "" });
});
onView((changed) => {
  if (["host", "q", "kind"].some((key) => changed.has(key))) {
    listDevices();
    drawDevices(fresh.devices);
    list.scrollTop = 0;
  }
});
