// The desk works without this. It makes the clock tick, counts characters, keeps what is being written while the list
// is exchanged or the log-in comes between, and says when the server did not do what was asked.
"use strict";
(() => {
  const words = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor(minutes / 60) % 24;
    if (minutes < 1) return "any moment";
    if (days) return `in ${days} day${days > 1 ? "s" : ""} ${hours} h`;
    return hours ? `in ${hours} h ${minutes % 60} min` : `in ${minutes} min`;
  };

  const tick = () => {
    for (const clock of document.querySelectorAll("[data-until]")) {
      clock.textContent = words((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    }
  };

  const count = (hint) => {
    const field = document.getElementById(hint.dataset.left);
    const left = field.maxLength - field.value.length;
    hint.textContent = `${left} character${left === 1 ? "" : "s"} left.`;
  };

  const say = (text) => {
    const line = document.createElement("p");
    line.className = "is-error";
    line.textContent = text;
    document.getElementById("desk-said").replaceChildren(line);
    line.scrollIntoView({ block: "nearest" });
  };

  // Notes that were begun and not saved, by the id of their field; without the one that was just sent.
  const begun = (sent) =>
    [...document.querySelectorAll("#desk-entries form[data-keep] textarea")]
      .filter((field) => field.value !== field.defaultValue && field.form !== sent)
      .map((field) => [field.id, field.value]);

  const restore = (notes) => {
    for (const [id, text] of notes) {
      const field = document.getElementById(id);
      if (field) {
        field.value = text;
        const folded = field.closest("details");
        if (folded) folded.open = true;
      }
    }
  };

  // What was sent is kept until the desk is back: who was logged out meanwhile finds it there again.
  const SENT = "desk-sent";
  const keep = (form) => {
    const fields = [...form.querySelectorAll("input[type=text], textarea")].map((field) => [field.id, field.value]);
    sessionStorage.setItem(SENT, JSON.stringify({ desk: location.pathname, fields }));
  };
  const bringBack = () => {
    const sent = JSON.parse(sessionStorage.getItem(SENT));
    sessionStorage.removeItem(SENT);
    if (!sent || !location.pathname.startsWith(sent.desk)) return;
    const collapsed = (text) => text.split(/\s+/).join(" ").trim();
    const lost = sent.fields.filter(([id, text]) => {
      const field = document.getElementById(id);
      return field && collapsed(field.value) !== collapsed(text);
    });
    restore(lost);
    if (lost.length) say("What you wrote was not saved. It stands there again: save it once more.");
  };

  // What was done stands in the history too; what was not done stays until the next step.
  let leaving;
  const letGo = () => {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      for (const line of document.querySelectorAll("#desk-said .is-success")) line.remove();
    }, 10000);
  };

  let notes = [];
  let pressed = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    pressed = event.detail.elt.closest(".desk-entry") ? event.detail.elt.closest(".desk-entry").id : "";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo, target, requestConfig } = event.detail;
    if (new URL(xhr.responseURL).pathname !== new URL(pathInfo.requestPath, location.href).pathname) {
      // Led somewhere else, such as to the log-in.
      event.detail.shouldSwap = false;
      location.reload();
    } else if (target.id === "desk-entries") {
      notes = begun(requestConfig.elt);
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "desk-entries") return;
    sessionStorage.removeItem(SENT);
    restore(notes);
    notes = [];
    letGo();
    const entry = pressed && document.getElementById(pressed);
    if (entry && !entry.contains(document.activeElement)) entry.focus();
    if (entry) entry.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("htmx:responseError", (event) => {
    say(`Nothing was changed: the server answered ${event.detail.xhr.status}. Reload the page and try again.`);
  });
  document.addEventListener("htmx:sendError", () => say("Nothing was changed: the server could not be reached."));
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-keep]")) keep(event.target);
  });
  document.addEventListener("input", (event) => {
    const hint = document.querySelector(`[data-left="${event.target.id}"]`);
    if (event.target.id && hint) count(hint);
  });
  setInterval(tick, 10000);
  tick();
  bringBack();
  letGo();
})();
