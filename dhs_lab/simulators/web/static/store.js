// The data from the server. Events fill `fresh`, the changes not drawn yet; each frame empties it.

export const hosts = new Map();
export const devices = new Map();
export const runs = new Map(); // key -> {run, updates}
export const facts = { faults: { standing: [] }, told: null, guis: null };
export const histories = new Map(); // motor -> [[at_s, position], ...]
export const hello = { dcss: "", has_camera: false, keeps: 20_000, faults: [] };

export const fresh = {
  hosts: false,
  listing: false, // there are new devices
  devices: new Set(),
  runs: new Set(),
  lines: [],
  log: [],
  facts: new Set(),
};

const KEPT_UPDATES = 100;
const KEPT_RUNS = 200;
const KEPT_POSITIONS = 4000;
const clock = { ahead: 0 }; // this clock minus the record's, s

export const nowS = () => Date.now() / 1000 - clock.ahead;

// A host counts as seen if it is or was online; its devices are then shown without a filter.
export const rankOf = (host) => (host.is_engine ? 2 : host.is_online ? 0 : host.logins ? 1 : 3);

export function forget() {
  for (const map of [hosts, devices, runs, histories]) map.clear();
  Object.assign(facts, { faults: { standing: [] }, told: null, guis: null });
  for (const set of [fresh.devices, fresh.runs, fresh.facts]) set.clear();
  fresh.lines = [];
  fresh.log = [];
  fresh.facts.add("faults").add("guis").add("told");
}

export function take(changes) {
  clock.ahead = Date.now() / 1000 - changes.now_s;
  for (const host of Object.values(changes.hosts)) {
    hosts.set(host.name, host);
    fresh.hosts = true;
  }
  for (const device of Object.values(changes.devices)) takeDevice(device, changes.now_s);
  for (const [key, run] of Object.entries(changes.runs)) {
    runs.set(key, { run, updates: runs.get(key)?.updates ?? [] });
    fresh.runs.add(key);
  }
  for (const update of changes.updates) takeUpdate(update);
  for (const line of changes.wire) fresh.lines.push(line);
  fresh.log.push(...changes.log);
  for (const [key, value] of Object.entries(changes.facts)) {
    facts[key] = value;
    fresh.facts.add(key);
  }
  forgetOldRuns();
}

function takeDevice(device, atS) {
  fresh.listing ||= !devices.has(device.name);
  devices.set(device.name, device);
  fresh.devices.add(device.name);
  if (device.kind !== "motor") return;
  const history = histories.get(device.name) ?? [];
  histories.set(device.name, history);
  if (history.at(-1)?.[1] !== device.position || device.is_moving) history.push([atS, device.position]);
  if (history.length > KEPT_POSITIONS * 1.2) history.splice(0, history.length - KEPT_POSITIONS);
}

function takeUpdate(update) {
  const known = runs.get(update.key);
  if (!known) return;
  known.updates.push(update.text);
  if (known.updates.length > KEPT_UPDATES) known.updates.shift();
  fresh.runs.add(update.key);
}

function forgetOldRuns() {
  for (const [key, { run }] of runs) {
    if (runs.size <= KEPT_RUNS) return;
    if (run.ended_s === null) continue;
    runs.delete(key);
    fresh.runs.add(key);
  }
}
