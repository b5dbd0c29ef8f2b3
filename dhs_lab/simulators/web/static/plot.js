// Positions over time, one strip for each motor, with its own units and range.

import { $, button, make, put, shown } from "/dom.js";
import { devices, histories, nowS } from "/store.js";
import { isOpen, openTool } from "/tools.js";
import { look, onView, view } from "/view.js";

const strips = new Map(); // motor -> its strip
const named = () => view.plot.split(",").filter(Boolean);

export function addPlot(name) {
  if (!named().includes(name)) look({ plot: [...named(), name].join(",") });
  openTool("plot");
}

function stripOf(name) {
  if (strips.has(name)) return strips.get(name);
  const strip = make("li");
  const head = make("div", "line");
  const away = button("✕", "quiet", () => look({ plot: named().filter((one) => one !== name).join(",") }));
  away.setAttribute("aria-label", `Take ${name} off the plot`);
  head.append(make("span", "mono name", name), make("span", "mono value stretch"), away);
  const canvas = make("canvas");
  canvas.height = 64;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Position of ${name} over time`);
  strip.append(head, canvas);
  strips.set(name, strip);
  return strip;
}

function place() {
  for (const [name, strip] of strips) {
    if (named().includes(name)) continue;
    strip.remove();
    strips.delete(name);
  }
  for (const name of named()) if (!stripOf(name).isConnected) $("plots").append(stripOf(name));
  $("no-plots").hidden = named().length > 0;
}

function draw() {
  if (document.hidden || !isOpen("plot")) return;
  for (const [name, strip] of strips) drawStrip(name, strip);
}

function drawStrip(name, strip) {
  const motor = devices.get(name);
  const value = strip.querySelector(".value");
  if (motor?.kind !== "motor") {
    put(value, "no such motor");
    return;
  }
  put(value, `${shown(motor.position)} ${motor.units}`);
  const canvas = strip.querySelector("canvas");
  const [width, height] = [canvas.clientWidth, 64];
  if (canvas.width !== width) canvas.width = width;
  const spanS = Number($("plot-span").value);
  const endS = nowS();
  const all = histories.get(name) ?? [];
  // Starts with the last point before the span, so that a motor at rest has a line, too.
  let first = all.findIndex(([atS]) => atS >= endS - spanS);
  first = first < 0 ? all.length - 1 : Math.max(0, first - 1);
  const points = all.slice(first);
  const positions = points.map(([, position]) => position).filter(Number.isFinite);
  if (!positions.length) return;
  let [low, high] = [Math.min(...positions), Math.max(...positions)];
  if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
  const style = getComputedStyle(canvas);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  context.font = "11px monospace";
  context.fillStyle = style.getPropertyValue("--soft");
  context.fillText(shown(Number(high.toPrecision(6))), 2, 10);
  context.fillText(shown(Number(low.toPrecision(6))), 2, height - 3);
  context.strokeStyle = style.getPropertyValue(motor.is_moving ? "--going" : "--accent");
  context.lineWidth = 1.5;
  context.beginPath();
  const [top, bottom] = [14, height - 14];
  let before = null;
  for (const [atS, position] of points) {
    const x = width * (1 - Math.min(1, (endS - atS) / spanS));
    const y = bottom - ((position - low) / (high - low)) * (bottom - top);
    if (before === null) context.moveTo(x, y);
    else context.lineTo(x, y);
    before = y;
  }
  context.lineTo(width, before);
  context.stroke();
}

export function drawMotorNames() {
  const names = [...devices.values()].filter((device) => device.kind === "motor").map((device) => device.name);
  $("motor-names").replaceChildren(...names.map((name) => new Option(name)));
}

$("plot-add").addEventListener("change", (event) => {
  if (devices.get(event.target.value)?.kind !== "motor") return;
  addPlot(event.target.value);
  event.target.value = "";
});
onView((changed) => {
  if (changed.has("plot")) place();
});
place();
setInterval(draw, 100);
