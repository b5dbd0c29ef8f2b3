// A row: what all kinds of device have in common, and each kind except motors.

import { $, button, isNumber, make, post, put, shown, sign } from "/dom.js";
import { drawDetails, toggleDetails } from "/details.js";
import { drawMotor, wireMotor } from "/motor.js";
import { showLine } from "/wire.js";

const dismissed = new Map(); // device -> the outcome whose note was closed

export function buildRow(device) {
  const template = $(`row-${device.kind}`) ?? $("row-object");
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.name = device.name;
  const name = row.querySelector(".name");
  name.textContent = device.name;
  name.title = `${device.name} of ${device.host}: details`;
  name.addEventListener("click", () => toggleDetails(row));
  for (const control of row.querySelectorAll("button:not(.name)")) {
    control.setAttribute("aria-label", `${control.textContent} ${device.name}`);
  }
  for (const input of row.querySelectorAll("input")) input.setAttribute("aria-label", `${input.name || "step"} of ${device.name}`);
  for (const one of row.querySelectorAll("button, input")) one.tabIndex = -1;
  (wires[device.kind] ?? wireOther)(row, device.name);
  return row;
}

// -- what a press does -------------------------------------------------------------------------

const wires = {
  motor: wireMotor,
  shutter(row, name) {
    verb(row, () => order(row, "set_shutter", { name, state: row.device.state === "open" ? "closed" : "open" }));
  },
  ion_chamber(row, name) {
    verb(row, () => order(row, "read_ion_chamber", { name, time_s: Number($("count-time").value) }));
  },
  encoder(row, name) {
    verb(row, () => order(row, "get_encoder", { name }));
    onSet(row, (input) => {
      if (isNumber(input.value)) return order(row, "set_encoder", { name, position: Number(input.value) });
      return refuse(row, "not sent", input.value ? `${input.value} is not a number` : "a number is needed");
    });
  },
  operation(row, name) {
    verb(row, () => order(row, "stop_operation", { name }));
    onSet(row, (input) => order(row, "start_operation", { name, args: input.value }));
  },
  string(row, name) {
    onSet(row, (input) => order(row, "set_string", { name, contents: input.value }));
  },
};

function wireOther() {}

const verb = (row, pressed) => row.querySelector(".verb").addEventListener("click", pressed);

function onSet(row, send) {
  row.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(row.querySelector("form input"));
  });
}

// Sends a command; a refusal is shown under the row.
export async function order(row, what, wish) {
  dismiss(row);
  const told = await post(what, wish);
  if (told.error) refuse(row, "refused", told.error);
  return !told.error;
}

// -- refusals, shown under the row ---------------------------------------------------------------

export function refuse(row, status, text, line = 0) {
  row.querySelector(".refused")?.remove();
  const note = make("p", "note refused");
  const what = make("span", "", text);
  note.append(make("b", "", status), what);
  if (line) note.append(button("on the wire", "link", () => showLine(line)));
  const close = button("✕", "quiet", () => {
    dismiss(row);
    row.querySelector(".name").focus();
  });
  close.setAttribute("aria-label", `Close the note on ${row.dataset.name}`);
  note.append(close);
  row.append(note);
  if (row.contains(document.activeElement)) for (const one of note.querySelectorAll("button")) one.tabIndex = 0;
  else for (const one of note.querySelectorAll("button")) one.tabIndex = -1;
  mark(row);
}

export function dismiss(row) {
  row.querySelector(".refused")?.remove();
  dismissed.set(row.dataset.name, row.device?.outcome?.line ?? 0);
  mark(row);
}

export function forgetDismissed() {
  dismissed.clear();
}

function drawOutcome(row, device) {
  const line = device.outcome?.line ?? 0;
  if (line === (row.outcomeLine ?? 0)) return;
  row.outcomeLine = line;
  if (!line || dismissed.get(device.name) === line) {
    row.querySelector(".refused")?.remove();
  } else {
    refuse(row, device.outcome.status, sentence(device), line);
  }
}

function sentence(device) {
  const { status, wanted, result } = device.outcome;
  const { host } = device;
  if (status.startsWith("no_hw_host")) return `${host} was lost before it finished`;
  if (device.kind === "operation") return result || `${host} gave no reason`;
  if (device.kind !== "motor") return `was the last answer of ${host}`;
  const units = device.units ? ` ${device.units}` : "";
  if (!wanted) return `${host} completed a move that nobody requested`;
  const goal = isNumber(wanted) ? shown(Number(wanted)) : wanted;
  if (isNumber(wanted)) {
    const to = Number(wanted);
    const [low, high] = [device.lower_limit, device.upper_limit];
    if (to > high) return `${host} did not go to ${goal}, beyond its upper limit ${shown(high)}${units}`;
    if (to < low) return `${host} did not go to ${goal}, beyond its lower limit ${shown(low)}${units}`;
  }
  const way = status === "aborted" ? "stopped on the way to" : "did not reach";
  return `${host} ${way} ${goal}${isNumber(wanted) ? units : ""}; it is at ${shown(device.position)}${units}`;
}

// The state as sign, word and colour together.
export function mark(row) {
  const isMoving = Boolean(row.device?.is_moving);
  const isFailed = !isMoving && Boolean(row.querySelector(".refused"));
  row.classList.toggle("is-moving", isMoving);
  row.classList.toggle("is-failed", isFailed);
  sign(row.querySelector(".sign"), isMoving ? "▶" : isFailed ? "✕" : "", isMoving ? "moving" : "failed");
}

// -- what is shown -----------------------------------------------------------------------------

const draws = {
  motor: drawMotor,
  shutter(row, device) {
    const isOpen = device.state === "open";
    row.classList.toggle("is-open", isOpen);
    put(row.querySelector(".value"), `${isOpen ? "○" : "●"} ${device.state}`);
    const control = row.querySelector(".verb");
    put(control, isOpen ? "Close" : "Open");
    control.setAttribute("aria-label", `${isOpen ? "Close" : "Open"} ${device.name}`);
  },
  operation() {},
  string(row, device) {
    const value = row.querySelector(".value");
    put(value, device.contents || "(empty)");
    value.title = device.contents;
  },
};

export function drawRow(row, device, host) {
  if (!device) return;
  row.device = device;
  row.classList.toggle("is-offline", !host?.is_online && !host?.is_engine);
  (draws[device.kind] ?? drawOther)(row, device);
  drawOutcome(row, device);
  mark(row);
  drawDetails(row, device);
}

function drawOther(row, device) {
  put(row.querySelector(".value"), device.value === null ? device.host : shown(device.value));
}

