// The page of a simulated beamline: shows the data of /events, once in each frame.

import { addLines, forgetLines } from "/wire.js";
import { addLog, drawGuis, forgetLog } from "/log.js";
import { drawAll, drawDevices, forgetRows } from "/devices.js";
import { drawBenchHosts, drawFaultKinds, drawFaults } from "/bench.js";
import { drawBoxes, forgetPicture } from "/camera.js";
import { drawHosts, onFaults } from "/hosts.js";
import { drawMotorNames } from "/plot.js";
import { drawNow, forgetNow } from "/now.js";
import { $, ask, notice, put } from "/dom.js";
import { forget, fresh, hello, take } from "/store.js";
import { forgetDismissed } from "/rows.js";
import { forgetRates } from "/rate.js";
import { offerTool, openTool } from "/tools.js";
import { startKeys } from "/keys.js";

const LOST_MS = 12_000; // three pings of the server
const RETRY_MS = 1000;
const MAX_LINES = 4000; // in one frame

// -- one drawing in a frame ----------------------------------------------------------------------

let isScheduled = false;

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw();
  });
}

function draw() {
  if (fresh.hosts || fresh.listing) drawListing();
  else if (fresh.devices.size) drawDevices(fresh.devices);
  fresh.devices.clear();
  if (fresh.runs.size) drawNow(fresh.runs);
  fresh.runs.clear();
  if (fresh.lines.length) addLines(fresh.lines.splice(0, MAX_LINES));
  if (fresh.log.length) addLog(fresh.log.splice(0));
  if (fresh.facts.has("faults")) drawFaults();
  if (fresh.facts.has("told")) drawBoxes();
  if (fresh.facts.has("guis")) drawGuis();
  fresh.facts.clear();
  if (fresh.lines.length) schedule();
}

function drawListing() {
  if (fresh.listing) drawMotorNames();
  drawHosts();
  drawBenchHosts();
  drawAll();
  fresh.hosts = fresh.listing = false;
}

// Typed values are kept after a reconnect to the server.
function keepInputs() {
  return [...document.querySelectorAll(".row form.go input, .row form.set input")]
    .filter((input) => input.value)
    .map((input) => [input.closest(".row").dataset.name, input.name, input.value]);
}

function giveBack(inputs) {
  for (const [name, key, value] of inputs) {
    const input = document.querySelector(`.row[data-name="${CSS.escape(name)}"] form [name="${key}"]`);
    if (!input) continue;
    input.value = value;
    input.dispatchEvent(new Event("input"));
  }
}

function takeAll(changes) {
  const inputs = keepInputs();
  forget();
  for (const each of [forgetRows, forgetNow, forgetLines, forgetRates, forgetLog, forgetPicture, forgetDismissed]) each();
  take(changes);
  drawListing();
  giveBack(inputs);
  setLive(true);
}

// -- the link to the simulator -------------------------------------------------------------------

let isLive = false;
let wasLive = false;
let source = null;
let heardAt = 0;

function setLive(live) {
  if (live && !isLive && wasLive) notice("connected again", true);
  if (!live && isLive) put($("link"), `lost since ${new Date().toTimeString().slice(0, 8)}, trying again`);
  isLive = live;
  wasLive ||= live;
  document.body.classList.toggle("is-lost", !live);
  if (live) put($("link"), "live");
  else if (!wasLive) put($("link"), "connecting");
}

function connect() {
  source?.close();
  source = new EventSource("/events");
  heardAt = Date.now();
  source.addEventListener("hello", (event) => {
    Object.assign(hello, JSON.parse(event.data));
    put($("dcss"), hello.dcss);
    document.title = `Simulated beamline ${hello.dcss}`;
    offerTool("camera", hello.has_camera);
    drawFaultKinds();
  });
  source.addEventListener("changes", (event) => {
    heardAt = Date.now();
    const changes = JSON.parse(event.data);
    if (changes.is_all) takeAll(changes);
    else take(changes);
    schedule();
  });
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
  // A hidden page closes its connection: browsers allow six for one server.
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    connect();
  }
});

for (const abort of document.querySelectorAll("header .abort")) {
  abort.addEventListener("click", () => ask("abort_all", { how: abort.dataset.how }));
}
onFaults(() => openTool("bench"));
startKeys();
connect();
