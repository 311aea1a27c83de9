// The conversations that are kept, beside the chat: listed, found, opened, renamed, exported, deleted.
(() => {
  "use strict";
  if (!globalThis.footnote) return; // a page beside the chat
  const { byId, make, call, say, side } = footnote;
  const PAGE = 100;
  let drawer = false; // whether the list lies over the chat, where there is no room beside it
  let loaded = 0;
  let asked = 0;
  let late = false; // whether the list was not renewed, as something in it was being used

  const docked = () => side.hasRoom(footnote.isOpen());

  // Decides where the list is: beside the chat, over it, or nowhere.
  footnote.settle = () => {
    const list = byId("side");
    if (!list) return;
    if (docked()) drawer = false;
    const beside = docked() && side.wanted;
    list.hidden = !beside && !drawer;
    side.place(beside);
    document.body.classList.toggle("side-over", drawer);
    byId("side-shade").hidden = !drawer;
    for (const id of ["bar", "talk", "composer"]) if (drawer) byId(id)?.setAttribute("inert", "");
    byId("side-show").setAttribute("aria-expanded", String(!list.hidden));
  };

  function setDrawer(on) {
    if (drawer && !on) for (const id of ["bar", "talk", "composer"]) byId(id)?.removeAttribute("inert");
    drawer = on;
    footnote.settle();
    if (on) byId("side-search").focus();
    else byId("side-show").focus();
  }

  function reveal() {
    if (!docked()) return setDrawer(true);
    side.wanted = true;
    footnote.settle();
    byId("side-search").focus();
  }

  function conceal() {
    if (drawer) return setDrawer(false);
    side.wanted = false;
    footnote.settle();
    byId("side-show").focus();
  }

  // Today, yesterday and so on, where the reader is.
  function age(time) {
    const day = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
    const days = Math.round((day(new Date()) - day(new Date(time))) / 86_400_000);
    if (days < 1) return "Today";
    if (days < 2) return "Yesterday";
    return days < 8 ? "Last seven days" : "Earlier";
  }

  async function list(more = false) {
    const place = byId("side-list");
    const text = byId("side-search").value.trim();
    const request = ++asked;
    const offset = more ? loaded : 0;
    const query = new URLSearchParams({ q: text, limit: more ? PAGE : Math.max(PAGE, Math.min(loaded, 200)), offset });
    let found;
    try {
      found = await call(`api/v1/conversations?${query}`, "GET");
    } catch (error) {
      if (request === asked) place.replaceChildren(make("p", { className: "none", textContent: error.message }));
      return;
    }
    if (request !== asked) return;
    late = Boolean(place.querySelector(".renaming, .deleting, details[open]"));
    if (late) return;
    const held = heldBy(document.activeElement);
    if (!more) place.replaceChildren();
    place.querySelector(".more")?.remove();
    for (const one of found.conversations) add(place, one);
    loaded = offset + found.conversations.length;
    if (loaded < found.count) {
      const button = make("button", { type: "button", className: "more", textContent: "Show more" });
      button.addEventListener("click", () => list(true));
      place.append(button);
    }
    if (!found.count) {
      const none = text ? "None with these words." : "What you ask is kept, and listed here.";
      place.append(make("p", { className: "none", textContent: none }));
    }
    mark();
    if (held) place.querySelector(held)?.focus();
  }

  // Where the focus is in the list, so that it is there again once the list is renewed.
  function heldBy(element) {
    const item = element.closest("#side-list li");
    return item && `li[data-id="${item.dataset.id}"] ${element.matches("summary") ? "summary" : "a"}`;
  }

  function add(place, one) {
    const group = age(one.updated_at);
    let items = [...place.querySelectorAll("ul")].at(-1);
    if (items?.dataset.group !== group) {
      items = make("ul");
      items.dataset.group = group;
      items.setAttribute("aria-label", group);
      place.append(make("h3", { textContent: group }), items);
    }
    items.append(row(one));
  }

  function row(one) {
    const title = one.title || "Untitled";
    const link = make("a", { href: `?c=${one.id}`, textContent: title, title });
    const rename = make("button", { type: "button", textContent: "Rename" });
    const save = make("a", { href: `api/v1/conversations/${one.id}/export`, textContent: "Export as Markdown" });
    save.setAttribute("download", "");
    const remove = make("button", { type: "button", className: "bad", textContent: "Delete…" });
    const summary = make("summary", { className: "icon more-dots", title: "More" });
    summary.setAttribute("aria-label", `More: ${title}`);
    const menu = make("details", {}, summary, make("div", { className: "menu" }, rename, save, remove));
    const item = make("li", {}, link, menu);
    item.dataset.id = one.id;
    rename.addEventListener("click", () => startRename(item, one));
    remove.addEventListener("click", () => startDelete(item, one));
    save.addEventListener("click", () => menu.removeAttribute("open"));
    menu.addEventListener("toggle", () => !menu.open && catchUp());
    return item;
  }

  function catchUp() {
    if (late) list();
  }

  function renew(item, one) {
    const renewed = row(one);
    item.replaceWith(renewed);
    mark();
    renewed.querySelector("a").focus();
    catchUp();
  }

  function startRename(item, one) {
    const input = make("input", { type: "text", value: one.title, maxLength: 200, className: "renaming" });
    input.setAttribute("aria-label", "Name of the conversation");
    let over = false;
    const end = async (save) => {
      if (over) return;
      over = true;
      const title = input.value.trim();
      try {
        if (save && title && title !== one.title) one = await call(`api/v1/conversations/${one.id}`, "PATCH", { title });
      } catch (error) {
        say(error.message);
      }
      renew(item, one);
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        end(false);
      }
    });
    input.addEventListener("blur", () => end(true));
    item.replaceChildren(input);
    input.select();
  }

  function startDelete(item, one) {
    const yes = make("button", { type: "button", className: "bad", textContent: "Delete" });
    const no = make("button", { type: "button", textContent: "Keep" });
    const asking = make("div", { className: "deleting" }, make("p", { textContent: `Delete “${one.title}” for good?` }), yes, no);
    asking.setAttribute("role", "group");
    asking.setAttribute("aria-label", "Delete for good?");
    const back = () => renew(item, one);
    no.addEventListener("click", back);
    asking.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      back();
    });
    yes.addEventListener("click", async () => {
      try {
        await call(`api/v1/conversations/${one.id}`, "DELETE");
      } catch (error) {
        if (error.code !== "conversation_not_found") return say(error.message);
      }
      asking.remove();
      if (one.id === footnote.current) byId("begin").click();
      list();
      byId("side-search").focus();
    });
    item.replaceChildren(asking);
    no.focus();
  }

  function mark() {
    for (const item of document.querySelectorAll("#side-list li")) {
      const link = item.querySelector("a");
      if (item.dataset.id === footnote.current) link?.setAttribute("aria-current", "page");
      else link?.removeAttribute("aria-current");
    }
  }

  // Opens a conversation, or with no id a new one. `silent` leaves the address as it is.
  footnote.open = (id, { silent = false } = {}) => {
    footnote.current = id;
    footnote.leaveEdit();
    if (!silent) history.pushState(null, "", footnote.address());
    if (!silent && footnote.isOpen()) footnote.hideBeside();
    mark();
    if (!id) return byId("begin").click();
    footnote.wanted = id;
    byId("show").click();
  };

  // What the chat shows has changed: its conversation may have begun, or have one more answer.
  let seen = "";
  footnote.changed = () => {
    footnote.shown();
    const last = byId("live").querySelector(".exchange.done");
    const { answer, conversation } = last?.dataset ?? {};
    if (!answer || answer === seen) return;
    seen = answer;
    if (conversation && conversation !== footnote.current) {
      footnote.current = conversation;
      const query = new URLSearchParams(location.search);
      query.set("c", conversation);
      history.replaceState(history.state, "", `?${query.toString().replaceAll("%2F", "/")}`);
    }
    list();
    suggest(last);
  };

  // What could be asked next, once it is known.
  async function suggest(exchange) {
    const { answer, conversation } = exchange.dataset;
    const content = await footnote.fragment(`ui/next?c=${conversation}`).catch(() => ""); // it goes on without
    const now = byId("live").querySelector(".exchange.done");
    if (now?.dataset.answer !== answer || now.querySelector(".follow-ups")) return;
    now.append(content);
  }

  document.addEventListener("click", (event) => {
    const { target } = event;
    for (const menu of document.querySelectorAll("#side details[open]"))
      if (event.isTrusted && !menu.contains(target)) menu.removeAttribute("open"); // not by what a script presses
    if (target.closest("#side-show")) return reveal();
    if (target.closest("#side-hide, #side-shade")) return conceal();
    if (target.closest("#begin")) footnote.leaveEdit();
    if (target.closest("#begin") && footnote.current && event.isTrusted) {
      footnote.current = "";
      history.pushState(null, "", footnote.address());
      mark();
    } else if (target.closest("#begin")) {
      footnote.current = "";
      history.replaceState(history.state, "", footnote.address());
      mark();
    }
    const link = target.closest("#side-list li > a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (drawer) setDrawer(false);
    footnote.open(link.closest("li").dataset.id);
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("#side details[open]");
    if (event.key === "Escape" && (menu || drawer)) {
      event.preventDefault();
      event.stopPropagation();
      if (!menu) return setDrawer(false);
      menu.removeAttribute("open");
      return menu.querySelector("summary").focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.closest?.("#side") || event.target.matches(".renaming")) return;
    const links = [...document.querySelectorAll("#side-list li > a")];
    const here = links.indexOf(event.target.closest("li")?.querySelector("a"));
    event.preventDefault();
    (links[here + step] ?? (step < 0 ? byId("side-search") : undefined))?.focus();
  }, { capture: true });

  addEventListener("resize", () => footnote.settle());
  document.addEventListener("visibilitychange", () => !document.hidden && byId("side-list") && list());

  footnote.ready = () => {
    const search = byId("side-search");
    let waiting;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(list, 150);
    });
    footnote.settle();
    list();
  };
})();
