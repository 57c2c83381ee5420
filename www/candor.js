// Candor's loader: the script tag's file. It decides whether a survey is due and only then loads the WebAssembly module;
// everything after that is the module's. docs/embedding.md says what a page may say to it.
//
// It is written in ES2018 plus import(), which browsers since 2019 parse, so that one that can't run the module gets an
// event instead of a syntax error. Minify it with `--target=es2018 --supported:dynamic-import=true`: without a target
// esbuild writes newer syntax.
//
// It never throws into the page, never writes to the console, and leaves one global: the function `candor`.

(function (script) {
  // ---- This copy of the loader: where its files are, how they are loaded -------------------------------------------

  // The build replaces the placeholders in capitals. Where it did not, there is no such folder, and the files come from
  // `w/latest/`.

  const absolute = (path, base) => {
    try {
      return new URL(path, base || document.baseURI).href;
    } catch (_) {
      return path; // fetch() will say what is wrong with it
    }
  };

  // import() takes no integrity, but a module that was preloaded with one is in the page's module map already, and a
  // mismatch never gets there.
  function preload(url) {
    const link = document.createElement("link");
    if (!link.relList.supports("modulepreload")) return;
    link.rel = "modulepreload";
    link.integrity = "__MODULE_SRI__";
    link.nonce = script.nonce;
    link.href = url;
    document.head.append(link);
    return new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = () => reject("refused: " + url);
    }).finally(() => link.remove());
  }

  // Resolves to the module's functions, or to nothing and has said why.
  async function load() {
    let code = "wasm";
    let url;
    const loadFrom = async (folder, integrity) => {
      const base = absolute(folder, script.src);
      url = base + "element.js" + again;
      // Fetched beside the module, not after it, which saves a round trip.
      const wasm = fetch(base + "candor.wasm", { integrity });
      wasm.catch(() => {});
      if (integrity) await preload(url);
      const module = await import(url);
      code = "wasm";
      return await module.start(wasm);
    };
    try {
      // A Content-Security-Policy without 'wasm-unsafe-eval' and old browsers refuse even the smallest module there is:
      // nothing is downloaded then.
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      code = "module";
      return await loadFrom("__ASSETS__", "__WASM_SRI__").catch(async (error) => {
        // A server that was upgraded has only its own files. Nothing else that goes wrong may lead round the integrity.
        const { status } = await fetch(url, { method: "HEAD" }).catch(() => error);
        if (status != 404) throw error;
        return loadFrom("w/latest/", "");
      });
    } catch (error) {
      failed = url; // what the browser itself refuses, it refuses again
      again += "#"; // Firefox never asks again for a module of the same address
      emit(code, error);
    }
  }

  // Several tags, even of several versions, share the first one's controller.
  const first = window.candor;
  if (first && first.version) return first.add(script);

  // ---- What the page has said so far -------------------------------------------------------------------------------

  const html = document.documentElement;
  const tags = new Map(); // a script element → whether it has begun
  let entries = []; // a survey that may be shown: {survey, tag, options, tokens, waits, since, given, run}
  let module; // a promise, once a survey is due
  let failed; // the module, for a reason that may have gone by the next start
  let again = "";
  let events = {}; // the latest of each name, for surveys that come to be known later
  let respondent = { attributes: {} };
  let consent; // undefined until the page says true or false
  const memory = {}; // what browser storage refused: the module keeps it here

  function emit(code, message) {
    const detail = { code, message: message + "" };
    document.dispatchEvent(new CustomEvent("candor:error", { bubbles: true, detail }));
  }

  function find(selector) {
    try {
      return document.querySelector(selector);
    } catch (_) {} // not a selector
  }

  // ---- Browser storage, which may be refused -----------------------------------------------------------------------

  // In both places, or until one gives something.
  function storage(use) {
    try {
      return use(memory) || use(localStorage);
    } catch (_) {}
  }

  const stored = (key) => storage((kept) => kept["candor:" + key]);

  function clear(leave) {
    end(leave);
    storage((kept) => Object.keys(kept).forEach((key) => /^candor:/.test(key) && delete kept[key]));
  }

  // ---- Triggers ----------------------------------------------------------------------------------------------------

  // At the window and while capturing, so that a page that stops propagation does not stop the survey; until the listener
  // returns true.
  function listen(type, heard) {
    const listener = (event) => heard(event) === true && removeEventListener(type, listener, true);
    addEventListener(type, listener, true);
  }

  // What starts a survey; whichever comes first. Those that call go() start it once on a page, the others every time.
  const starts = {
    load: (go) => go(),
    manual() {}, // candor("show")
    event: (go, name) => events[name] && go(events[name]), // the ones to come: candor("event")
    click: (go, selector) =>
      listen("click", ({ target }) => {
        try {
          if (target.closest(selector)) go({});
        } catch (_) {} // not a selector, or not an element
      }),
    exit: (go) => listen("mouseout", (event) => !event.relatedTarget && event.clientY <= 0 && go()),
    // Heard of every element that scrolls, but only the page's own scrolling moves scrollY.
    scroll: (go, percent) =>
      listen("scroll", () => {
        const scrollable = html.scrollHeight - innerHeight;
        return scrollY > 0 && scrollY >= (scrollable * percent) / 100 && go();
      }),
    selector(go, selector) {
      // The element may come and go with the page's framework, so it is looked for again each time.
      const timer = setInterval(() => {
        const found = find(selector);
        const { top, bottom } = found ? found.getBoundingClientRect() : {};
        if (top < innerHeight && bottom > 0) clearInterval(timer, go());
      }, 500);
    },
    idle(go, seconds) {
      let timer;
      const restart = () => {
        clearTimeout(timer);
        timer = setTimeout(go, seconds * 1000);
      };
      ["pointermove", "pointerdown", "keydown", "scroll"].forEach((type) => listen(type, restart));
      restart();
    },
  };

  // What must hold when it has started.
  const conditions = {
    url: (glob) => RegExp("^" + glob.replace(/\W/g, "\\$&").replace(/\\\*/g, ".*") + "$").test(location.pathname),
    device: (device) => matchMedia("(pointer:coarse)").matches == (device == "mobile"),
    attr: (wanted, entry, key) => respondent.attributes[key] + "" == wanted,
    from: (date) => Date.now() >= Date.parse(date),
    // A date without a time includes its day.
    until: (date) => Date.now() < Date.parse(date) + (date[10] ? 0 : 864e5),
    sample: (share, { survey }) => draw(survey) < share,
    delay(seconds, { since }) {
      const left = since + seconds * 1000 - Date.now();
      return !(left > 0 && setTimeout(tick, left));
    },
  };

  // A number in [0, 1) that stays the same for a browser and a survey. The shift keeps the draws of surveys with similar
  // names apart: plain FNV would ask the same visitors in `survey-1` and `survey-2`.
  function draw(survey) {
    const seed = stored("seed") || Math.random() + "";
    storage((kept) => void (kept["candor:seed"] = seed));
    let hash = 0;
    for (const char of survey + seed) hash = Math.imul(hash ^ (hash >>> 15) ^ char.charCodeAt(), 2246822519);
    return (hash >>> 0) / 2 ** 32;
  }

  function start(entry, given) {
    // What is asked already is not asked once more after it.
    if (!isOpen(entry) && (given || !entry.since)) {
      Object.assign(entry, { given, waits: "", since: Date.now() });
      if (failed) module = failed = 0;
    }
    tick();
    return true;
  }

  // ---- Is it due? --------------------------------------------------------------------------------------------------

  // Whatever the option says but "false", consent is required: a misspelt word must not do without it.
  const allowed = ({ consent: wanted = false }) => consent || (consent == null && wanted + "" == "false");
  const isOpen = ({ run }) => run && (run.host || html).isConnected; // loading, or in the page

  // The nearer to the survey wins.
  const optionsOf = ({ survey, tag, options, given }) => ({ ...tag.dataset, ...options, ...given, survey });

  // The element that the host goes into, or after if it is the tag itself.
  const placeOf = (tag, { display, target }) =>
    display != "inline" ? document.body : target ? find(target) : document.body.contains(tag) && tag;

  // Every reason why a survey is not shown now, in words; none when it is due.
  function reasons(entry) {
    const options = optionsOf(entry);
    if (!allowed(options)) return ["no consent"];
    if (document.readyState == "loading") return ["the page is loading"];
    return [
      document.hidden && "the page is hidden",
      entry.waits,
      ...entry.tokens.map(
        ([token, name, key, value]) =>
          !starts[name] && !(conditions[name] && conditions[name](value, entry, key)) && "needs " + token,
      ),
      ...["quiet", "quiet:" + entry.survey].map((key) => {
        const until = stored(key);
        // With quiet "0" only a respondent who asked for it for ever is left in peace.
        return until > Date.now() && (options.quiet != 0 || until >= 864e13) && key + " until " + new Date(+until);
      }),
      stored("once:" + entry.survey + ":" + options.once) && "was shown for " + options.once,
      !placeOf(entry.tag, options) && "no place",
      options.display != "inline" &&
        entries.some((other) => isOpen(other) && optionsOf(other).display != "inline") &&
        "another is shown",
    ].filter(Boolean);
  }

  function tick() {
    tags.forEach(begin); // (begun, tag)
    for (const entry of entries) if (!isOpen(entry) && !reasons(entry)[0]) quietly(show(entry));
  }

  // ---- Showing -----------------------------------------------------------------------------------------------------

  // One failure is one event, however many surveys wait.
  const loaded = () => (module = module || load());

  const apiOf = (tag, { api }) => absolute(api || absolute("/", tag.src)).replace(/\/$/, "");

  // A trap in the Wasm must not become the page's unhandled rejection.
  const quietly = (promise) => promise.catch((error) => emit("wasm", error));

  async function show(entry) {
    const { tag } = entry;
    const options = optionsOf(entry);
    const run = (entry.run = {});
    entry.waits = "not seen";
    const module = await loaded();
    const place = placeOf(tag, options);
    if (entry.run != run) return; // closed meanwhile
    if (!place) entry.waits = ""; // it may come back
    if (!module || !place) return (entry.run = 0);
    const host = (run.host = module.createHost());
    for (const name of ["shown", "error"])
      host.addEventListener("candor:" + name, ({ detail }) => (entry.waits = detail.message || "was shown"));
    if (options.display != "inline") host.setAttribute("popover", "manual");
    place[place == tag ? "after" : "append"](host);
    const api = apiOf(tag, options);
    // EmbedConfig, which the module adds its own folder to.
    run.handle = module.mount(host, {
      ...options,
      api,
      // Made absolute here, because an unsent answer may leave from another page.
      endpoint: absolute(options.endpoint || api + "/v1/responses"),
      langs: [options.lang, (tag.closest("[lang]") || html).lang, html.lang, ...navigator.languages],
      page: location.href, // cut before its query by the module
      respondent,
      memory,
    });
  }

  // `leave` is what the module does: "close" as its own button would, or "unmount" without a word to the server.
  function end(leave) {
    for (const entry of entries) {
      const { host, handle } = entry.run || {};
      entry.run = 0;
      if (handle) handle[leave]();
      if (host) host.remove();
    }
  }

  // ---- Tags and surveys --------------------------------------------------------------------------------------------

  function add(tag) {
    const { survey, site } = tag.dataset;
    tags.set(tag);
    if (survey) register(survey, tag, {});
    // Stands for the site's surveys until they are known, so that debug() can say what is wrong.
    else if (site) register("site " + site, tag, { trigger: "manual" });
    // A moment later, when the page's calls before the script have been heard.
    else setTimeout(emit, 0, "config", "no survey is named");
    tick();
  }

  function register(survey, tag, options) {
    // A page that navigates without reloading may replace its tag: the new one then takes the old one's place.
    entries = entries.filter((old) => old.survey != survey || old.tag.isConnected || isOpen(old));
    const { trigger } = optionsOf({ tag, options });
    // attr:plan=pro → [attr:plan=pro, attr, plan, pro]
    const tokens = ((trigger || "").match(/\S+/g) || []).map((token) => token.match(/([^:=]*):?([^=]*)=?(.*)/));
    const began = tokens.filter(([, name]) => starts[name]);
    if (!began[0]) began.push(["", "load"]);
    const entry = { survey, tag, options, tokens, waits: "waits for " + began.map(([token]) => token).join(" or ") };
    entries.push(entry);
    for (const [, name, , value] of began) starts[name]((given) => start(entry, given), value);
    return entry;
  }

  // What a tag needs from the network, once consent allows: a way out for answers that an earlier page left unsent, and
  // the list of its site's surveys.
  async function begin(begun, tag) {
    const options = tag.dataset;
    if (begun || !allowed(options)) return;
    tags.set(tag, true);
    if (storage((kept) => Object.keys(kept).some((key) => /^candor:out:/.test(key))))
      quietly(loaded().then((module) => module && module.flush()));
    if (!options.site || options.survey) return;
    const site = entries.find((entry) => entry.tag == tag);
    try {
      site.waits = "waits for its surveys";
      // Those alone that the module can draw in full.
      const list = await fetch(apiOf(tag, options) + "/v1/sites/" + options.site + "?can=__CAN__");
      if (!list.ok) throw list.status;
      const { surveys } = await list.json();
      entries = entries.filter((entry) => entry != site);
      for (const { id, version, options } of surveys) register(id, tag, { ...options, version });
      tick();
    } catch (error) {
      emit("definition", (site.waits = site.survey + ": " + error));
    }
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    show(survey, options) {
      const entry = entries.find((known) => known.survey == survey);
      // The first tag's attributes hold for it too, except those that are about the tag's own survey.
      const own = { trigger: "manual", question: null, low: null, high: null, followup: null, once: null, display: null };
      start(entry || register(survey, script, own), { ...options });
    },
    event(name, context, options) {
      events[name] = { ...options, context };
      for (const entry of entries)
        if (entry.tokens.some(([token]) => token == "event=" + name)) start(entry, events[name]);
    },
    identify(id, attributes) {
      respondent = { id, attributes: { ...attributes } };
    },
    set(attributes) {
      Object.assign(respondent.attributes, attributes);
    },
    consent(given) {
      consent = given || false;
      if (!consent) clear("unmount");
    },
    close: () => end("close"),
    reset() {
      clear("close");
      commands.identify();
      events = {};
    },
    on(name, listener) {
      if (typeof listener != "function") throw "expected a function";
      listen("candor:" + name, (event) => void listener(event.detail, event));
    },
    debug: () =>
      entries.map((entry) => {
        const why = isOpen(entry) ? [] : reasons(entry);
        return { survey: entry.survey, due: !why[0], because: why.join("; ") || "it is shown" };
      }),
  };

  function candor(command, ...args) {
    try {
      const answer = commands[command](...args);
      tick();
      return answer;
    } catch (error) {
      emit("config", command + ": " + error);
    }
  }

  candor.add = add;
  candor.version = "__VERSION__";
  window.candor = candor;

  listen("DOMContentLoaded", tick);
  listen("visibilitychange", tick);
  // The next survey waits until the last one has left, and a moment longer.
  for (const name of ["closed", "error"]) listen("candor:" + name, () => setTimeout(tick, 1000));
  add(script);
  for (const args of (first && first.q) || []) candor(...args);
})(
  // Read here, in global scope: it is null in every callback and after every await.
  document.currentScript || document.querySelector('script[src*="/candor"]') || document.createElement("script"),
);
