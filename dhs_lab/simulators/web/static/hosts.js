// The hosts: a filter of devices and wire. Online hosts come first; hosts never seen are folded.

import { $, ask, button, counted, make, press, put, sign } from "/dom.js";
import { devices, hosts, rankOf } from "/store.js";
import { look, onView, view } from "/view.js";

const items = new Map(); // name -> its item; "" is for all
const list = $("hosts").firstElementChild;
const FEW = 5; // up to this many hosts never seen are not folded
let isOpen = false; // the fold
let toFaults = () => {};

const fold = make("li", "fold");
fold.append(button("", "", () => {
  isOpen = !isOpen;
  drawHosts();
}));

export function onFaults(press) {
  toFaults = press;
}

function itemOf(name) {
  if (items.has(name)) return items.get(name);
  const item = make("li");
  const choose = button("", "host", () => look({ host: view.host === name ? "" : name }));
  choose.append(make("span", "sign"), make("span", name ? "name mono" : "name", name || "All hosts"), make("small"));
  item.append(choose);
  if (name) item.append(sheetOf(name));
  items.set(name, item);
  return item;
}

function sheetOf(name) {
  const sheet = make("div", "sheet");
  sheet.hidden = true;
  const cut = button("Cut", "cut", () => ask("disconnect", { name }));
  cut.title = "Close its connection; the DHS connects again";
  cut.setAttribute("aria-label", `Cut the connection of ${name}`);
  const faults = button("Faults…", "", () => toFaults());
  faults.setAttribute("aria-label", `Faults for ${name}`);
  sheet.append(make("p", "soft"), cut, faults);
  return sheet;
}

const SIGNS = [["●", "online", "good"], ["◆", "lost", "bad"], ["", "", ""], ["○", "never seen", "soft"]];

function drawHost(host, count) {
  const item = itemOf(host.name);
  const [char, word, colour] = SIGNS[rankOf(host)];
  const mark = item.querySelector(".sign");
  mark.className = `sign ${colour}`;
  sign(mark, char, word);
  put(item.querySelector("small"), String(count));
  const isChosen = view.host === host.name;
  press(item.firstElementChild, isChosen);
  const sheet = item.querySelector(".sheet");
  sheet.hidden = !isChosen;
  if (!isChosen) return;
  const state = host.is_engine ? "DCSS's own" : host.is_online ? "online" : host.logins ? "lost" : "never seen";
  const logins = host.logins ? `, ${counted(host.logins, "login")}` : "";
  put(sheet.firstElementChild, host.is_engine ? state : `${state}${logins}, ${host.framing}`);
  for (const control of sheet.querySelectorAll("button")) control.hidden = host.is_engine;
}

// The last login is on top: the DHS under test.
export function inOrder() {
  const place = new Map([...hosts.keys()].map((name, index) => [name, index]));
  return [...hosts.values()].sort((a, b) => rankOf(a) - rankOf(b) || b.last_login - a.last_login || place.get(a.name) - place.get(b.name));
}

export function drawHosts() {
  const counts = new Map();
  for (const { host } of devices.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
  const sorted = inOrder();
  for (const host of sorted) drawHost(host, counts.get(host.name) ?? 0);
  const all = itemOf("");
  press(all.firstElementChild, view.host === "");
  put(all.querySelector("small"), String(devices.size));
  const named = (ranks) => sorted.filter((host) => ranks.includes(rankOf(host))).map((host) => itemOf(host.name));
  const never = named([3]);
  const isFew = never.length <= FEW;
  const isShown = isFew || isOpen || rankOf(hosts.get(view.host) ?? { is_engine: true }) === 3;
  put(fold.firstElementChild, `${isShown ? "▾" : "▸"} ${never.length} never seen`);
  fold.firstElementChild.setAttribute("aria-expanded", String(isShown));
  arrange([all, ...named([0, 1]), ...(isFew ? [] : [fold]), ...(isShown ? never : []), ...named([2])]);
}

// Moves only items that are in the wrong place, so that the focus stays.
function arrange(wanted) {
  const isWanted = new Set(wanted);
  for (const item of [...list.children]) if (!isWanted.has(item)) item.remove();
  wanted.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

onView((changed) => {
  if (changed.has("host")) drawHosts();
});
