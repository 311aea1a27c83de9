// The pages beside the chat: their titles, the keyboard, links to notes, and edits that are not saved yet.
(() => {
  "use strict";
  const names = { notes: "Notes", index: "Index", search: "Search" };
  const here = location.pathname.split("/").pop();
  if (!(here in names)) return;
  document.documentElement.dataset.page = here; // the chat's scripts have nothing to do here
  document.title = `${names[here]} · Footnote`;
  // What is found takes the hint's place, and would push it away before: so it is not seen at all then.
  const asked = new URLSearchParams(location.search);
  if (asked.get("q")) document.documentElement.dataset.asked = "";
  // On a phone a note takes the place of the list, from the first moment on.
  const reading = here === "notes" && Boolean(asked.get("note") || asked.get("new"));
  document.documentElement.toggleAttribute("data-reading", reading);
  const byId = (id) => document.getElementById(id);
  const field = (id) => document.querySelector(`#${id} textarea, #${id} input`);
  const shown = (element) => Boolean(element && element.getClientRects().length);

  // Gradio may set the title of the page to its own once it is built.
  new MutationObserver(() => {
    const title = `${names[here]} · Footnote`;
    if (document.title !== title) document.title = title;
  }).observe(document.querySelector("title") || document.head, { childList: true, subtree: true });

  function fill(id, value) {
    const box = field(id);
    if (!box) return;
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function address(values) {
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    const text = query.toString().replaceAll("%2F", "/");
    return text ? `${location.pathname}?${text}` : location.pathname; // relative ones would lead to the chat
  }

  // Search: the address follows what is asked, so that it can be kept and sent.
  function searched() {
    if (here === "search") {
      history.replaceState(null, "", address({ q: field("query")?.value.trim(), note: field("picked")?.value }));
    }
  }

  // Notes: what was typed and not saved must not be lost by a click beside it.
  let edited = false;
  let at = location.href; // of the note that is shown
  const unsaved = () => edited && shown(byId("editor"));
  const leave = () => !unsaved() || confirm("Leave this note? What you changed is not saved.");
  const lost = () => "lost" in document.documentElement.dataset;
  addEventListener("beforeunload", (event) => unsaved() && !lost() && event.preventDefault());

  // It is still there when the page was loaded anew, as Gradio does once a server that was away is back.
  const DRAFT = "footnote-note";
  function keepDraft() {
    const [opened, path, text] = ["opened", "path", "editor"].map((id) => field(id)?.value ?? "");
    sessionStorage.setItem(DRAFT, JSON.stringify({ at: location.search, draft: { opened, path, text } }));
  }

  function endDraft() {
    edited = false;
    sessionStorage.removeItem(DRAFT);
  }

  function goOn() {
    const { at, draft } = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
    if (at !== location.search) return;
    edited = true;
    press({ draft });
  }

  function press(wanted) {
    fill("chosen", JSON.stringify(wanted));
    setTimeout(() => byId("choose")?.click(), 30); // once Gradio has taken the value over
  }

  function choose(note, line) {
    at = location.href;
    endDraft();
    if (!line) scrollTo(0, 0);
    press({ note, line: line || "" });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#new") && !leave()) return event.stopImmediatePropagation();
    if (event.target.closest("#edit, #new, #take, #cancel")) endDraft();
    if (event.target.closest("#go")) searched();
    const heading = event.target.closest("a[href*='#heading-']");
    if (heading) {
      event.preventDefault();
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      byId(heading.href.split("#").pop())?.scrollIntoView({ behavior: still ? "auto" : "smooth" });
      return;
    }
    const link = event.target.closest("a[data-note], #all-notes");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const { note, start } = link.dataset;
    if (here !== "notes") return location.assign(link.href);
    if (!leave()) return;
    history.pushState(null, "", address({ note, line: start }));
    choose(note, start);
  }, true);

  document.addEventListener("input", (event) => {
    if (!event.isTrusted || !event.target.closest("#editor, #path")) return;
    edited = true;
    keepDraft();
  });
  document.addEventListener("focusout", (event) => event.target.closest("#picked") && setTimeout(searched, 50));

  addEventListener("popstate", () => {
    if (here !== "notes") return;
    if (!leave()) return history.pushState(null, "", at);
    const query = new URLSearchParams(location.search);
    choose(query.get("note") || "", query.get("line"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.closest("#query")) return searched();
    if (event.key === "s" && (event.ctrlKey || event.metaKey) && shown(byId("save"))) {
      event.preventDefault();
      return byId("save").click();
    }
    if (event.key === "Escape" && event.target.closest("#tree-filter")) return fill("tree-filter", "");
    if (event.key.startsWith("Arrow")) return move(event);
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, [contenteditable]")) return;
    event.preventDefault();
    (field("query") || field("tree-filter"))?.focus();
  }, true);

  // Arrows go from one link of a list to the next.
  function move(event) {
    const list = event.target.closest("#tree, #results, .outline, .outline-folded");
    const filter = event.target.closest("#tree-filter") && byId("tree");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !(list || filter)) return;
    const links = [...(list || filter).querySelectorAll("a[href], summary")].filter(shown);
    const at = links.indexOf(event.target);
    const next = links[at + step] || (at + step < 0 && here === "notes" ? field("tree-filter") : null);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // A note that is opened at a line is scrolled to it.
  function reveal(view) {
    new MutationObserver(() => {
      document.documentElement.removeAttribute("data-reading"); // what is shown says so itself from now on
      const cited = view.querySelector("#cited");
      if (cited) cited.scrollIntoView({ block: "center" });
    }).observe(view, { childList: true, subtree: true });
  }

  // Of the version on disk, what differs is shown first.
  function showDifference() {
    const text = document.querySelector("#disk pre:not([data-seen])");
    if (!text) return;
    text.dataset.seen = "yes";
    const mark = text.querySelector("mark");
    if (mark) text.scrollTop = mark.getBoundingClientRect().top - text.getBoundingClientRect().top - 48;
  }

  // Times are told in the reader's zone.
  const zoned = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.title = time.textContent;
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  };

  // A draft is over when it was saved: then the note is shown in its place.
  let writing = false;
  function follow() {
    const now = shown(byId("editor"));
    if (writing && !now) endDraft();
    writing = now;
  }

  // A note that was made, renamed or deleted has another address than the one that it was opened by.
  let held;
  function readdress() {
    const opened = field("opened")?.value;
    held ??= opened;
    if (opened === held || shown(byId("editor"))) return;
    held = opened;
    const { path } = JSON.parse(opened);
    const query = new URLSearchParams(location.search);
    if (path === (query.get("note") ?? "") && !query.has("new")) return;
    history.replaceState(null, "", address({ note: path }));
    at = location.href;
  }

  // What the server shows first would else take the place of what was being written.
  const begun = setInterval(() => {
    if (here !== "notes") return clearInterval(begun);
    if (!byId("view")?.textContent.trim() && !shown(byId("editor"))) return;
    clearInterval(begun);
    goOn();
  }, 50);

  const ready = setInterval(() => {
    if (!byId("page") || (here === "search" && !field("query"))) return;
    clearInterval(ready);
    if (here === "search" && matchMedia("(min-width: 701px)").matches) field("query")?.focus();
    zoned(byId("page"));
    readdress();
    new MutationObserver(() => {
      zoned(byId("page"));
      showDifference();
      follow();
      readdress();
    }).observe(byId("page"), { childList: true, subtree: true });
    // Gradio hides the editor by a class, maybe after all else is there.
    const classes = { attributes: true, attributeFilter: ["class", "style"], subtree: true };
    new MutationObserver(() => (follow(), readdress())).observe(byId("page"), classes);
    const view = byId("view");
    if (view) reveal(view);
  }, 50);
})();
