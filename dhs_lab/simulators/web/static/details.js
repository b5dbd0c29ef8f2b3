// The details of a row: all attributes, and rare commands.

import { button, isNumber, make, put, shown } from "/dom.js";
import { order, refuse } from "/rows.js";
import { devices } from "/store.js";
import { addPlot } from "/plot.js";

const HIDDEN = new Set(["name", "kind", "value", "outcome", "target", "low", "is_moving", "contents", "state", "counts", "position"]);
const SWITCHES = ["lower_limit_on", "upper_limit_on", "motor_lock_on", "backlash_on", "reverse_on"];
const NUMBERS = ["lower_limit", "upper_limit", "position", "scale_factor", "speed", "acceleration", "backlash"];
const FROM_CURRENT = ["lower_limit", "upper_limit", "position"];

const plainName = (key) => key.replaceAll("_", " ");

export function toggleDetails(row) {
  const isOpen = !row.classList.contains("has-details");
  row.classList.toggle("has-details", isOpen);
  row.querySelector(".name").setAttribute("aria-expanded", String(isOpen));
  if (isOpen && !row.querySelector(".details")) {
    const details = make("div", "details");
    details.append(make("dl"));
    if (row.device.kind === "motor") details.append(...motorParts(row));
    row.append(details);
  }
  drawDetails(row, row.device);
}

export function drawDetails(row, device) {
  if (!row.classList.contains("has-details")) return;
  const list = row.querySelector("dl");
  for (const [key, value] of Object.entries(device)) {
    if (HIDDEN.has(key) || (key === "is_pseudo" && device.kind !== "motor")) continue;
    let term = list.querySelector(`[data-key="${key}"]`);
    if (!term) {
      term = make("div");
      term.dataset.key = key;
      term.append(make("dt", "", plainName(key)), make("dd"));
      list.append(term);
    }
    put(term.lastChild, told(value));
  }
  if (device.kind === "string") {
    let whole = row.querySelector(".whole");
    if (!whole) {
      whole = make("p", "whole mono");
      row.querySelector(".details").append(whole);
    }
    put(whole, device.contents || "(empty)");
  }
}

const told = (value) =>
  typeof value === "boolean" ? (value ? "yes" : "no") : Array.isArray(value) ? value.join(" ") || "none" : value === "" ? "none" : shown(value);

// -- motors --------------------------------------------------------------------------------------

function motorParts(row) {
  const { name } = row.device;
  const line = make("div", "line");
  const forms = [configureForm(row), oscillateForm(row), vectorForm(row)];
  const openers = ["Configure…", "Oscillate…", "Vector…"].map((text, index) => opener(row, text, forms[index]));
  const hard = button("Stop hard", "", () => order(row, "abort_move", { name, how: "hard" }));
  line.append(positionForm(row), ...openers, button("Plot", "", () => addPlot(name)), hard);
  return [line, ...forms];
}

function opener(row, text, form) {
  form.hidden = true;
  const open = button(text, "", () => {
    form.hidden = !form.hidden;
    open.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) {
      form.fill?.();
      form.querySelector("input, select").focus();
    }
  });
  open.setAttribute("aria-expanded", "false");
  return open;
}

function field(row, name, text = plainName(name), value = "") {
  const label = make("label", "", `${text} `);
  const input = make("input", "mono");
  Object.assign(input, { name, value, autocomplete: "off", inputMode: "decimal" });
  label.append(input);
  return label;
}

function fromCurrent(row, input, text) {
  const set = button("from current", "", () => {
    input.value = shown(row.device.position);
    input.focus();
  });
  set.setAttribute("aria-label", `${text} from current position`);
  return set;
}

// The numbers of a form; undefined, with a note under the row, if a word is not a number.
function numbersOf(row, form, names) {
  const read = {};
  for (const name of names) {
    const text = form.elements[name].value;
    if (!isNumber(text)) {
      refuse(row, "not sent", `${plainName(name)}: ${text === "" ? "a number is needed" : text + " is not a number"}`);
      form.elements[name].focus();
      return undefined;
    }
    read[name] = Number(text);
  }
  return read;
}

function form(className, submit) {
  const made = make("form", className);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  return made;
}

function positionForm(row) {
  const { name } = row.device;
  const made = form("line position", () => {
    const read = numbersOf(row, made, ["position"]);
    if (read) order(row, "set_position", { name, ...read });
  });
  const label = field(row, "position", "set position, no move");
  label.title = "stoh_set_motor_position: sets the value of its current position";
  made.append(label, fromCurrent(row, label.lastChild, "set position"), make("button", "", "Set"));
  return made;
}

function configureForm(row) {
  const { name } = row.device;
  const numbers = NUMBERS.filter((key) => key in row.device);
  const switches = SWITCHES.filter((key) => key in row.device);
  const made = form("sub", () => {
    const read = numbersOf(row, made, numbers);
    if (!read) return;
    for (const key of switches) read[key] = made.elements[key].checked;
    const changed = Object.entries(read).filter(([key, value]) => value !== made.before[key]);
    if (changed.length) order(row, "configure", { name, ...Object.fromEntries(changed) });
    else refuse(row, "not sent", "no value was changed");
  });
  made.setAttribute("aria-label", `Configure ${name}`);
  for (const key of numbers) {
    const label = field(row, key);
    const line = make("span", "line");
    line.append(label);
    if (FROM_CURRENT.includes(key) && key !== "position") line.append(fromCurrent(row, label.lastChild, plainName(key)));
    made.append(line);
  }
  for (const key of switches) {
    const label = make("label", "tick");
    const tick = make("input");
    Object.assign(tick, { type: "checkbox", name: key });
    label.append(tick, ` ${plainName(key)}`);
    made.append(label);
  }
  made.append(make("button", "", "Configure"), make("span", "soft", "only changed values are sent"));
  made.fill = () => {
    made.before = {};
    for (const key of numbers) {
      made.elements[key].value = String(row.device[key]);
      made.before[key] = row.device[key];
    }
    for (const key of switches) made.before[key] = made.elements[key].checked = row.device[key];
  };
  return made;
}

function choice(name, text, options) {
  const label = make("label", "", `${text} `);
  const select = make("select");
  select.name = name;
  for (const [value, shownAs] of options) select.append(new Option(shownAs, value));
  label.append(select);
  return label;
}

const namesOf = (kind) => [...devices.values()].filter((device) => device.kind === kind).map((device) => [device.name, device.name]);

function oscillateForm(row) {
  const { name } = row.device;
  const made = form("sub", () => {
    const read = numbersOf(row, made, ["degrees", "time_s"]);
    if (read) order(row, "oscillate", { name, shutter: made.elements.shutter.value, ...read });
  });
  made.setAttribute("aria-label", `Oscillate ${name}`);
  const shutter = choice("shutter", "with shutter", [["", "none"], ...namesOf("shutter")]);
  made.append(field(row, "degrees", `by (${row.device.units || "units"})`, "1"), field(row, "time_s", "in (s)", "1"), shutter, make("button", "", "Oscillate"));
  return made;
}

function vectorForm(row) {
  const { name } = row.device;
  const made = form("sub", () => {
    const second = made.elements.second.value;
    const read = numbersOf(row, made, ["destination", ...(second ? ["second_destination"] : []), "speed"]);
    if (read) order(row, "vector_move", { name, second, ...read });
  });
  made.setAttribute("aria-label", `Vector move of ${name}`);
  const second = choice("second", "with motor", [["", "none"], ...namesOf("motor").filter(([other]) => other !== name)]);
  const stop = button("Stop vector", "", () => order(row, "stop_vector_move", { name, second: made.elements.second.value }));
  made.append(field(row, "destination", "to"), second, field(row, "second_destination", "which goes to"), field(row, "speed", "speed", "1"), make("button", "", "Vector move"), stop);
  made.fill = () => {
    if (!made.elements.destination.value) made.elements.destination.value = shown(row.device.position);
  };
  return made;
}
