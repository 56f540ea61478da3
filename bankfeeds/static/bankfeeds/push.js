"use strict";
// The page of a push looks again by itself while the push moves. Without this file the page has
// its Reload link. Nothing is replaced while a person is at work in one of its forms.
(() => {
  const box = document.getElementById("push-status");
  const rest = document.getElementById("push-rest");
  const newer = document.getElementById("push-newer");
  const FAST = 2000, SLOW = 10000, LOOKS_FAST = 90;
  let looks = 0;

  const inner = () => box?.querySelector(".push-status-inner");
  const state = () => inner()?.dataset.state;
  const moving = () => inner()?.dataset.moving === "yes";
  const atWork = () => rest.contains(document.activeElement)
    || [...rest.querySelectorAll('input[type="text"]')].some((field) => field.value !== field.defaultValue);

  async function text(url) {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  // What stands above every page: how many pushes need a decision, and the bands.
  function renewTop(page) {
    const old = document.querySelector(".undecided"), fresh = page.querySelector(".undecided");
    if (old && fresh) old.replaceWith(fresh);
    else if (old) old.remove();
    else if (fresh) document.querySelector(".world")?.after(fresh);
    if (page.querySelectorAll(".band").length === document.querySelectorAll(".band").length) return;
    document.querySelectorAll(".band").forEach((band) => band.remove());
    document.getElementById("content").before(...page.querySelectorAll(".band"));
  }

  async function renewRest() {
    const page = new DOMParser().parseFromString(await text(location.href), "text/html");
    await released();
    renewTop(page);
    if (atWork()) { newer.hidden = false; return; }
    const fresh = page.getElementById("push-rest");
    if (fresh && !atWork()) { rest.replaceChildren(...fresh.childNodes); newer.hidden = true; showExtras(); }
  }

  async function look() {
    looks += 1;
    try {
      const before = state();
      const page = new DOMParser().parseFromString(await text(box.dataset.url), "text/html");
      const fresh = page.querySelector(".push-status-inner");
      await released();
      // Only what has changed is put in, so that a screen reader says it once.
      if (fresh && (fresh.dataset.state !== before || fresh.textContent !== inner().textContent)) {
        box.replaceChildren(fresh);
        showExtras();
      }
      if (inner().dataset.leads) { location.assign(inner().dataset.leads); return; }
      if (before !== state()) await renewRest();
    } catch {
      // No answer: the Reload link is still there, and the next look may fare better.
    }
    plan();
  }

  function plan() {
    if (moving()) setTimeout(look, looks < LOOKS_FAST ? FAST : SLOW);
  }

  function showExtras() {
    document.querySelectorAll(".push-js").forEach((extra) => { extra.hidden = false; });
  }

  showExtras();
  plan();
})();
