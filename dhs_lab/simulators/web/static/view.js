// The current view; it is in the address, so that a link shows the same.

const KEYS = ["host", "q", "kind", "wq", "dir", "bad", "tool", "part", "plot"];

export const view = Object.fromEntries(KEYS.map((key) => [key, ""]));
const listeners = [];

const given = new URLSearchParams(location.search);
for (const key of KEYS) view[key] = given.get(key) ?? "";

// Calls `listener` with the set of keys that changed.
export function onView(listener) {
  listeners.push(listener);
}

export function look(changes) {
  const changed = new Set(Object.keys(changes).filter((key) => view[key] !== changes[key]));
  if (!changed.size) return;
  Object.assign(view, changes);
  const words = new URLSearchParams(KEYS.filter((key) => view[key]).map((key) => [key, view[key]]));
  history.replaceState(null, "", `${location.pathname}${String(words) ? `?${words}` : ""}`);
  for (const listener of listeners) listener(changed);
}

// A comma is "or", blanks are "and"; `-word` hides if `hides` is true.
export function matcher(text, hides = false) {
  const isHidden = (word) => hides && word.length > 1 && word[0] === "-";
  const parts = text.toLowerCase().split(",").map((part) => part.split(/\s+/).filter((word) => word && !(hides && word === "-")));
  const hidden = parts.flat().filter(isHidden).map((word) => word.slice(1));
  const wanted = parts.map((part) => part.filter((word) => !isHidden(word))).filter((part) => part.length);
  return (low) =>
    !hidden.some((word) => low.includes(word)) &&
    (!wanted.length || wanted.some((part) => part.every((word) => low.includes(word))));
}
