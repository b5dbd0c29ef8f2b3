// The page of a simulated beamline: shows what /events tells, sends what people want.

const LOST_MS = 12_000; // three pings of the server
const RETRY_MS = 1000;
const PICTURE_MS = 400;
const MAX_LINES = 2000;
const MAX_RUNS = 100;
const MAX_LOG = 200;

const $ = (id) => document.getElementById(id);
const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function shown(number) {
  // Six digits are what beamlines look at; JSON has texts for what is no number.
  return typeof number === "number" ? String(Number(number.toFixed(6))) : String(number);
}

// -- people's wishes -----------------------------------------------------------------------

function notice(text, isGood = false) {
  const shownNow = make("p", isGood ? "good" : "", "");
  const close = make("button", "", "✕");
  close.type = "button";
  close.ariaLabel = "Close this notice";
  close.onclick = () => shownNow.remove();
  shownNow.append(make("span", "", text), close);
  $("notices").append(shownNow);
  while ($("notices").childElementCount > 4) $("notices").firstElementChild.remove();
  setTimeout(() => shownNow.remove(), isGood ? 3000 : 12_000);
}

async function ask(verb, wish) {
  const what = `${verb.replaceAll("_", " ")} ${wish.name ?? ""}`.trim();
  try {
    const answer = await fetch(`/commands/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    const told = await answer.json();
    if (!answer.ok) notice(`${what} refused: ${told.error}`);
    return answer.ok;
  } catch {
    notice(`${what} not sent: the simulator does not answer`);
    return false;
  }
}

function valueOf(input) {
  const text = input.value.trim();
  const isNumber = text !== "" && Number.isFinite(Number(text));
  if (input.dataset.as === "number" && !isNumber) throw new Error(`${text} is no number`);
  return input.dataset.as && isNumber ? Number(text) : input.dataset.as ? text : input.value;
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const wish = { name: form.closest("[data-name]").dataset.name };
  try {
    for (const input of form.querySelectorAll("input")) wish[input.name] = valueOf(input);
  } catch (error) {
    notice(error.message);
    return;
  }
  await ask(form.dataset.do, wish);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const { do: verb, ...wish } = button.dataset;
  wish.name ??= button.closest("[data-name]")?.dataset.name;
  if (verb === "read_ion_chamber") wish.time_s = Number($("count-time").value);
  ask(verb, wish);
});

// -- hosts and devices ---------------------------------------------------------------------

const hosts = new Map();
const rows = new Map(); // device name -> its row
const devices = new Map();

function showHosts(changed) {
  for (const host of Object.values(changed)) {
    let item = hosts.get(host.name)?.item;
    if (!item) {
      item = make("li");
      const drop = make("button", "", "✕");
      Object.assign(drop, { type: "button", title: "Close its connection; a DHS comes back" });
      drop.ariaLabel = `Close the connection of ${host.name}`;
      Object.assign(drop.dataset, { do: "disconnect", name: host.name });
      item.append(make("span", "mono", host.name), make("small"), drop);
      $("hosts").append(item);
      $("wire-host").append(new Option(host.name, host.name));
    }
    hosts.set(host.name, { ...host, item });
    item.classList.toggle("is-online", host.is_online);
    const again = host.logins > 1 ? `, ${host.logins} logins` : "";
    item.querySelector("small").textContent = (host.is_online ? "online" : "offline") + again;
    item.querySelector("button").hidden = !host.is_online;
    for (const [name, row] of rows) {
      if (devices.get(name).host === host.name) row.classList.toggle("is-offline", !host.is_online);
    }
  }
}

function rowOf(device) {
  let row = rows.get(device.name);
  if (row) return row;
  row = ($(device.kind) ?? $("object")).content.firstElementChild.cloneNode(true);
  row.dataset.name = device.name;
  const name = row.querySelector(".name");
  name.textContent = device.name;
  name.title = `${device.name} of ${device.host}`;
  row.classList.toggle("is-offline", !hosts.get(device.host)?.is_online);
  for (const input of row.querySelectorAll("input")) {
    input.ariaLabel = `${input.name} of ${device.name}`;
  }
  for (const button of row.querySelectorAll("button:not(.name)")) {
    button.ariaLabel = `${button.textContent} ${device.name}`;
  }
  if (name.matches("button")) {
    name.onclick = () => {
      const more = row.querySelector(".more");
      more.hidden = !more.hidden;
      name.ariaExpanded = String(!more.hidden);
    };
  }
  const section = document.querySelector(`section[data-kind="${device.kind}"]`) ?? document.querySelector(`section[data-kind="object"]`);
  section.querySelector(".rows").append(row);
  rows.set(device.name, row);
  return row;
}

function put(row, value, units = "") {
  const output = row.querySelector(".value");
  output.replaceChildren(value, ...(units ? [make("small", "", units)] : []));
  output.title = value;
}

const showDevice = {
  motor(row, motor) {
    put(row, shown(motor.position), motor.units);
    row.classList.toggle("is-moving", motor.is_moving);
    const [low, high] = [motor.lower_limit, motor.upper_limit];
    const track = row.querySelector(".track");
    track.classList.toggle("is-endless", !(low < high));
    const at = (position) => `${Math.min(100, Math.max(0, ((position - low) / (high - low)) * 100))}%`;
    track.querySelector(".mark").style.left = at(motor.position);
    track.querySelector(".target").style.left = at(motor.target ?? motor.position);
    track.querySelector(".low").textContent = shown(low);
    track.querySelector(".high").textContent = shown(high);
    track.title = `limits ${shown(low)} (${motor.lower_limit_on ? "on" : "off"}) and ${shown(high)} (${motor.upper_limit_on ? "on" : "off"})`;
    const facts = ["host", "scale_factor", "speed", "acceleration", "backlash", "motor_lock_on", "reverse_on", "circle_mode", "children"];
    row.querySelector("dl").replaceChildren(
      ...facts.filter((key) => motor[key] !== undefined).map((key) => {
        const pair = make("div");
        pair.append(make("dt", "", key.replaceAll("_", " ")), make("dd", "", String(motor[key])));
        return pair;
      }),
    );
  },
  shutter(row, shutter) {
    put(row, shutter.state);
    row.classList.toggle("is-open", shutter.state === "open");
    for (const button of row.querySelectorAll("button")) {
      button.ariaPressed = String(button.dataset.state === shutter.state);
    }
  },
  ion_chamber: (row, chamber) => put(row, shown(chamber.counts)),
  encoder: (row, encoder) => put(row, shown(encoder.position)),
  string: (row, string) => put(row, string.contents || "(empty)"),
  operation() {},
};

// Of kinds that have no way of their own here.
const showOther = (row, device) => put(row, device.value ?? device.host);

function showDevices(changed) {
  const before = devices.size;
  for (const device of Object.values(changed)) {
    devices.set(device.name, device);
    const row = rowOf(device);
    (showDevice[device.kind] ?? showOther)(row, device);
    row.querySelector(".outcome")?.remove();
    if (device.outcome) row.append(make("p", "outcome", `last answer: ${device.outcome}`));
  }
  if (devices.size > before) filterDevices();
}

function filterDevices() {
  const words = $("device-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const [name, row] of rows) {
    const text = `${name} ${devices.get(name).host}`.toLowerCase();
    row.hidden = devices.get(name).kind !== "operation" && !words.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll("section[data-kind]")) {
    section.hidden = !section.querySelector(".rows > li:not([hidden])");
  }
  $("no-devices").hidden = Boolean(document.querySelector("#devices section[data-kind]:not([hidden])"));
}
$("device-filter").oninput = filterDevices;

// -- operations and the log ----------------------------------------------------------------

const runs = new Map(); // key -> {item, run}
let clockAhead = 0; // this clock minus the record's, s

const seconds = (value) => `${Math.max(0, value).toFixed(value < 10 ? 2 : 1)} s`;

function statusOf(run) {
  if (run.ended_s === null) return `running ${seconds(Date.now() / 1000 - clockAhead - run.began_s)}`;
  return `${run.status} after ${seconds(run.ended_s - run.began_s)}`;
}

function showRun(run) {
  let item = runs.get(run.key)?.item;
  if (!item) {
    item = make("li");
    item.dataset.key = run.key;
    $("runs").querySelector(".empty")?.remove();
    $("runs").prepend(item);
    if ($("runs").childElementCount > MAX_RUNS) {
      runs.delete($("runs").lastElementChild.dataset.key);
      $("runs").lastElementChild.remove();
    }
  }
  runs.set(run.key, { item, run });
  const state = run.ended_s === null ? "is-running" : run.status === "normal" ? "is-normal" : "is-failed";
  item.className = state;
  const head = make("div", "head");
  head.append(
    make("span", "mono", `${run.name} ${run.args}`),
    make("time", "", run.handle),
    make("span", "status", statusOf(run)),
  );
  const updates = make("ol", "updates");
  const more = run.count - run.updates.length;
  if (more > 0) updates.append(make("li", "", `… ${more} before`));
  updates.append(...run.updates.map((update) => make("li", "", update.text)));
  const parts = [head, ...(run.count ? [updates] : [])];
  if (run.result) parts.push(make("div", "result", run.result));
  if (run.completions > 1) {
    parts.push(make("div", "fault", `completed ${run.completions} times: a fault of the DHS`));
  }
  item.replaceChildren(...parts);
  updates.scrollTop = updates.scrollHeight;
}

setInterval(() => {
  for (const { item, run } of runs.values()) {
    if (run.ended_s === null) item.querySelector(".status").textContent = statusOf(run);
  }
}, 200);

function showLog(entries) {
  for (const entry of entries) {
    $("log").querySelector(".empty")?.remove();
    const item = make("li", ["note", "info", "debug"].includes(entry.level) ? "" : "is-bad");
    const level = make("span", "level", `${entry.level} ${entry.host}`);
    item.append(make("time", "", entry.at_s.toFixed(2)), level, make("span", "", entry.text));
    $("log").prepend(item);
    if ($("log").childElementCount > MAX_LOG) $("log").lastElementChild.remove();
  }
}

// -- the wire ------------------------------------------------------------------------------

let lines = []; // all that are kept
let held = []; // what came while it was paused
let chosen = null;
let meanings = {};
const keywords = new Set();
const isPaused = () => $("wire-pause").ariaPressed === "true";

function wanted() {
  const words = $("wire-filter").value.toLowerCase().split(/\s+/).filter((word) => word && word !== "-");
  const [without, within] = [words.filter((w) => w[0] === "-").map((w) => w.slice(1)), words.filter((w) => w[0] !== "-")];
  const [arrow, host] = [$("wire-arrow").value, $("wire-host").value];
  return (line) => {
    if ((arrow && line.arrow !== arrow) || (host && line.host !== host)) return false;
    const text = `${line.host} ${line.text}`.toLowerCase();
    return within.every((word) => text.includes(word)) && !without.some((word) => text.includes(word));
  };
}

function lineItem(line) {
  const item = make("li", line.arrow === "->" ? "down" : "up");
  if (line.trouble) item.classList.add("trouble");
  item.id = `line-${line.number}`;
  item.role = "option";
  item.line = line;
  const text = make("span", "text");
  const begin = line.text.indexOf(line.keyword);
  text.append(make("b", "", line.keyword), line.text.slice(begin + line.keyword.length));
  item.append(
    make("span", "at", line.at_s.toFixed(3)),
    make("span", "from", line.host),
    make("span", "arrow", line.arrow === "->" ? "→" : "←"),
    text,
  );
  return item;
}

let isAtEnd = true; // of the list: then new lines push it on

function stayAtEnd() {
  if (isAtEnd) $("lines").scrollTop = $("lines").scrollHeight;
}

$("lines").onscroll = ({ target: box }) => {
  isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
};
new ResizeObserver(stayAtEnd).observe($("lines"));

function addLines(fresh) {
  const box = $("lines");
  const isWanted = wanted();
  lines.push(...fresh);
  box.append(...fresh.filter(isWanted).map(lineItem));
  lines.splice(0, lines.length - MAX_LINES);
  while (box.firstElementChild && box.firstElementChild.line.number < (lines[0]?.number ?? 0)) {
    box.firstElementChild.remove();
  }
  for (const { keyword } of fresh) {
    if (keyword && !keywords.has(keyword) && keywords.size < 300) {
      keywords.add(keyword);
      $("keywords").append(new Option(keyword));
    }
  }
  stayAtEnd();
  countLines();
}

function countLines() {
  const waiting = held.length ? `, ${held.length} held` : "";
  $("wire-count").textContent = `${$("lines").childElementCount} of ${lines.length}${waiting}`;
}

function filterLines() {
  $("lines").replaceChildren(...lines.filter(wanted()).map(lineItem));
  isAtEnd = true;
  stayAtEnd();
  choose(null);
  countLines();
}

function takeLines(fresh) {
  if (isPaused()) {
    held.push(...fresh);
    held.splice(0, held.length - MAX_LINES);
    countLines();
  } else {
    addLines(fresh);
  }
}

function choose(item) {
  chosen?.removeAttribute("aria-selected");
  chosen = item;
  $("fields").hidden = !item;
  $("fields").parentElement.classList.toggle("has-fields", Boolean(item));
  $("lines").setAttribute("aria-activedescendant", item?.id ?? "");
  if (!item) return;
  item.ariaSelected = "true";
  item.scrollIntoView({ block: "nearest" });
  const line = item.line;
  const table = make("table");
  for (const [name, value] of Object.entries(line.fields)) {
    const row = table.insertRow();
    row.append(make("th", "", name), make("td", "", value === null ? "(left out)" : typeof value === "string" ? value : JSON.stringify(value)));
  }
  const parts = [make("strong", "mono", line.keyword || "(no word)")];
  if (line.trouble) parts.push(make("p", "fault", line.trouble), make("p", "mono", line.text));
  parts.push(table, make("pre", "", meanings[line.keyword] ?? ""));
  $("fields").replaceChildren(...parts);
}

$("lines").onclick = (event) => choose(event.target.closest("li"));
$("lines").onkeydown = (event) => {
  const all = $("lines").children;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
  if (event.key === "Escape") choose(null);
  if (!step || !all.length) return;
  event.preventDefault();
  const at = chosen ? [...all].indexOf(chosen) + step : all.length - 1;
  choose(all[Math.min(all.length - 1, Math.max(0, at))]);
};
$("wire-filter").oninput = $("wire-arrow").onchange = $("wire-host").onchange = filterLines;
$("wire-pause").onclick = () => {
  const pause = !isPaused();
  $("wire-pause").ariaPressed = String(pause);
  $("wire-pause").textContent = pause ? "Go on" : "Pause";
  if (!pause) addLines(held.splice(0));
};
$("wire-clear").onclick = () => {
  [lines, held] = [[], []];
  filterLines();
};

// -- the camera ----------------------------------------------------------------------------

let tag = "";
let facts = { found: [], size_px: [1, 1] };
let told = null;

async function takePicture() {
  const answer = await fetch("/camera.jpg", { headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag");
  facts = JSON.parse(answer.headers.get("Picture-Facts"));
  const url = URL.createObjectURL(await answer.blob());
  const image = $("picture");
  image.onload = () => URL.revokeObjectURL(url);
  image.src = url;
  $("angle").textContent = `${shown(facts.angle_deg)}°`;
  showBoxes();
}

function box([left, top, right, bottom], className) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const [width, height] = [right - left, bottom - top];
  for (const [key, value] of Object.entries({ x: left, y: top, width, height })) rect.setAttribute(key, value);
  rect.setAttribute("class", className);
  return rect;
}

function showBoxes() {
  const kindOf = (one) => (one.label === "pin" ? "pin" : "loop");
  const drawn = facts.found.map((one) => box(one.box, kindOf(one)));
  const legend = facts.found.map((one) => make("span", kindOf(one), `${one.label} ${one.score.toFixed(2)}`));
  if (!facts.found.length) legend.push(make("em", "", "nothing found"));
  if (told) {
    // LOOP_INFO index status tipX tipY pinBaseX fiberWidth loopWidth minX maxX minY maxY ...
    const [minX, maxX, minY, maxY] = told.words.slice(8, 12).map(Number);
    if (told.words[2] === "normal" && maxX > minX && maxY > minY) {
      drawn.push(box([minX, minY, maxX, maxY], "told"));
      legend.push(make("span", "told", `LOOP_INFO ${told.words[1]}, as the DHS told at ${told.at_s.toFixed(1)} s`));
    }
  }
  $("boxes").replaceChildren(...drawn);
  $("legend").replaceChildren(...legend);
}

async function watchCamera() {
  if (!document.hidden && isLive && !$("camera").hidden) await takePicture().catch(() => {});
  setTimeout(watchCamera, PICTURE_MS);
}

// -- the link to the simulator -------------------------------------------------------------

let isLive = false;
let wasLive = false;
let source = null;
let heardAt = 0;

function setLive(live) {
  if (live && !isLive && wasLive) notice("connected again", true);
  isLive = live;
  wasLive ||= live;
  document.body.classList.toggle("is-lost", !live);
  $("link").textContent = live ? "live" : wasLive ? "connection lost, trying again" : "connecting";
}

function forget() {
  hosts.clear();
  devices.clear();
  rows.clear();
  runs.clear();
  for (const list of document.querySelectorAll(".rows, #hosts, #runs, #log")) list.replaceChildren();
  $("wire-host").length = 1;
  [lines, held, tag, told] = [[], [], "", null];
  filterLines();
}

function takeChanges(changes) {
  heardAt = Date.now();
  const wantedHost = $("wire-host").value;
  const inputs = changes.is_all ? keepInputs() : [];
  if (changes.is_all) forget();
  clockAhead = Date.now() / 1000 - changes.now_s;
  showHosts(changes.hosts);
  showDevices(changes.devices);
  const started = Object.entries(changes.operations).map(([key, run]) => ({ key, ...run }));
  started.sort((a, b) => a.began_s - b.began_s || byName(a.key, b.key)).forEach(showRun);
  showLog(changes.log);
  if (changes.camera.told) {
    told = changes.camera.told;
    showBoxes();
  }
  if (changes.is_all) {
    $("wire-host").value = hosts.has(wantedHost) ? wantedHost : "";
    for (const [name, key, value] of inputs) {
      const input = rows.get(name)?.querySelector(`input[name="${key}"]`);
      if (input) input.value = value;
    }
    filterDevices();
    setLive(true);
  }
  takeLines(changes.wire);
}

function keepInputs() {
  // What somebody has typed outlives a lost connection.
  return [...document.querySelectorAll("[data-name] input")]
    .filter((input) => input.value)
    .map((input) => [input.closest("[data-name]").dataset.name, input.name, input.value]);
}

function connect() {
  source?.close();
  source = new EventSource("/events");
  heardAt = Date.now();
  source.addEventListener("hello", (event) => {
    const hello = JSON.parse(event.data);
    $("dcss").textContent = hello.dcss;
    document.title = `Simulated beamline ${hello.dcss}`;
    $("camera").hidden = !hello.has_camera;
    document.querySelector("main").classList.toggle("has-camera", hello.has_camera);
  });
  source.addEventListener("changes", (event) => takeChanges(JSON.parse(event.data)));
  source.addEventListener("ping", () => (heardAt = Date.now()));
  source.onerror = lose;
}

function lose() {
  source?.close();
  source = null;
  setLive(false);
  if (!document.hidden) setTimeout(() => source ?? connect(), RETRY_MS);
}

setInterval(() => {
  if (source && Date.now() - heardAt > LOST_MS) lose();
}, RETRY_MS);

document.addEventListener("visibilitychange", () => {
  // A hidden page gives its connection back: browsers have six for one server.
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    connect();
  }
});

fetch("/messages").then(async (answer) => (meanings = await answer.json())).catch(() => {});
connect();
watchCamera();
