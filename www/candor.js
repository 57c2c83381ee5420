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

  // By an element, because pages have put other things in the place of URL.
  const anchor = (href) => Object.assign(document.createElement("a"), { href });

  // Every match, in open shadow roots too; none of what is not a selector.
  function all(selector, root = document) {
    try {
      const inside = [...root.querySelectorAll("*")].flatMap(({ shadowRoot }) =>
        shadowRoot ? all(selector, shadowRoot) : [],
      );
      return [...root.querySelectorAll(selector), ...inside];
    } catch (_) {
      return [];
    }
  }

  // A module and a tag in a shadow root are nobody's current script. One that is imported has no tag at all.
  const found = script ? [script] : all('script[src*="/candor"]');

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
      link.onerror = () => reject(url);
    }).finally(() => link.remove());
  }

  // Resolves to the module's functions, or to nothing and has said why.
  //
  // The build replaces the placeholders in capitals. Where it did not, there is no such folder, and the files come from
  // `w/latest/`.
  async function load(api) {
    let url;
    const loadFrom = async (folder, integrity) => {
      const base = (script.src ? script.src.replace(/[^/]*([?#].*)?$/, "") : api + "/") + folder;
      url = base + "element.js" + again;
      // Fetched beside the module, not after it, which saves a round trip.
      const wasm = fetch(base + "candor.wasm", { integrity });
      wasm.catch(() => {});
      if (integrity) await preload(url);
      const module = await import(url);
      return await module.start(wasm);
    };
    try {
      // A Content-Security-Policy without 'wasm-unsafe-eval' and old browsers refuse even the smallest module there is:
      // nothing is downloaded then.
      new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      return await loadFrom("__ASSETS__", "__WASM_SRI__").catch(async (error) => {
        // A server that was upgraded has only its own files. Nothing else that goes wrong may lead round the integrity.
        const { status } = await fetch(url, { method: "HEAD" }).catch(() => error);
        if (status != 404) throw error;
        return loadFrom("w/latest/", "");
      });
    } catch (error) {
      // To be asked for again. What the browser itself refuses comes here before `module` is set, and is not.
      module = 0;
      again += "#"; // Firefox never asks again for a module of the same address
      emit(url ? error.code || "module" : "wasm", error);
    }
  }

  // Several tags, even of several versions, share the first one's controller.
  const first = window.candor;
  if (first && first.version) return found.forEach(first.add);
  script = found[0] || document.createElement("script");

  // ---- What the page has said so far -------------------------------------------------------------------------------

  const tags = []; // {tag, key: what it asks for, begun}; several of one key are one
  let entries = []; // a survey that may be shown: {survey, key, tag, options, tokens, waits, since, given, run}
  let module; // a promise, once a survey is due
  let listing; // a promise, while the list of a site's surveys is on its way
  let again = "";
  let events = {}; // the latest of each name, for surveys that come to be known later
  let respondent = { attributes: {} };
  let consent; // undefined until the page says true or false
  const memory = {}; // what browser storage refused: the module keeps it here

  function emit(code, message) {
    const detail = { code, message: message + "" };
    document.dispatchEvent(new CustomEvent("candor:error", { bubbles: true, detail }));
  }

  // ---- Browser storage, which may be refused -----------------------------------------------------------------------

  function attempt(use) {
    try {
      return use();
    } catch (_) {}
  }

  const stored = (key) => memory[key] || attempt(() => localStorage.getItem(key));

  // Not its properties: a page may have put a storage of its own in its place.
  function keys(prefix) {
    const keys = Object.keys(memory);
    for (let i = 0, key; (key = attempt(() => localStorage.key(i++))); ) keys.push(key + "");
    return keys.filter((key) => key.indexOf(prefix) == 0);
  }

  function clear(leave) {
    end(leave);
    keys("candor:").map((key) => attempt(() => delete memory[key] && localStorage.removeItem(key)));
    attempt(() => indexedDB.deleteDatabase("candor"));
  }

  // ---- Triggers ----------------------------------------------------------------------------------------------------

  // At the window and while capturing, so that a page that stops propagation does not stop the survey.
  const listen = (type, heard) => addEventListener(type, heard, true);

  // What no event tells, or none that every page lets through. Looked at four times a second while the page is seen.
  function poll(holds, go) {
    const timer = setInterval(() => document.hidden || (holds() && clearInterval(timer, go())), 250);
  }

  // Milliseconds for which the page has been seen: not in a tab behind others, nor before it is shown that was prepared.
  let hiddenAt = Date.now();
  let unseen = 0;
  const seen = () => (document.hidden ? hiddenAt : Date.now()) - unseen;

  const decode = (text) => attempt(() => decodeURI(text)) || text;

  // What starts a survey; whichever comes first. Those that call go() start it once on a page, the others every time.
  const starts = {
    load: (go) => go(),
    manual() {}, // candor("show")
    event: (go, name) => events[name] && go(events[name]), // the ones to come: candor("event")
    click: (go, selector) =>
      listen("click", (event) => {
        const path = event.composedPath();
        if (all(selector).some((element) => path.includes(element))) go({});
      }),
    exit: (go) => listen("mouseout", (event) => !event.relatedTarget && event.clientY <= 0 && go()),
    // The page is whatever scrolls in the middle of the window and takes up half of it.
    scroll: (go, percent) =>
      poll(
        () =>
          document
            .elementsFromPoint(innerWidth / 2, innerHeight / 2)
            .some(
              ({ scrollTop, scrollHeight, clientHeight }) =>
                scrollTop > 0 &&
                clientHeight * 2 > innerHeight &&
                scrollTop >= ((scrollHeight - clientHeight) * percent) / 100,
            ),
        go,
      ),
    // The element may come and go with the page's framework, so it is looked for again each time.
    selector: (go, selector) =>
      poll(() => {
        const [found] = all(selector);
        const { top, bottom } = found ? found.getBoundingClientRect() : {};
        return top < innerHeight && bottom > 0;
      }, go),
    idle(go, seconds) {
      let quarters = 0;
      for (const type of ["pointermove", "pointerdown", "keydown", "scroll"]) listen(type, () => (quarters = 0));
      poll(() => ++quarters / 4 >= seconds, go);
    },
  };

  // What must hold when it has started.
  const conditions = {
    // Compared as it is read by people, and whether or not the path ends with a slash; routes may stand behind a #.
    url(glob) {
      const path = decode(location.pathname);
      const hash = decode(location.hash);
      const escaped = decode(glob).replace(/\/$/, "").replace(/\W/g, "\\$&");
      const pattern = RegExp("^" + escaped.replace(/\\\*/g, ".*") + "/?$");
      return [path, path + hash, hash || path].some((part) => pattern.test(part));
    },
    device: (device) => matchMedia("(pointer:coarse)").matches == (device == "mobile"),
    attr: (wanted, entry, key) => respondent.attributes[key] + "" == wanted,
    from: (date) => Date.now() >= Date.parse(date),
    // A date without a time includes its day.
    until: (date) => Date.now() < Date.parse(date) + (date[10] ? 0 : 864e5),
    // A number in [0, 1) that stays the same for a browser and a survey.
    sample(share, { survey }) {
      const key = "candor:seed:" + survey;
      const drawn = stored(key) || Math.random();
      memory[key] = drawn;
      attempt(() => localStorage.setItem(key, drawn));
      return +drawn < share;
    },
    delay(seconds, { since }) {
      const left = since + seconds * 1000 - seen();
      return !(left > 0 && setTimeout(tick, left));
    },
  };

  function start(entry, given) {
    // What is asked already is not asked once more after it.
    if (!entry.run && (given || !entry.since)) Object.assign(entry, { given, waits: "", since: seen() });
    tick();
  }

  // ---- Is it due? --------------------------------------------------------------------------------------------------

  // Whatever the option says but "false", consent is required: a misspelt word must not do without it.
  const allowed = ({ consent: wanted = false }) => consent || (consent == null && wanted + "" == "false");

  // The tag that asks for it and is in the page.
  const tagOf = ({ key, tag }) => (tags.find((known) => known.key == key && known.tag.isConnected) || { tag }).tag;

  // The nearer to the survey wins.
  const optionsOf = ({ survey, tag, options, given }) => ({ ...tag.dataset, ...options, ...given, survey });

  // The element that the host goes into, or after if it is the tag itself.
  function placeOf(entry) {
    const { display, target } = optionsOf(entry);
    const tag = tagOf(entry);
    if (display != "inline") return document.body;
    return target ? all(target)[0] : tag.isConnected && !tag.closest("head") && tag;
  }

  // Every reason why a survey is not shown now, in words; none when it is due.
  function reasons(entry) {
    const options = optionsOf(entry);
    if (!allowed(options)) return ["no consent"];
    if (document.readyState == "loading") return ["loading"];
    const place = placeOf(entry);
    return [
      document.hidden && "hidden",
      entry.waits,
      ...entry.tokens.map(
        ([token, name, key, value]) =>
          !starts[name] && !(conditions[name] && conditions[name](value, entry, key)) && "needs " + token,
      ),
      ...["quiet", "quiet:" + entry.survey].map((key) => {
        const until = stored("candor:" + key);
        // With quiet "0" only a respondent who asked for it for ever is left in peace.
        const forever = until >= 864e13;
        return (
          until > Date.now() &&
          (options.quiet != 0 || forever) &&
          key + (forever ? ": never to be asked again" : " until " + new Date(+until))
        );
      }),
      stored("candor:once:" + entry.survey + ":" + options.once) && "was shown for " + options.once,
      !place && (options.target ? "no element matches " + options.target : "no place"),
      options.display != "inline" && entries.some(({ run }) => run && run.floats) && "another is shown",
    ].filter(Boolean);
  }

  function tick() {
    tags.forEach(begin);
    for (const entry of entries) if (!entry.run && !reasons(entry)[0]) show(entry);
  }

  // ---- Showing -----------------------------------------------------------------------------------------------------

  // One failure is one event, however many surveys wait.
  const loaded = (api) => (module = module || load(api));

  const apiOf = (tag, { api }) => anchor(api || anchor(tag.src).origin).href.replace(/\/$/, "");

  async function show(entry) {
    const tag = tagOf(entry);
    const options = optionsOf(entry);
    const api = apiOf(tag, options);
    const run = (entry.run = { floats: options.display != "inline" });
    entry.waits = "loading";
    const module = await loaded(api);
    if (entry.run != run) return; // closed meanwhile
    if (module) module.open(entry, tag, { ...options, api, respondent, memory }, placeOf, tagOf, tick);
    else entry.run = 0;
  }

  // `leave` is what the module does: "close" as its own button would, or "unmount" without a word to the server.
  function end(leave) {
    for (const entry of entries) {
      const { handle } = entry.run || {};
      entry.run = 0;
      if (handle) handle[leave]();
    }
  }

  // ---- Tags and surveys --------------------------------------------------------------------------------------------

  function add(tag) {
    if (tags.some((known) => known.tag == tag)) return;
    const { survey, site } = tag.dataset;
    // Two tags that ask for the same in the same words are one.
    const key = JSON.stringify({ ...tag.dataset });
    const twin = tagOf({ key });
    tags.push({ tag, key, begun: twin });
    if (!twin)
      if (survey) register(survey.trim(), tag, {}, key);
      // Stands for the site's surveys until they are known, so that debug() can say what is wrong.
      else if (site) register("site " + site, tag, { trigger: "manual" }, key);
      // A moment later, when the page's calls before the script have been heard.
      else setTimeout(emit, 0, "config", "no survey");
    tick();
  }

  function register(survey, tag, options, key) {
    const open = entries.find((old) => old.survey == survey && old.key == key && old.run);
    if (open) return open;
    // A page that navigates without reloading may replace its tag: the new one then takes the old one's place.
    entries = entries.filter((old) => old.survey != survey || old.run || (old.key != key && tagOf(old).isConnected));
    const { trigger = "" } = optionsOf({ tag, options });
    // attr:plan=pro → [attr:plan=pro, attr, plan, pro]
    const tokens = (trigger.match(/\S+/g) || []).map((token) => token.match(/([^:=]*):?([^=]*)=?(.*)/));
    const began = tokens.filter(([, name]) => starts[name]);
    if (!began[0]) began.push(["", "load"]);
    const entry = { survey, tag, key, options, tokens, waits: "waits for " + began.map(([token]) => token).join(" or ") };
    entries.push(entry);
    for (const [, name, , value] of began) starts[name]((given) => start(entry, given), value);
    return entry;
  }

  // What a tag needs from the network, once consent allows: a way out for answers that an earlier page left unsent, and
  // the list of its site's surveys.
  function begin(known) {
    const { tag, key } = known;
    const options = tag.dataset;
    if (known.begun || !allowed(options)) return;
    known.begun = true;
    const api = apiOf(tag, options);
    const entry = entries.find((entry) => entry.key == key);
    call(api, entry, options);
    if (entry && !options.survey) listing = list(entry, api);
  }

  // What the module is loaded for although nothing is due.
  async function call(api, entry, options) {
    try {
      if (/^(true)?$/.test(options.debug) || (entry && entry.tokens.some(([token, name]) => (!starts[name] && !conditions[name]) || /^url=[^*/#]/.test(token))))
        (await loaded(api)).explain(options, starts, conditions, candor);
      // The database is there only as long as it holds an answer.
      if (
        keys("candor:out:")[0] ||
        // In a sandbox the origin is "null", and Chromium would tell the page of a failure that nobody made.
        (origin[4] && (await indexedDB.databases()).some(({ name }) => name == "candor"))
      )
        (await loaded(api)).flush();
    } catch (_) {} // no databases, or no module, which has been said
  }

  async function list(site, api) {
    const { tag, key } = site;
    try {
      site.waits = "waits for surveys";
      // Those alone that the module can draw in full.
      const answer = await fetch(api + "/v1/sites/" + tag.dataset.site + "?can=__CAN__");
      if (!answer.ok) throw answer.status;
      const { surveys } = await answer.json();
      entries = entries.filter((entry) => entry != site);
      for (const { id, version, options } of surveys) register(id, tag, { ...options, version }, key);
      tick();
    } catch (error) {
      emit("definition", (site.waits = site.survey + ": " + error));
    }
    listing = 0;
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    show(survey, options) {
      // The first tag's attributes hold for it too, except those that are about the tag's own survey; its words the module leaves out.
      const go = () =>
        start(
          entries.find((entry) => entry.survey == survey) ||
            register(survey, script, { trigger: "manual", once: null, display: null }),
          { ...options },
        );
      // It may be of the site's list, which is on its way.
      listing && !entries.some((entry) => entry.survey == survey) ? listing.then(go) : go();
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
      consent = given === true;
      if (!consent) clear("unmount");
      if (consent != given) throw "expected true";
    },
    close: () => end("close"),
    unmount: () => end("unmount"),
    reset() {
      clear("close");
      commands.identify();
      events = {};
    },
    on(name, listener) {
      if (typeof listener != "function") throw "expected a function";
      listen("candor:" + name, (event) => listener(event.detail, event));
    },
    debug: () =>
      entries
        .map((entry) => {
          const why = entry.run ? [] : reasons(entry);
          return { survey: entry.survey, due: !why[0], because: why.join("; ") || "it is shown" };
        })
        .concat(candor.delivery || []),
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

  listen("visibilitychange", () => {
    if (document.hidden) hiddenAt = Date.now();
    else unseen += Date.now() - hiddenAt;
    tick();
  });
  for (const name of ["DOMContentLoaded", "popstate"]) listen(name, tick);
  // The next survey waits until the last one has left, and a moment longer.
  for (const name of ["closed", "error"]) listen("candor:" + name, () => setTimeout(tick, 1000));
  found.forEach(add);
  for (const args of (first && first.q) || []) candor(...args);
  // Read here, in global scope: it is null in every callback and after every await.
})(document.currentScript);
