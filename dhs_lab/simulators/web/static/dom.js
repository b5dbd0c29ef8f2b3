// Small helpers that every part of the page uses.

export const $ = (id) => document.getElementById(id);

export function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function button(text, className = "", press = null) {
  const made = make("button", className, text);
  made.type = "button";
  if (press) made.addEventListener("click", press);
  return made;
}

// Writes only a changed text: the browser has no work for the others.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function shown(value) {
  // DCS sends six digits after the point; JSON has texts for values like nan.
  return typeof value === "number" ? String(Number(value.toFixed(6))) : String(value);
}

export const rounded = (value) => (typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value));
export const seconds = (value) => `${Math.max(0, value).toFixed(value < 1 ? 2 : 1)} s`;
export const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
export const press = (element, isPressed) => element.setAttribute("aria-pressed", String(isPressed));

export function isNumber(text) {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

export function sign(element, char, word) {
  if (element.textContent === char) return;
  element.textContent = char;
  if (char) {
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", word);
  } else {
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
  }
}

// -- what is kept in this browser ------------------------------------------------------------

export function remember(key, value) {
  try {
    localStorage.setItem(`beamline:${key}`, value);
  } catch {
    // The browser stores nothing; then the value is lost.
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(`beamline:${key}`);
  } catch {
    return null;
  }
}

// -- messages to people ----------------------------------------------------------------------

export function notice(text, isGood = false) {
  const note = make("p", isGood ? "good" : "", "");
  note.append(make("span", "", text), button("✕", "quiet", () => note.remove()));
  note.lastChild.setAttribute("aria-label", "Close this notice");
  $("notices").append(note);
  while ($("notices").childElementCount > 4) $("notices").firstElementChild.remove();
  setTimeout(() => note.remove(), isGood ? 3000 : 12_000);
}

let saidAt = 0;
let toSay = "";

// For screen readers: at most one sentence in two seconds, the newest.
export function say(text) {
  if (!toSay) setTimeout(speak, Math.max(0, saidAt + 2000 - Date.now()));
  toSay = text;
}

function speak() {
  saidAt = Date.now();
  $("said").textContent = toSay;
  toSay = "";
}

// -- asking the server -----------------------------------------------------------------------

// The server's answer; if it refused or is gone, `error` says why.
export async function post(verb, wish) {
  try {
    const answer = await fetch(`/commands/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    const told = await answer.json();
    return answer.ok ? told : { error: told.error };
  } catch {
    return { error: "not sent: the simulator does not answer" };
  }
}

// Like `post`; a refusal without a row becomes a notice.
export async function ask(verb, wish) {
  const told = await post(verb, wish);
  if (told.error) notice(`${verb.replaceAll("_", " ")} ${wish.name ?? ""}: ${told.error}`.replace(" :", ":"));
  return told;
}
