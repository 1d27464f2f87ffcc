// Two comforts. Every page works without them.

// --- Finds papers while words are typed: the page of that search takes the place of what is shown, but is not loaded

const PAUSE = 150; // milliseconds without a key before the site is asked

function searchWhileTyping(form, main, told) {
  const search = form.getAttribute("action");
  let shown = location.pathname + location.search;
  let timer = 0;
  let asked = new AbortController();

  function stop() {
    clearTimeout(timer);
    asked.abort();
  }

  async function find() {
    asked = new AbortController();
    const address = `${search}?${new URLSearchParams(new FormData(form))}`;
    try {
      const response = await fetch(address, { signal: asked.signal });
      if (response.ok) show(address, new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch (error) {
      // Asked for something else meanwhile. Anything worse is for the console; the button still works.
      if (error.name !== "AbortError") throw error;
    }
  }

  function show(address, page) {
    // The way back leads to the page on which the search began, not to each of its letters.
    if (location.pathname === search) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    shown = address;
    main.replaceChildren(...page.getElementById("content").childNodes);
    told.textContent = document.getElementById("found")?.textContent ?? "";
    changeSurroundings(page);
  }

  function changeSurroundings(page) {
    document.title = page.title;
    document.querySelectorAll("link[rel=canonical], link[rel=alternate]").forEach((link) => link.remove());
    document.head.append(...page.querySelectorAll("link[rel=alternate]"));
    document.querySelector(".sections [aria-current]")?.removeAttribute("aria-current");
    // The front page invites above its papers.
    const invitation = document.getElementById("sign-up");
    if (invitation) main.after(invitation);
  }

  form.addEventListener("input", () => {
    stop();
    timer = setTimeout(find, PAUSE);
  });
  form.addEventListener("submit", stop);
  window.addEventListener("popstate", () => {
    // A step within a page, as to its content, comes here too.
    if (location.pathname + location.search !== shown) location.reload();
  });
}

const content = document.getElementById("content");
// What somebody wrote into a form is not replaced.
if (!content.querySelector("form[method=post]")) {
  searchWhileTyping(document.querySelector("form.search"), content, document.getElementById("search-said"));
}

// --- Offers the browser's time zone on the preferences page

const select = document.getElementById("id_time_zone");
const button = document.getElementById("use-time-zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offer() {
  const known = Array.from(select.options).some((option) => option.value === here);
  button.hidden = !known || select.value === here;
}

if (select && button && here) {
  button.textContent = `Use ${here.replaceAll("_", " ")}`;
  button.addEventListener("click", () => {
    select.value = here;
    offer();
    select.focus();
  });
  select.addEventListener("change", offer);
  offer();
}
