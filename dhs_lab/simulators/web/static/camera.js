// The camera: its picture, what the built-in detector finds in it, and what a DHS reported.

import { $, make, put, shown } from "/dom.js";
import { facts, hello, nowS } from "/store.js";
import { isOpen } from "/tools.js";

const PICTURE_MS = 400;
const SVG = "http://www.w3.org/2000/svg";
let tag = "";
let picture = { found: [], size_px: [1, 1], angle_deg: null };

export function forgetPicture() {
  tag = "";
}

async function takePicture() {
  const answer = await fetch("/camera.jpg", { headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 200) {
    tag = answer.headers.get("ETag");
    picture = JSON.parse(answer.headers.get("Picture-Facts"));
    const url = URL.createObjectURL(await answer.blob());
    const image = $("picture");
    image.onload = () => URL.revokeObjectURL(url);
    image.src = url;
    fit();
  }
  const isThere = answer.status === 200 || answer.status === 304;
  image(isThere);
  if (!isThere) put($("no-picture"), (await answer.json()).error);
  if (answer.status !== 304 || facts.told) drawBoxes(); // what was told grows older
}

function image(isThere) {
  $("picture").hidden = !isThere;
  $("picture-frame").hidden = !isThere;
  $("no-picture").hidden = isThere;
}

// As large as possible without changing its shape: boxes are fractions of it.
function fit() {
  const room = $("picture-frame").parentElement;
  const [width, height] = picture.size_px;
  const scale = Math.min(room.clientWidth / width, (room.clientHeight || Infinity) / height);
  if (!Number.isFinite(scale) || scale <= 0) return;
  $("picture-frame").style.width = `${Math.floor(width * scale)}px`;
  $("picture-frame").style.height = `${Math.floor(height * scale)}px`;
}

function shape(kind, attributes, className) {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.setAttribute("class", className);
  return made;
}

const box = ([left, top, right, bottom], className) => shape("rect", { x: left, y: top, width: right - left, height: bottom - top }, className);

function cross([x, y], size, className) {
  const [width, height] = picture.size_px;
  const [dx, dy] = [size, (size * width) / height];
  return shape("path", { d: `M${x - dx} ${y}H${x + dx}M${x} ${y - dy}V${y + dy}` }, className);
}

// LOOP_INFO index status tipX tipY pinBaseX fiberWidth loopWidth minX maxX minY maxY ...
function toldShapes(told) {
  const [tipX, tipY] = told.words.slice(3, 5).map(Number);
  const [minX, maxX, minY, maxY] = told.words.slice(8, 12).map(Number);
  const shapes = [];
  if (told.words[2] !== "normal") return shapes;
  if (maxX > minX && maxY > minY) shapes.push(box([minX, minY, maxX, maxY], "told"));
  if (Number.isFinite(tipX) && Number.isFinite(tipY)) {
    shapes.push(cross([tipX, tipY], 0.02, "tip"));
  }
  return shapes;
}

export function drawBoxes() {
  const kindOf = (one) => (one.label === "pin" ? "pin" : "loop");
  const drawn = picture.found.map((one) => box(one.box, kindOf(one)));
  for (const one of picture.found) if (one.tip) drawn.push(cross(one.tip, 0.008, "loop-tip"));
  const legend = picture.found.map((one) => make("span", kindOf(one), `${one.label} ${one.score.toFixed(2)}`));
  if (tag && !picture.found.length) legend.push(make("em", "", "nothing found"));
  const { told } = facts;
  if (told) {
    const shapes = toldShapes(told);
    drawn.push(...shapes);
    const tip = shapes.some((one) => one.getAttribute("class") === "tip") ? ", + its tip" : "";
    legend.push(make("span", "told", `told by ${told.host} ${age(told.at_s)} ago${tip}${shapes.length ? "" : `: ${told.words[2] ?? ""}`}`));
  }
  if (picture.angle_deg !== null) legend.push(make("em", "mono angle", `${shown(picture.angle_deg)}°`));
  $("boxes").replaceChildren(...drawn);
  $("legend").replaceChildren(...legend);
}

function age(atS) {
  const old = Math.max(0, nowS() - atS);
  return old < 10 ? `${old.toFixed(1)} s` : old < 120 ? `${Math.round(old)} s` : `${Math.round(old / 60)} min`;
}

async function watch() {
  if (!document.hidden && hello.has_camera && isOpen("camera") && !document.body.classList.contains("is-lost")) {
    await takePicture().catch(() => {});
  }
  setTimeout(watch, PICTURE_MS);
}

new ResizeObserver(fit).observe($("picture-frame").parentElement);
watch();
