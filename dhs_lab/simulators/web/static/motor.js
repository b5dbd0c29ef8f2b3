// The row of a motor: position, steps, target, and a tick if the move must fail.

import { isNumber, make, put, recall, remember, rounded, shown } from "/dom.js";
import { dismiss, order, refuse } from "/rows.js";
import { devices } from "/store.js";

// -- steps ---------------------------------------------------------------------------------------

// A two-hundredth of the range, rounded down to a power of ten.
function usualStep(motor) {
  const range = motor.upper_limit - motor.lower_limit;
  if (!(range > 0) || !Number.isFinite(range)) return 1;
  return Number((10 ** Math.floor(Math.log10(range / 200))).toPrecision(1));
}

function stepOf(row) {
  const text = row.querySelector(".size").value;
  return isNumber(text) && Number(text) > 0 ? Number(text) : usualStep(row.device);
}

// -- a target ------------------------------------------------------------------------------------

const isLocked = (motor) => motor.motor_lock_on;

// Why DCSS would refuse this to a GUI; "" if it would not.
function objection(motor, text) {
  const words = [];
  if (isNumber(text)) {
    const to = Number(text);
    const units = motor.units ? ` ${motor.units}` : "";
    if (motor.upper_limit_on && to > motor.upper_limit) words.push(`beyond the upper limit ${shown(motor.upper_limit)}${units}`);
    if (motor.lower_limit_on && to < motor.lower_limit) words.push(`beyond the lower limit ${shown(motor.lower_limit)}${units}`);
  }
  if (isLocked(motor)) words.push("the motor is locked");
  return words.join(", and ");
}

function check(row) {
  const input = row.querySelector("[name=destination]");
  const text = input.value.trim();
  const why = text ? objection(row.device, text) : "";
  input.classList.toggle("is-beyond", Boolean(why));
  input.setAttribute("aria-invalid", String(Boolean(why)));
  let note = row.querySelector(".beyond");
  if (!why) {
    note?.remove();
  } else {
    note ??= tickNote(row);
    put(note.querySelector(".why"), `${why}: DCSS refuses this to a GUI.`);
  }
  allow(row);
}

function tickNote(row) {
  const note = make("p", "note beyond");
  const label = make("label");
  const tick = make("input");
  tick.type = "checkbox";
  tick.addEventListener("change", () => allow(row));
  tick.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      move(row);
    }
  });
  label.append(tick, " send it, to see the DHS refuse it");
  note.append(make("span", "why"), " ", label);
  row.querySelector(".go").after(note);
  return note;
}

function allow(row) {
  const text = row.querySelector("[name=destination]").value.trim();
  row.querySelector(".move").disabled = !text;
}

function move(row) {
  const input = row.querySelector("[name=destination]");
  const text = input.value.trim();
  if (!text) return;
  const tick = row.querySelector(".beyond input");
  if (tick && !tick.checked) {
    tick.focus();
    return;
  }
  go(row, isNumber(text) ? Number(text) : text);
}

async function go(row, destination) {
  if (typeof destination === "string" && /\s/.test(destination)) {
    refuse(row, "not sent", `${destination}: a number or one word is needed`);
    return;
  }
  await order(row, "move", { name: row.dataset.name, destination });
}

function step(row, by) {
  const text = Number((row.device.position + by * stepOf(row)).toFixed(9));
  const why = objection(row.device, String(text));
  if (!why) {
    go(row, text);
    return;
  }
  // A step that must fail asks first, as a target does.
  row.querySelector("[name=destination]").value = String(text);
  check(row);
  row.querySelector(".beyond input").focus();
}

export function wireMotor(row, name) {
  const input = row.querySelector("[name=destination]");
  const size = row.querySelector(".size");
  row.querySelector(".less").setAttribute("aria-label", `A step less for ${name}`);
  row.querySelector(".more").setAttribute("aria-label", `A step more for ${name}`);
  row.querySelector(".less").addEventListener("click", () => step(row, -1));
  row.querySelector(".more").addEventListener("click", () => step(row, 1));
  size.value = recall(`step:${name}`) ?? String(usualStep(devices.get(name)));
  size.addEventListener("change", () => remember(`step:${name}`, size.value));
  input.addEventListener("input", () => check(row));
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by && (isNumber(input.value) || !input.value.trim())) {
      event.preventDefault();
      const from = input.value.trim() ? Number(input.value) : row.device.position;
      input.value = String(Number((from + by * stepOf(row)).toFixed(9)));
      check(row);
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      check(row);
    }
  });
  row.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    move(row);
  });
  row.querySelector(".halt").addEventListener("click", () => order(row, "abort_move", { name, how: "soft" }));
}

// -- what is shown -------------------------------------------------------------------------------

export function drawMotor(row, motor) {
  put(row.querySelector(".value"), shown(motor.position));
  put(row.querySelector(".units"), motor.units);
  put(row.querySelector(".low"), rounded(motor.lower_limit));
  put(row.querySelector(".high"), rounded(motor.upper_limit));
  const track = row.querySelector(".track");
  const [low, high] = [motor.lower_limit, motor.upper_limit];
  const at = (position) => `${(Math.min(1, Math.max(0, (position - low) / (high - low))) * 100).toFixed(2)}%`;
  row.classList.toggle("is-endless", !(low < high));
  track.style.setProperty("--at", at(motor.position));
  track.style.setProperty("--to", at(motor.target ?? motor.position));
  const on = (is) => (is ? "on" : "off");
  track.title = `limits ${shown(low)} (${on(motor.lower_limit_on)}) and ${shown(high)} (${on(motor.upper_limit_on)})`;
  const [stop, start] = [row.querySelector(".halt"), row.querySelector(".move")];
  if (stop.hidden === motor.is_moving) {
    const held = document.activeElement === (motor.is_moving ? start : stop);
    stop.hidden = !motor.is_moving;
    start.hidden = motor.is_moving;
    if (held) (motor.is_moving ? stop : row.querySelector("[name=destination]")).focus();
    if (motor.is_moving) dismiss(row);
  }
  if (row.querySelector("[name=destination]").value) check(row);
}
