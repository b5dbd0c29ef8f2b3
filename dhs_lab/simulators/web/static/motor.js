// The row of a motor: position, steps, target, and a tick if the move must fail.

import { isNumber, make, post, put, recall, remember, rounded, shown } from "/dom.js";
import { dismiss, order } from "/rows.js";
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

const targetOf = (row) => row.querySelector("[name=destination]");
const wanted = (text) => (isNumber(text) ? Number(text) : text);

// Why DCSS would refuse this move; "" if it would not, or if this is not a destination.
async function objection(name, text) {
  const told = await post("objection", { name, destination: wanted(text) });
  return told.reason ?? "";
}

// Notes the objection to the typed target; the server is asked once for each text and state.
function check(row) {
  const text = targetOf(row).value.trim();
  const { lower_limit, upper_limit, lower_limit_on, upper_limit_on, motor_lock_on, backlash, backlash_on, is_moving } = row.device;
  const key = [text, lower_limit, upper_limit, lower_limit_on, upper_limit_on, motor_lock_on, backlash, backlash_on, is_moving].join();
  if (row.checked?.key !== key) {
    const mine = { key };
    mine.done = (text ? objection(row.dataset.name, text) : Promise.resolve("")).then((why) => {
      if (row.checked === mine) note(row, why);
    });
    row.checked = mine;
  }
  row.querySelector(".move").disabled = !text;
  return row.checked.done;
}

function note(row, why) {
  const input = targetOf(row);
  input.classList.toggle("is-beyond", Boolean(why));
  input.setAttribute("aria-invalid", String(Boolean(why)));
  if (why) put((row.querySelector(".beyond") ?? tickNote(row)).querySelector(".why"), `DCSS would refuse this move, and abort everything: ${why}`);
  else row.querySelector(".beyond")?.remove();
}

function tickNote(row) {
  const made = make("p", "note beyond");
  const label = make("label");
  const tick = make("input");
  tick.type = "checkbox";
  tick.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      move(row);
    }
  });
  label.append(tick, " send it to the DHS past these rules");
  made.append(make("span", "why"), " ", label);
  row.querySelector(".go").after(made);
  return made;
}

async function move(row) {
  const text = targetOf(row).value.trim();
  if (!text) return;
  await check(row);
  const tick = row.querySelector(".beyond input");
  if (!tick) {
    await order(row, "move", { name: row.dataset.name, destination: wanted(text) });
  } else if (tick.checked) {
    await order(row, "send", { name: row.device.host, text: `stoh_start_motor_move ${row.dataset.name} ${text}` });
  } else {
    tick.focus();
  }
}

async function step(row, by) {
  const { name } = row.dataset;
  const text = String(Number((row.device.position + by * stepOf(row)).toFixed(9)));
  if (!(await objection(name, text))) {
    await order(row, "move", { name, destination: Number(text) });
    return;
  }
  // A step that must fail asks first, as a target does.
  targetOf(row).value = text;
  await check(row);
  row.querySelector(".beyond input")?.focus();
}

export function wireMotor(row, name) {
  const input = targetOf(row);
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
    if (held) (motor.is_moving ? stop : targetOf(row)).focus();
    if (motor.is_moving) dismiss(row);
  }
  if (targetOf(row).value && !motor.is_moving) check(row);
}
