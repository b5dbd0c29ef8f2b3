// Messages in each quarter of a second of the last minute, by direction.

import { $ } from "/dom.js";
import { nowS } from "/store.js";

const BUCKETS = 240;
const PERIOD_S = 0.25;
const buckets = new Map(); // number of the quarter -> [to the DHS, from it]
const canvas = $("rate");

export function addRates(lines) {
  for (const line of lines) {
    const number = Math.floor(line.at_s / PERIOD_S);
    const bucket = buckets.get(number) ?? [0, 0];
    bucket[line.arrow === "->" ? 0 : 1] += 1;
    buckets.set(number, bucket);
  }
}

export function forgetRates() {
  buckets.clear();
}

function draw() {
  const width = canvas.clientWidth;
  if (!width || document.hidden) return;
  if (canvas.width !== width) canvas.width = width;
  const style = getComputedStyle(canvas);
  const colours = [style.getPropertyValue("--accent"), style.getPropertyValue("--good")];
  const last = Math.floor(nowS() / PERIOD_S);
  for (const number of buckets.keys()) if (number < last - BUCKETS) buckets.delete(number);
  const most = Math.max(8, ...[...buckets.values()].map(([down, up]) => down + up));
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, canvas.height);
  const step = width / BUCKETS;
  for (const [number, counts] of buckets) {
    let top = canvas.height;
    counts.forEach((count, index) => {
      if (!count) return;
      const high = Math.max(1, (count / most) * (canvas.height - 2));
      context.fillStyle = colours[index];
      context.fillRect(width - (last - number + 1) * step, top - high, Math.max(1, step - 1), high);
      top -= high;
    });
  }
}

setInterval(draw, PERIOD_S * 1000);
