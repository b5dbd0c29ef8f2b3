// The chosen message: its fields by name, requested from the server.

import { $, make, put } from "/dom.js";
import { writeMessage } from "/bench.js";
import { look } from "/view.js";
import { closeFields } from "/wire.js";

let line = null;

const told = (value) => (value === null ? "(left out)" : typeof value === "string" ? value : JSON.stringify(value));

export async function showFields(chosen) {
  line = chosen;
  $("fields").hidden = !line;
  $("wire").classList.toggle("has-fields", Boolean(line));
  if (!line) return;
  put($("field-keyword"), line.text.split(/\s/)[0] || "(no word)");
  put($("field-way"), `${line.arrow === "->" ? "to" : "from"} ${line.host} at ${line.at_s.toFixed(4)} s`);
  const wanted = line;
  const told = await explained(line.number);
  if (line === wanted) draw(told);
}

async function explained(number) {
  try {
    const answer = await fetch(`/lines/${number}`);
    const told = await answer.json();
    return answer.ok ? told : { fields: {}, trouble: told.error, meaning: "" };
  } catch {
    return { fields: {}, trouble: "the simulator does not answer", meaning: "" };
  }
}

function draw({ fields, trouble, meaning }) {
  const rows = Object.entries(fields).map(([name, value]) => {
    const row = make("tr");
    const head = make("th", "", name);
    head.scope = "row";
    row.append(head, make("td", "mono", told(value)));
    return row;
  });
  $("field-rows").replaceChildren(...rows);
  $("field-trouble").hidden = !trouble;
  put($("field-trouble"), trouble ? `${trouble}: ${line.text}` : "");
  // Its lines are wrapped as in the sources; here a paragraph is one line.
  put($("field-meaning"), meaning.replace(/([^\n])\n(?=[^\n])(?![A-Z][a-z]+:)/g, "$1 "));
}

$("field-close").addEventListener("click", () => {
  closeFields();
  $("lines").focus();
});
$("field-again").addEventListener("click", () => writeMessage(line));
$("field-only").addEventListener("click", () => {
  const keyword = line.text.split(/\s/)[0];
  $("wire-filter").value = keyword;
  look({ wq: keyword });
});
