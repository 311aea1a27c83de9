// The side panel with the note, the address, and the keyboard. The page itself is Gradio's.
(() => {
  "use strict";
  if (document.documentElement.dataset.page) return; // a page beside the chat
  const MODE = "footnote-mode";
  const DRAFT = "footnote-draft";
  // What the chat's scripts share, and what its Gradio events ask for.
  const footnote = Object.assign(globalThis.footnote, {
    again: false, // whether the next question takes the place of the last one
    wanted: "", // the conversation to open
    current: "", // the conversation that is open
    // What goes out with a question. The box is free for the next one at once.
    send(question) {
      const { again } = this;
      this.endEdit();
      sent = question.trim();
      type(aside);
      aside = "";
      return [question, again, modes()?.value ?? "auto", this.current];
    },
    // The server did not take what was sent: it can be sent again.
    giveBack() {
      type(together(sent, box().value));
      sent = "";
    },
  });
  const byId = (id) => document.getElementById(id);
  const modes = () => document.querySelector("#mode select");
  const box = () => document.querySelector("#question textarea");
  const narrow = () => matchMedia("(max-width: 700px)").matches;
  let opener = null; // the link that opened the note, to give the focus back to
  let closing = false; // whether a step back in the history is only to close the note
  let asked = 0; // numbers requests, so that a slow one does not overwrite a later one
  let sent = ""; // a question that the server has not shown yet
  let aside = ""; // what was typed when a question was asked by a click

  const together = (...texts) => texts.filter(Boolean).join("\n");

  const isOpen = () => document.body.classList.contains("note-open");

  function address(note, line) {
    const query = new URLSearchParams();
    if (footnote.current) query.set("c", footnote.current);
    if (note) query.set("note", note);
    if (line) query.set("line", line);
    const text = query.toString().replaceAll("%2F", "/");
    return text ? `?${text}` : location.pathname;
  }

  function reveal() {
    byId("note").hidden = false;
    document.body.classList.add("note-open");
    coverRest();
    footnote.settle?.();
  }

  async function show(note, start, end, sha) {
    const place = byId("note-place");
    if (!place) return;
    const request = ++asked;
    const query = new URLSearchParams({ path: note, start: start || "", end: end || "", sha: sha || "" });
    const content = await footnote.fragment(`ui/note?${query}`).catch(footnote.problem);
    if (request !== asked) return;
    place.replaceChildren(content);
    reveal();
    for (const link of document.querySelectorAll("[data-note][aria-current]")) link.removeAttribute("aria-current");
    opener?.setAttribute("aria-current", "true");
    const cited = place.querySelector("#cited");
    place.scrollTop = 0;
    if (cited) {
      const offset = cited.getBoundingClientRect().top - place.getBoundingClientRect().top;
      // Near the top is better than in the middle: what follows the cited lines explains them.
      place.scrollTop = offset - place.clientHeight / 4;
    }
    place.focus({ preventScroll: true });
  }

  function open(link) {
    const { note, start, end, sha } = link.dataset;
    const url = address(note, start);
    const state = { footnote: { note, start, end, sha } };
    opener = link.closest("#note") ? opener : link;
    if (isOpen()) history.replaceState({ ...state, pushed: history.state?.pushed }, "", url);
    else history.pushState({ ...state, pushed: true }, "", url);
    show(note, start, end, sha);
  }

  function close() {
    if (history.state?.pushed) {
      closing = true;
      return history.back(); // popstate hides the note
    }
    history.replaceState(null, "", address());
    hide();
  }

  function hide() {
    if (!isOpen()) return;
    asked += 1;
    document.body.classList.remove("note-open");
    byId("note").hidden = true;
    coverRest();
    footnote.settle?.();
    opener?.removeAttribute("aria-current");
    (opener?.isConnected ? opener : box())?.focus({ preventScroll: true });
    opener = null;
  }

  // On a phone the note covers the chat, which must then not be reached by Tab or a screen reader.
  function coverRest() {
    for (const id of ["bar", "talk", "composer", "side"]) byId(id)?.toggleAttribute("inert", isOpen() && narrow());
  }

  function ask(question) {
    if (!box()) return;
    aside = byId("editing").hidden ? box().value : "";
    type(question);
    setTimeout(() => byId("ask")?.click(), 30); // once Gradio has taken the value over
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#close")) return close();
    const example = event.target.closest("[data-ask]");
    if (example) { // a further question, also while the last one is being edited
      footnote.leaveEdit();
      return ask(example.dataset.ask);
    }
    const link = event.target.closest("a[data-note]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && isOpen()) close();
    const typing = event.target.closest("input, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box()?.focus();
  });

  addEventListener("popstate", (event) => {
    const c = new URLSearchParams(location.search).get("c") ?? "";
    if (closing) { // the conversation may have begun while the note was open
      closing = false;
      history.replaceState(event.state, "", address());
      return hide();
    }
    if (c !== footnote.current) footnote.open(c, { silent: true });
    const at = event.state?.footnote;
    if (at) show(at.note, at.start, at.end, at.sha);
    else hide();
  });
  addEventListener("resize", coverRest);

  // A new question goes to the top of the view, so that its answer is read from its beginning.
  function follow(live) {
    live.setAttribute("aria-live", "polite");
    let pending = false;
    const look = () => {
      document.documentElement.classList.toggle("opening", false);
      const now = Boolean(live.querySelector(".exchange.pending"));
      live.setAttribute("aria-busy", String(now));
      if (now && !pending) {
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        live.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
      }
      if (now !== pending) document.body.classList.toggle("answering", now);
      pending = now;
      if (now || live.querySelector(".question")?.textContent === sent) sent = "";
      name();
      footnote.changed?.();
    };
    new MutationObserver(look).observe(live, { childList: true, subtree: true, characterData: true });
    if (live.querySelector(".exchange")) look(); // asked before the page was ready
  }

  // Times are told in the reader's zone; the server knows only its own. The bar has room for a short one.
  function localise(place) {
    for (const time of place.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const today = at.toDateString() === new Date().toDateString();
      time.dataset.local = "";
      time.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "short" });
      time.textContent = at.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium" });
    }
  }

  // Who writes the answers stays as it was chosen.
  function keepMode() {
    const choice = modes();
    if (!choice) return;
    const kept = localStorage.getItem(MODE);
    if ([...choice.options].some(({ value }) => value === kept)) choice.value = kept;
    choice.addEventListener("change", () => localStorage.setItem(MODE, choice.value));
  }

  // What was typed and not answered yet is still there after a reload; Gradio does one when the server was away.
  function keepDraft() {
    const draft = sessionStorage.getItem(DRAFT);
    if (draft && !box().value) type(draft);
    addEventListener("pagehide", () => {
      const unanswered = document.querySelector("#live .exchange.pending .question")?.textContent ?? sent;
      sessionStorage.setItem(DRAFT, together(unanswered, box().value));
    });
  }

  function type(text) {
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The tab is named by what its conversation began with.
  function name() {
    const first = document.querySelector("#talk .question")?.textContent;
    document.title = first ? `${first.slice(0, 80)} · Footnote` : "Footnote";
  }

  function begin() {
    const query = new URLSearchParams(location.search);
    const line = Number.parseInt(query.get("line"), 10);
    const lines = line > 0 ? [String(line), String(line)] : [];
    if (query.get("note")) show(query.get("note"), ...lines);
    if (query.get("c")) footnote.open(query.get("c"), { silent: true });
    const question = query.get("q")?.trim();
    if (!question) return;
    query.delete("q"); // a reload must not ask again
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    ask(question);
  }

  // Gradio builds the page after this script has run, and fills it with its first event.
  const ready = setInterval(() => {
    if (!byId("live") || !byId("note-place") || !box() || !byId("status")?.querySelector("p")) return;
    clearInterval(ready);
    follow(byId("live"));
    byId("status").setAttribute("role", "status");
    localise(byId("status"));
    new MutationObserver(() => localise(byId("status"))).observe(byId("status"), { childList: true, subtree: true });
    keepMode();
    keepDraft();
    if (!narrow()) box().focus(); // on a phone this would bring up the keyboard
    footnote.ready?.();
    begin();
  }, 50);

  const first = new URLSearchParams(location.search);
  document.documentElement.classList.toggle("opening", Boolean(first.get("c") || first.get("q")?.trim()));
  Object.assign(footnote, { byId, box, type, ask, address, hideBeside: hide, isOpen });
})();
