// The test bench: faults on the wire, and any message in either direction.

import { $, ask, button, make, post, put } from "/dom.js";
import { inOrder } from "/hosts.js";
import { facts, hello } from "/store.js";
import { openTool } from "/tools.js";
import { onView, view } from "/view.js";

const UNITS = { "bytes per piece": "B", "bytes per second": "B/s", seconds: "s" };

// -- which host ----------------------------------------------------------------------------------

export function drawBenchHosts() {
  const select = $("fault-host");
  const names = inOrder().filter((host) => !host.is_engine).map((host) => host.name);
  const chosen = names.includes(view.host) ? view.host : select.value;
  const wanted = ["*", ...names];
  if (wanted.join() !== [...select.options].map((option) => option.value).join()) {
    select.replaceChildren(...wanted.map((name) => new Option(name === "*" ? "all hosts" : name, name)));
  }
  select.value = wanted.includes(chosen) && chosen !== "" ? chosen : (names[0] ?? "*");
}

onView((changed) => {
  if (changed.has("host")) drawBenchHosts();
});

// -- faults --------------------------------------------------------------------------------------

export function drawFaultKinds() {
  $("fault-kinds").replaceChildren(...hello.faults.map(([kind, usual, unit]) => {
    const part = make("span", "fault-kind");
    const arm = button(kind, "", () => addFault(kind, part.querySelector("input")?.value));
    part.append(arm);
    if (usual !== undefined) {
      const input = make("input", "mono");
      Object.assign(input, { value: String(usual), inputMode: "decimal", autocomplete: "off" });
      input.setAttribute("aria-label", `${kind}: ${unit}`);
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        arm.click();
      });
      part.append(input, make("small", "", UNITS[unit] ?? unit));
    }
    return part;
  }));
}

function addFault(kind, value) {
  const when = $("fault-when").value;
  const host = $("fault-host").value;
  const limits = kind === "slow" || (kind === "refuse" && when.startsWith("every")) ? "" : when;
  const words = [kind, ...(value === undefined ? [] : [value.trim()]), `host=${host}`, limits];
  ask("add_fault", { fault: words.filter(Boolean).join(" ") });
}

export function drawFaults() {
  const { standing } = facts.faults;
  $("no-faults").hidden = standing.length > 0;
  put($("armed"), standing.length ? `⚡${standing.length}` : "");
  const known = new Map([...$("standing").children].map((item) => [Number(item.dataset.number), item]));
  for (const fault of standing) {
    let item = known.get(fault.number);
    known.delete(fault.number);
    if (!item) {
      item = make("li");
      item.dataset.number = fault.number;
      const clear = button("Clear", "", () => ask("clear_faults", { number: fault.number }));
      clear.setAttribute("aria-label", `Clear fault ${fault.number}, ${fault.text}`);
      item.append(make("span", "mono"), clear);
      $("standing").append(item);
    }
    put(item.firstElementChild, `⚡ ${fault.text}${fault.hits ? `, hit ${fault.hits}` : ""}`);
  }
  for (const item of known.values()) item.remove();
}

$("faults").addEventListener("submit", (event) => event.preventDefault());

// -- any message ---------------------------------------------------------------------------------

const sent = [];
let reading = 0;

export function writeMessage(line) {
  $("send-way").value = line.arrow === "->" ? "to DHS" : "to DCSS";
  if ([...$("fault-host").options].some((option) => option.value === line.host)) $("fault-host").value = line.host;
  $("send-text").value = line.text;
  openTool("bench");
  read();
  $("send-text").focus();
}

// How the codec reads the text; wrong text can be sent, too.
async function read() {
  const text = $("send-text").value;
  const mine = (reading += 1);
  const told = text ? await post("explain", { text }) : null;
  if (mine !== reading) return;
  const count = told && !told.error ? Object.keys(told.fields).length : 0;
  put($("send-reading"), !told ? "" : (told.error ?? told.trouble) || `${told.keyword}: ${count} ${count === 1 ? "field" : "fields"}, right`);
  $("send-reading").classList.toggle("bad", Boolean(told?.trouble));
}

async function send() {
  const text = $("send-text").value;
  const host = $("fault-host").value;
  const told = host === "*" ? { error: "choose one host above: a message is sent to one DHS" } : await post("send", { name: host, text, way: $("send-way").value });
  $("send-trouble").hidden = !told.error;
  put($("send-trouble"), told.error ?? "");
  if (told.error) return;
  sent.push(text);
  $("send-text").select();
}

let timer = 0;
$("send-text").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(read, 150);
});
$("send-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    send();
  } else if (event.key === "ArrowUp" && (!event.target.value || sent.includes(event.target.value)) && sent.length) {
    event.preventDefault();
    const at = sent.lastIndexOf(event.target.value);
    event.target.value = sent[at > 0 ? at - 1 : at < 0 ? sent.length - 1 : 0];
    read();
  }
});
$("send").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
