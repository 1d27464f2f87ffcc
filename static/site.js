// Comforts. Every page works without them, but for the sum that a suspicious sign-up has to do.

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

// --- Tells a sign-up where the browser is, so that the first digest comes in the morning

document.querySelectorAll("input.here").forEach((input) => { input.value = here ?? ""; });

// --- Where the digest changes with every choice, nobody needs to ask for it

document.addEventListener("htmx:load", () => document.getElementById("show-digest")?.setAttribute("hidden", ""));

// --- Works on the sum of the challenge page, and sends the form when it is found: a number that, mixed with what the
// --- site made up, gives a key that begins as the site wants it. Made slow on purpose; see subscribers/abuse.py

const AT_ONCE = 16; // keys in the making

function fromHex(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function toHex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function deriveKey({ algorithm, nonce, salt, cost, keyLength }, counter) {
  const password = new Uint8Array([...fromHex(nonce), 0, 0, 0, 0]);
  new DataView(password.buffer).setUint32(password.length - 4, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: algorithm.split("/")[1], salt: fromHex(salt), iterations: cost };
  return toHex(await crypto.subtle.deriveBits(how, key, 8 * keyLength));
}

async function solve({ parameters }, tell) {
  const chance = 16 ** -parameters.keyPrefix.length;
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, more) => first + more);
    const keys = await Promise.all(counters.map((counter) => deriveKey(parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(parameters.keyPrefix));
    if (found >= 0) return { counter: counters[found], derivedKey: keys[found] };
    tell(1 - (1 - chance) ** (first + AT_ONCE));
  }
}

async function meetChallenge(form) {
  const challenge = JSON.parse(form.dataset.challenge);
  const [button, status, progress] = ["button", "[role=status]", "progress"].map((name) => form.querySelector(name));
  button.disabled = true;
  progress.hidden = false;
  status.textContent = "Your browser is working on it.";
  const solution = await solve(challenge, (part) => { progress.value = part; });
  progress.value = 1;
  status.textContent = "Done. Your sign-up is on its way.";
  form.elements.solution.value = btoa(JSON.stringify({ challenge, solution }));
  form.submit();
}

function prepareChallenge(form) {
  if (!globalThis.crypto?.subtle) {
    form.querySelector("button").hidden = true;
    form.querySelector("[role=status]").textContent =
      "Browsers do this sum on secure pages only. Open this site with https:// and sign up there.";
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    meetChallenge(form);
  });
  // After an answer that did not do, somebody has to want another try: a page must not run in circles.
  if ("tried" in form.dataset) form.querySelector("button").disabled = false;
  else meetChallenge(form);
}

const challenged = document.getElementById("challenge");
if (challenged) prepareChallenge(challenged);

// --- Finds a topic in the tree of the preferences page, and counts the chosen ones

function narrowTopics(box, groups) {
  const words = document.getElementById("narrow");
  const wasOpen = groups.map((group) => group.open);

  function narrow(event) {
    // What is typed here is no preference: nobody has to choose a digest anew.
    event.stopPropagation();
    const sought = words.value.trim().toLowerCase();
    let found = 0;
    groups.forEach((group, number) => {
      // From the beginning of a word, since many an archive ends in "cs".
      const ofGroup = ` ${group.querySelector("summary .name").textContent.toLowerCase()}`.includes(` ${sought}`);
      const topics = Array.from(group.querySelectorAll("label"));
      for (const topic of topics) {
        topic.hidden = !ofGroup && !topic.querySelector(".name").textContent.toLowerCase().includes(sought);
      }
      const shown = topics.filter((topic) => !topic.hidden).length;
      found += shown;
      group.hidden = shown === 0;
      group.open = sought ? true : wasOpen[number];
    });
    document.getElementById("narrow-said").textContent = sought ? `Topics found: ${found}` : "";
  }

  words.addEventListener("input", narrow);
  words.addEventListener("keydown", (event) => {
    // Enter would send the form.
    if (event.key === "Enter") event.preventDefault();
  });
  for (const group of groups) {
    group.addEventListener("change", () => {
      group.querySelector(".chosen").textContent = group.querySelectorAll(":checked").length;
    });
  }
  box.hidden = false;
}

const narrowing = document.getElementById("narrow-topics");
if (narrowing) narrowTopics(narrowing, Array.from(document.querySelectorAll(".topic-group")));
