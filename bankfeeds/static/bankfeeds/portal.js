"use strict";
// Pages work without this file; it adds copying, countdowns, previews and buttons that are
// pressed once. Words come from the page, so that they are translated there.

// A browser makes a click of a press only where it ends on what it began on: what moves the page
// by itself waits until nothing is held.
async function released() {
  while (document.querySelector(":active")) await new Promise((resolve) => { setTimeout(resolve, 30); });
}

// --- Copy link -----------------------------------------------------------------------------
(() => {
  const general = document.getElementById("portal-says");
  class Refused extends Error {}

  function say(button, words, tone) {
    const place = button.closest("[data-link-block]")?.querySelector("[data-copied]") || general;
    place.dataset.tone = tone;
    place.textContent = "";
    // A live region speaks up for a change: also when the same is said twice.
    setTimeout(() => { place.textContent = words; }, 50);
    return place;
  }

  async function asked(button) {
    const form = button.form;
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(button.getAttribute("formaction") || form.action, {
      method: "POST", credentials: "same-origin", cache: "no-store", redirect: "error",
      headers: { "Accept": "application/json", "X-CSRFToken": token },
      body: new URLSearchParams({ message: form.querySelector("[name=message]")?.value || "" }),
    });
    const given = await answer.json();
    if (!answer.ok) throw new Refused(given.problem);
    return given;
  }

  // Browsers let a page write the clipboard only right after a press, so the promise of the
  // link goes in at once and not the link after a wait.
  async function copied(waiting) {
    const later = waiting.then((given) => new Blob([given.link], { type: "text/plain" }));
    later.catch(() => {});
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": later })]);
      return true;
    } catch {
      const { link } = await waiting;
      try {
        await navigator.clipboard.writeText(link);
        return true;
      } catch {
        return copiedTheOldWay(link);
      }
    }
  }

  function copiedTheOldWay(link) {
    const field = document.createElement("textarea");
    field.value = link;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      field.remove();
    }
  }

  function offered(place, link, label) {
    const field = document.createElement("input");
    field.readOnly = true;
    field.value = link;
    field.setAttribute("aria-label", label);
    setTimeout(() => { place.append(field); field.select(); }, 60);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-link]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.busy) return;
    button.dataset.busy = "yes";
    const waiting = asked(button);
    try {
      const done = await copied(waiting);
      const { link, words, ...said } = await waiting;
      const place = say(button, words, "good");
      if (!done) offered(place, link, button.textContent.trim());
      document.dispatchEvent(new CustomEvent("link-copied", { detail: { button, ...said } }));
    } catch (error) {
      say(button, error instanceof Refused ? error.message : general.dataset.failed, "bad");
    } finally {
      delete button.dataset.busy;
      button.focus();
    }
  });
})();

// --- Copy what stands on the page ----------------------------------------------------------
(() => {
  const general = document.getElementById("portal-says");

  async function copied(place) {
    const text = "value" in place ? place.value : place.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // The text is selected at least, for Ctrl+C.
      if (place.select) place.select(); else getSelection().selectAllChildren(place);
      try { return document.execCommand("copy"); } catch { return false; }
    }
  }

  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const done = await copied(document.getElementById(button.dataset.copy));
    general.textContent = "";
    general.dataset.tone = done ? "good" : "bad";
    setTimeout(() => { general.textContent = done ? general.dataset.copied : general.dataset.byHand; }, 50);
  });
})();

// --- Countdown of a link -------------------------------------------------------------------
(() => {
  const SOON = 600, SPOKEN = new Set([10, 5, 1]);
  const started = performance.now();
  const tones = { valid: ["good", "✓"], soon: ["warn", "!"], expired: ["bad", "✕"] };

  function show(place) {
    const since = (performance.now() - Number(place.dataset.from || started)) / 1000;
    const left = Number(place.dataset.seconds) - since;
    const minutes = Math.max(1, Math.floor(left / 60));
    const state = left <= 0 ? "expired" : left < SOON ? "soon" : "valid";
    const words = JSON.parse(place.dataset.texts)[state].replace("{n}", minutes);
    if (place.dataset.words === words) return;
    place.dataset.words = words;
    const [tone, symbol] = tones[state];
    const badge = place.querySelector(".badge");
    badge.className = `badge badge-${tone}`;
    badge.querySelector("[aria-hidden]").textContent = symbol;
    badge.lastChild.textContent = ` ${words}`;
    // In a list of a hundred links nobody wants to hear each of them.
    const block = place.closest("[data-link-block]");
    if (block && (state === "expired" || (state === "soon" && SPOKEN.has(minutes)))) {
      let voice = block.querySelector(".countdown-voice");
      if (!voice) {
        voice = document.createElement("span");
        voice.className = "visually-hidden countdown-voice";
        voice.setAttribute("aria-live", "polite");
        block.append(voice);
      }
      voice.textContent = words;
    }
  }

  const places = [...document.querySelectorAll(".countdown")];
  const running = () => places.filter((place) => Number(place.dataset.seconds) > 0);
  if (places.length) setInterval(() => running().forEach(show), 5000);

  // Copying may have made a new link: its hour begins anew.
  document.addEventListener("link-copied", ({ detail: { button, seconds, ...said } }) => {
    const around = button.closest("[data-link-block], td");
    const place = around?.querySelector(".countdown");
    if (!place || !(seconds > 0)) return;
    place.dataset.seconds = seconds;
    place.dataset.from = performance.now();
    show(place);
    for (const [name, value] of Object.entries(said)) {
      around.querySelectorAll(`[data-link-${name}]`).forEach((one) => {
        if (one.matches("input")) { one.value = value; return; }
        one.textContent = value;
        one.hidden = one.previousElementSibling.hidden = false;
      });
    }
    around.querySelectorAll(".link-explained, .why").forEach((old) => { old.hidden = true; });
  });
})();

// --- Buttons that are pressed once -----------------------------------------------------------
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  // Coming back by the browser's own button shows the page as it was left.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });
})();

// --- Name at Codat, while it is typed ----------------------------------------------------------
(() => {
  const place = document.querySelector("[data-name-preview]");
  if (!place) return;
  const field = document.querySelector("input[name=name]");
  const seen = document.querySelector("[data-seen]");
  const said = document.querySelector("[data-name-said]");
  let timer;

  async function look() {
    const name = field.value;
    const url = `${place.dataset.namePreview}?${new URLSearchParams({ name })}`;
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) return;
    const found = await answer.json();
    await released();
    if (name !== field.value) return;
    place.dataset.tone = found.problem ? "bad" : "";
    place.querySelector("[data-at-codat]").textContent = found.name || "–";
    place.querySelector("[data-changes]").textContent = found.problem || found.changes.join(", ");
    said.textContent = place.textContent.trim().replace(/\s+/g, " ");
    seen.value = found.name;
  }

  // Its room is there from the start, so that nothing below moves when it is known.
  place.querySelector("[data-at-codat]").textContent = "–";
  place.hidden = false;
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => look().catch(() => {}), 250); });
  field.addEventListener("change", () => { clearTimeout(timer); look().catch(() => {}); });
  if (field.value) look().catch(() => {});
})();

// --- Routing number, exactly as it will be sent --------------------------------------------------
(() => {
  const form = document.querySelector("[data-routing]");
  if (!form) return;

  async function look(field) {
    const box = field.closest(".field"), place = box.querySelector("[data-routing-sent]");
    const value = field.value.trim();
    const query = new URLSearchParams({ value, country: form.dataset.country });
    const answer = await fetch(`${form.dataset.routing}?${query}`, { credentials: "same-origin" });
    if (!answer.ok) return;
    const { sent, problem } = await answer.json();
    await released();
    if (value !== field.value.trim()) return;
    place.textContent = value ? problem || place.dataset.words.replace("{value}", sent) : "";
    box.querySelector("[data-routing-seen]").value = sent;
  }

  form.querySelectorAll("[data-routing-sent]").forEach((place) => { place.hidden = false; });
  form.querySelectorAll("[data-routing-field]").forEach((field) => {
    field.addEventListener("change", () => look(field).catch(() => {}));
    let timer;
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => look(field).catch(() => {}), 250); });
  });
})();

// --- Files dropped on a form ----------------------------------------------------------------------
(() => {
  const form = document.querySelector("form[data-drop]");
  const field = form?.querySelector("input[type=file]");
  if (!field) return;
  form.querySelector("[data-drop-words]").hidden = false;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (is) => form.classList.toggle("drop-here", is);

  form.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    mark(true);
  });
  form.addEventListener("dragleave", () => mark(false));
  form.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    mark(false);
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });
})();

// --- Lists as cards on a telephone: each value with the name of its column ------------------------
(() => {
  const table = document.getElementById("result_list");
  if (!table?.tHead) return;
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.querySelector(".text")?.textContent.trim());
  for (const row of table.tBodies[0].rows) {
    [...row.cells].forEach((cell, at) => {
      if (names[at] && !cell.matches(".action-checkbox")) cell.dataset.label = names[at];
    });
  }
})();
