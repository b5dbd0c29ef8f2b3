// The logs of DHSs, the verdicts about them, and the connected GUI clients.

import { $, make, put } from "/dom.js";
import { facts } from "/store.js";
import { offerTool } from "/tools.js";

const MAX_LOG = 200;
const CALM = ["note", "info", "debug"];

export function addLog(entries) {
  const items = entries.slice(-MAX_LOG).map((entry) => {
    const item = make("li", CALM.includes(entry.level) ? "" : "is-bad");
    item.append(make("time", "mono", entry.at_s.toFixed(2)), make("span", "level", `${entry.level} ${entry.host}`), make("span", "", entry.text));
    return item;
  });
  $("log").prepend(...items.reverse());
  while ($("log").childElementCount > MAX_LOG) $("log").lastElementChild.remove();
  drawLogCount();
}

function drawLogCount() {
  const count = $("log").childElementCount;
  $("no-log").hidden = count > 0;
  put($("log-count"), count ? String(count) : "");
}

export function forgetLog() {
  $("log").replaceChildren();
  drawLogCount();
}

export function drawGuis() {
  offerTool("guis", facts.guis !== null);
  const sessions = facts.guis?.sessions ?? [];
  $("no-guis").hidden = sessions.length > 0;
  put($("gui-address"), facts.guis ? `GUI port ${facts.guis.address}` : "");
  $("guis").replaceChildren(...sessions.map((session) => {
    const item = make("li", "line");
    const who = `${session.user} at ${session.host}${session.is_staff ? ", staff" : ""}`;
    item.append(make("span", "mono", String(session.client_id)), make("span", "", who), make("span", "soft stretch", session.place));
    if (session.is_master) item.append(make("b", "going", "▶ active"));
    return item;
  }));
}
