// A page, a network and a page's owner for the tests. What is not Candor's goes to the real fetch.
(() => {
  const real = window.fetch;
  const page = (window.page = { posts: [], events: [], answers: [], files: {}, written: 0, keys: 0 });
  // Responses of earlier tests: their timers may still fire.
  const past = new Set();
  window.fetch = async (url, init = {}) => {
    url = String(url);
    if (!url.includes(".example/")) return real(url, init);
    if (init.method == "POST") {
      const { body, keepalive, redirect, credentials, headers } = init;
      const response = JSON.parse(body);
      if (past.has(response.id)) return new Response(null, { status: 204 });
      page.posts.push({ url, response, keepalive, redirect, credentials, headers });
      const answer = page.answers.shift() || 204;
      if (!answer.status && answer != 204) throw new TypeError("The network is down.");
      return new Response(answer.body || null, { status: answer.status || answer, headers: answer.headers });
    }
    const file = page.files[url];
    return file === undefined ? new Response("", { status: 404 }) : new Response(file);
  };
  for (const name of ["shown", "answered", "sent", "closed", "error"])
    document.addEventListener("candor:" + name, ({ detail }) => past.has(detail.id) || page.events.push({ name, detail }));
  document.addEventListener("keydown", () => page.keys++);

  // What `require-trusted-types-for 'script'` would refuse.
  for (const { prototype } of [Element, ShadowRoot]) {
    const inner = Object.getOwnPropertyDescriptor(prototype, "innerHTML");
    const set = function (html) {
      if (this.closest && this.closest("pre, title, #output")) return inner.set.call(this, html);
      page.written++;
      inner.set.call(this, html);
    };
    Object.defineProperty(prototype, "innerHTML", { ...inner, set });
  }

  page.reset = () => {
    // Those that a test makes up itself have short ids, used again by the next one.
    for (const { response } of page.posts) if (response.id.length == 36) past.add(response.id);
    Object.assign(page, { posts: [], events: [], answers: [], files: {}, written: 0, keys: 0 });
    for (const host of document.querySelectorAll("candor-test")) host.remove();
    localStorage.clear();
  };
  page.host = () => {
    const host = document.createElement("candor-test");
    host.attachShadow({ mode: "open" });
    document.body.append(host);
    return host;
  };
  page.press = (target, key, type = "keydown") =>
    target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, composed: true, cancelable: true }));
  const sorted = (value) => {
    if (!value || typeof value != "object") return value;
    if (Array.isArray(value)) return value.map(sorted);
    return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
  };
  // The same JSON has the same text, whatever the order of its keys, its id and its age.
  page.canonical = (response) => JSON.stringify(sorted({ ...response, id: "", age_ms: 0 }), null, 1);
})();
