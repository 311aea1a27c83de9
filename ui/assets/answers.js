// What can be done with an answer: look at a source, copy, rate, ask again, edit.
(() => {
  "use strict";
  if (!globalThis.footnote) return; // a page beside the chat
  const { byId, box } = footnote;
  const ratings = new Map(); // by answer, what was pressed since it was shown
  const make = (tag, values = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  };
  footnote.make = make;

  // What the server sends, if it is what was `wanted`; the problem that it tells instead is thrown.
  async function reach(path, options, wanted = ({ ok }) => ok) {
    let response;
    try {
      response = await fetch(path, options);
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    if (wanted(response)) return response;
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(new Error(problem.detail ?? "That did not work."), { code: problem.code });
  }

  async function call(path, method, body) {
    const options = { method, headers: { "Content-Type": "application/json" } };
    if (body !== undefined) options.body = JSON.stringify(body);
    const response = await reach(path, options);
    return response.status === 204 ? null : response.json();
  }
  footnote.call = call;

  // HTML that the server has sanitised. A page that something in between sends in its place has no such mark.
  footnote.fragment = async (path) => {
    const response = await reach(path, {}, ({ headers }) => headers.has("X-Fragment"));
    return make("template", { innerHTML: await response.text() }).content;
  };

  footnote.problem = ({ message, code }) => {
    const told = make("p", { className: "error", textContent: message });
    told.setAttribute("role", "alert");
    const next = new URLSearchParams({ next: location.pathname + location.search });
    if (code === "unauthorized") told.append(" ", make("a", { href: `login?${next}`, textContent: "Log in" }));
    return told;
  };

  // A short word about what was done, for eyes and screen readers.
  let silence;
  function say(text) {
    let place = byId("said");
    if (!place) {
      place = make("p", { id: "said" });
      place.setAttribute("role", "status");
      document.body.append(place);
    }
    place.textContent = text;
    place.classList.add("shown");
    clearTimeout(silence);
    silence = setTimeout(() => place.classList.remove("shown"), 3000);
  }
  footnote.say = say;

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or a page that is not served over HTTPS
      const area = make("textarea", { value: text, className: "unseen-text" });
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) return say("The browser did not let the answer be copied.");
    }
    say("Copied with its sources.");
  }

  const idOf = (element) => element.closest(".exchange").dataset.answer;

  async function rate(button) {
    const id = idOf(button);
    const taken = button.getAttribute("aria-pressed") === "true";
    try {
      if (taken) await call(`api/v1/answers/${id}/feedback`, "DELETE");
      else await call(`api/v1/answers/${id}/feedback`, "PUT", { helpful: button.dataset.rate === "up" });
    } catch (error) {
      return say(error.message);
    }
    ratings.set(id, taken ? "" : button.dataset.rate);
    press(button.closest(".exchange"));
    button.closest(".exchange").querySelector(".why")?.remove();
    if (!taken) askWhy(button, id);
  }

  function press(exchange) {
    const rating = ratings.get(exchange.dataset.answer);
    if (rating === undefined) return;
    for (const button of exchange.querySelectorAll("[data-rate]"))
      button.setAttribute("aria-pressed", String(button.dataset.rate === rating));
  }

  function askWhy(button, id) {
    const helpful = button.dataset.rate === "up";
    const input = make("input", { type: "text", maxLength: 2000, placeholder: helpful ? "What helped? (optional)" : "What was wrong? (optional)" });
    input.setAttribute("aria-label", "Why, in your words");
    const form = make("div", { className: "why" }, input, make("button", { type: "button", textContent: "Send" }));
    const send = async () => {
      try {
        await call(`api/v1/answers/${id}/feedback`, "PUT", { helpful, comment: input.value });
        form.remove();
        say("Thank you.");
        button.focus();
      } catch (error) {
        say(error.message);
      }
    };
    form.lastChild.addEventListener("click", send);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") send();
      if (event.key !== "Escape") return;
      event.preventDefault();
      form.remove();
      button.focus();
    });
    button.closest(".actions").after(form);
    input.focus({ preventScroll: true });
  }

  function redo(button) {
    const question = button.closest(".exchange").querySelector(".question").textContent;
    footnote.again = true;
    if (button.dataset.redo === "ask") return footnote.ask(question);
    byId("editing").hidden = false;
    footnote.type(question);
    box().focus();
  }

  footnote.endEdit = () => {
    footnote.again = false;
    byId("editing").hidden = true;
  };

  // What was typed as a question of its own stays in the box.
  footnote.leaveEdit = () => {
    if (!byId("editing").hidden) footnote.type("");
    footnote.endEdit();
  };

  function cancelEdit() {
    footnote.leaveEdit();
    box().focus();
  }

  // The passage behind a number, while the pointer or the focus is on it.
  let preview, leaving, owner;
  function look(reference) {
    const card = [...reference.closest(".exchange").querySelectorAll(".source")].find(
      (source) => source.querySelector(".number").textContent === reference.textContent,
    );
    if (!card) return;
    unlook();
    owner = reference;
    preview = make("div", { id: "preview" }, ...[...card.cloneNode(true).childNodes]);
    preview.setAttribute("role", "tooltip");
    preview.addEventListener("mouseenter", () => clearTimeout(leaving));
    preview.addEventListener("mouseleave", leave);
    preview.addEventListener("click", () => reference.click());
    document.body.append(preview);
    reference.setAttribute("aria-describedby", "preview");
    const at = reference.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = preview;
    const above = at.top - height - 8;
    preview.style.left = `${Math.max(12, Math.min(at.left - 24, innerWidth - width - 12))}px`;
    preview.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  }
  function unlook() {
    clearTimeout(leaving);
    preview?.remove();
    owner?.removeAttribute("aria-describedby");
    preview = owner = undefined;
  }
  function leave() {
    clearTimeout(leaving);
    leaving = setTimeout(unlook, 150);
  }
  const referenceAt = (event) => event.target.closest?.("#talk a.ref");
  document.addEventListener("mouseover", (event) => {
    const reference = referenceAt(event);
    if (!reference || !matchMedia("(hover: hover)").matches) return;
    clearTimeout(leaving);
    if (owner !== reference) look(reference);
  });
  document.addEventListener("mouseout", (event) => referenceAt(event) && leave());
  document.addEventListener("focusin", (event) => {
    const reference = referenceAt(event);
    if (reference?.matches(":focus-visible") && !footnote.isOpen()) look(reference);
  });
  document.addEventListener("focusout", (event) => referenceAt(event) && leave());
  document.addEventListener("scroll", unlook, { passive: true });

  document.addEventListener("click", (event) => {
    if (!preview?.contains(event.target)) unlook();
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button.dataset.copy);
    else if (button.dataset.rate) rate(button);
    else if (button.dataset.redo) redo(button);
    else if (button.id === "edit-end") cancelEdit();
  });
  // As in a shell: up from an empty box is back to what was asked last.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" || event.target !== box() || box().value) return;
    const edit = document.querySelector("#live .exchange.done [data-redo='edit']");
    if (!edit) return;
    event.preventDefault();
    redo(edit);
  });
  // Before the panel's own listener, which would close the note.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (preview) unlook();
    else if (!byId("editing")?.hidden && event.target === box()) cancelEdit();
    else return;
    event.preventDefault();
  }, { capture: true });

  footnote.shown = () => document.querySelectorAll("#talk .exchange").forEach(press);
})();
