// Gradio tells what comes of an event on a stream, which it closes once it waits for nothing. What is sent in the moment
// of closing is told on none, and would wait for ever: so another is opened, by an event that does nothing else.
(() => {
  "use strict";
  const plain = globalThis.fetch;
  let open = 0; // streams
  let late = false; // whether something was sent while one was open, which may be closing

  function closed() {
    open -= 1;
    if (!late) return;
    late = false;
    setTimeout(() => document.getElementById("nudge")?.click(), 50);
  }

  globalThis.fetch = (request, ...rest) => {
    const address = String(request?.url ?? request);
    // Gradio has lost its server and looks whether there is one again; then it loads the page anew.
    if (address.includes("/app_id")) document.documentElement.dataset.lost = "";
    if (address.includes("/queue/join") && open) late = true;
    if (address.includes("/queue/data")) {
      open += 1;
      request.signal.addEventListener("abort", closed, { once: true });
    }
    return plain(request, ...rest);
  };
})();
