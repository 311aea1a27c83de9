// Before anything is drawn: whether there is room for the conversations beside the chat, which would else jump aside.
(() => {
  "use strict";
  if (["notes", "index", "search"].includes(location.pathname.split("/").pop())) return;
  const PREFERENCE = "footnote-conversations";
  const WIDE = 1180; // pixels of a window that has room for the list
  const WIDE_WITH_NOTE = 1640;
  const side = {
    hasRoom: (withNote) => innerWidth >= (withNote ? WIDE_WITH_NOTE : WIDE),
    get wanted() {
      return localStorage.getItem(PREFERENCE) !== "hidden";
    },
    set wanted(on) {
      localStorage.setItem(PREFERENCE, on ? "shown" : "hidden");
    },
    place: (beside) => document.documentElement.classList.toggle("side-beside", beside),
  };
  const withNote = new URLSearchParams(location.search).has("note");
  side.place(side.hasRoom(withNote) && side.wanted);
  globalThis.footnote = { side };
})();
