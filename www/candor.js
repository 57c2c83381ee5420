// Candor's loader: the script tag's file. It decides whether a survey is due and only then loads the WebAssembly module;
// everything after that is the module's. docs/embedding.md says what a page may say to it.
//
// It is written in ES2018 plus import(), which browsers since 2019 parse, so that one that can't run the module gets an
// event instead of a syntax error. Minify it with `--target=es2018 --supported:dynamic-import=true`: without a target
// esbuild writes newer syntax.
//
// It never throws into the page, never writes to the console, and leaves one global: the function `candor`.

(function (script) {
  "use strict";

  // ---- This copy of the loader: where its files are, how they are loaded -------------------------------------------

  // The build replaces the placeholders; one that is still there means development, where nothing is pinned.
  const filled = (text) => (/^__/.test(text) ? "" : text);
  const pinned = filled("__ASSETS__");
  const moduleIntegrity = filled("__MODULE_SRI__");
  const wasmIntegrity = filled("__WASM_SRI__");

  const absolute = (path, base) => new URL(path, base || document.baseURI).href;

  // import() takes no integrity, but a module that was preloaded with one is in the page's module map already, and a
  // mismatch never gets there.
  function preload(url) {
    const link = document.createElement("link");
    if (!link.relList.supports("modulepreload")) return;
    link.rel = "modulepreload";
    link.integrity = moduleIntegrity;
    link.crossOrigin = "";
    link.nonce = script.nonce;
    link.href = url;
    document.head.append(link);
    return new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = () => reject("can't be had as it was published: " + url);
    }).finally(() => link.remove());
  }

  async function fetchModule(base, integrity) {
    // Beside the module, not after it, which saves a round trip.
    const wasm = fetch(base + "candor.wasm", { integrity });
    wasm.catch(() => {});
    if (integrity) await preload(base + "element.js");
    return { base, wasm, module: await import(base + "element.js") };
  }

  // Resolves to the module's functions and the folder it came from; rejects with the `detail` of a candor:error.
  async function load() {
    let code = "wasm";
    try {
      // A Content-Security-Policy without 'wasm-unsafe-eval' and old browsers refuse even the smallest module there is:
      // nothing is downloaded then.
      new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      if (!script.showPopover || !document.adoptedStyleSheets) throw "this browser has no popover";
      code = "module";
      const latest = absolute("w/latest/", script.src);
      const base = pinned ? absolute(pinned, script.src) : latest;
      const files = await fetchModule(base, wasmIntegrity).catch(async (error) => {
        // A server that was upgraded has only its own files. Nothing else that goes wrong may lead round the integrity.
        const { status } = await fetch(base + "element.js", { method: "HEAD" });
        if (status == 404 || status == 410) return fetchModule(latest, "");
        throw error;
      });
      code = "wasm";
      const { mount, flush } = await files.module.start(files.wasm);
      return { base: files.base, createHost: files.module.createHost, mount, flush };
    } catch (error) {
      throw { code, message: String(error) };
    }
  }

  // Several tags, even of several versions, share the first one's controller; each brings its own files.
  const first = window.candor;
  if (typeof first == "function" && first.add) return first.add(script, pinned, load);

  // ---- What the page has said so far -------------------------------------------------------------------------------

  const tags = []; // {script, files, load, begun}
  let entries = []; // a survey that may be shown: {survey, tag, options, tokens, waits, given, run}
  const modules = {}; // by the folder of their files
  let events = {}; // the latest of each name, for surveys that come to be known later
  let respondent = {};
  let consent; // undefined until the page says true or false
  let seed;
  let flushing;

  const strings = (values) => {
    const out = {};
    for (const key in values) if (values[key] != null) out[key] = String(values[key]);
    return out;
  };

  function emit(tag, code, message) {
    const detail = { code, message: String(message) };
    const event = new CustomEvent("candor:error", { bubbles: true, composed: true, detail });
    (tag.script.isConnected ? tag.script : document).dispatchEvent(event);
  }

  function find(selector) {
    try {
      return document.querySelector(selector);
    } catch (_) {} // not a selector
  }

  // ---- Browser storage, which may be refused -----------------------------------------------------------------------

  function stored(key) {
    try {
      return localStorage["candor:" + key];
    } catch (_) {}
  }

  function storedKeys() {
    try {
      return Object.keys(localStorage).filter((key) => /^candor:/.test(key));
    } catch (_) {
      return [];
    }
  }

  function clear() {
    storedKeys().forEach((key) => localStorage.removeItem(key));
    seed = 0;
  }

  // ---- Triggers ----------------------------------------------------------------------------------------------------

  // At the window and while capturing, so that a page that stops propagation does not stop the survey.
  function listen(type, heard) {
    addEventListener(type, heard, true);
    return () => removeEventListener(type, heard, true);
  }

  // Calls `go` at the first event that passes the test.
  function once(type, test, go) {
    const stop = listen(type, (event) => {
      if (test(event)) {
        stop();
        go();
      }
    });
  }

  // What starts a survey; whichever comes first. Those that have no code here are started by commands.
  const starts = {
    load: (go) => go(),
    manual() {},
    event() {},
    click: (go, selector) => {
      listen("click", ({ target }) => find(selector) && target.closest(selector) && go());
    },
    exit: (go) => once("mouseout", (event) => !event.relatedTarget && event.clientY <= 0, go),
    scroll(go, percent) {
      const far = () => {
        const { scrollTop, scrollHeight, clientHeight } = document.scrollingElement;
        return scrollTop >= ((scrollHeight - clientHeight) * percent) / 100;
      };
      once("scroll", far, go);
    },
    selector(go, selector) {
      // The element may come and go with the page's framework, so it is looked for again each time.
      const timer = setInterval(() => {
        const found = find(selector);
        const { top, bottom, width } = found ? found.getBoundingClientRect() : {};
        if (width && top < innerHeight && bottom > 0) {
          clearInterval(timer);
          go();
        }
      }, 500);
    },
    idle(go, seconds) {
      let last = Date.now();
      const active = () => (last = Date.now());
      const stops = ["pointermove", "pointerdown", "keydown", "scroll"].map((type) => listen(type, active));
      const check = () => {
        const left = last + seconds * 1000 - Date.now();
        if (left > 0) return setTimeout(check, left);
        stops.forEach((stop) => stop());
        go();
      };
      check();
    },
  };

  // What must hold when it has started: [holds, what is the case].
  const conditions = {
    url(glob) {
      const pattern = glob.replace(/\W/g, "\\$&").replace(/\\\*/g, ".*");
      return [RegExp("^" + pattern + "$").test(location.pathname), location.pathname];
    },
    device(wanted) {
      const device = matchMedia("(pointer:coarse)").matches ? "mobile" : "desktop";
      return [device == wanted, device];
    },
    from: (date) => [Date.now() >= Date.parse(date), "too early"],
    // A date without a time includes its day.
    until: (date) => [Date.now() < Date.parse(date) + (date[10] ? 0 : 864e5), "too late"],
    sample(share, survey) {
      const drawn = draw(survey);
      return [drawn < share, drawn];
    },
    delay: () => [1], // seen to by start()
  };

  // A number in [0, 1) that stays the same for a browser and a survey: FNV-1a of both.
  function draw(survey) {
    seed = seed || stored("seed") || String(Math.random());
    try {
      localStorage["candor:seed"] = seed;
    } catch (_) {}
    let hash = 2166136261;
    for (const char of seed + survey) hash = Math.imul(hash ^ char.charCodeAt(), 16777619);
    return (hash >>> 0) / 2 ** 32;
  }

  function start(entry, given) {
    const delay = entry.tokens.find(([name]) => name == "delay");
    const go = () => {
      entry.waits = "";
      entry.given = given;
      tick();
    };
    if (!delay) return go();
    entry.waits = "waits for delay=" + delay[1];
    setTimeout(go, delay[1] * 1000);
  }

  // ---- Is it due? --------------------------------------------------------------------------------------------------

  const allowed = (options) => consent || (consent == null && options.consent != "required");
  const isOpen = ({ run }) => run && (!run.host || run.host.isConnected);

  // The nearer to the survey wins.
  const optionsOf = ({ survey, tag, options, given }) => ({ ...tag.script.dataset, ...options, ...given, survey });

  // Where an inline survey goes.
  const placeOf = ({ script }, { target }) => (target ? find(target) : document.body.contains(script) && script);

  // Every reason why a survey is not shown now, in words; none when it is due.
  function reasons(entry) {
    const options = optionsOf(entry);
    const why = [];
    if (!allowed(options)) return ["consent is not given"];
    if (document.readyState == "loading") why.push("the page is loading");
    if (document.hidden) why.push("the page is hidden");
    if (entry.waits) why.push(entry.waits);
    for (const [name, value] of entry.tokens) {
      const known = (respondent.attributes || {})[name.slice(5)];
      const [holds, is] = starts[name] ? [1] : conditions[name] ? conditions[name](value, entry.survey) : [/^attr:/.test(name) && known == value, known];
      if (!holds) why.push("needs " + name + "=" + value + ", is " + is);
    }
    for (const key of ["quiet", "quiet:" + entry.survey]) {
      const until = stored(key);
      // With quiet "0" only a respondent who asked for it for ever is left in peace.
      if (until > Date.now() && (options.quiet != 0 || until >= 864e13)) why.push(key + " until " + new Date(+until).toISOString());
    }
    if (stored("once:" + entry.survey + ":" + options.once)) why.push("was shown once for " + options.once);
    if (options.display == "inline") {
      if (!placeOf(entry.tag, options)) why.push("has no place: data-target is not there, or the tag is not in the body");
    } else if (entries.some((other) => isOpen(other) && !other.run.inline)) why.push("another survey is open");
    return why;
  }

  function tick() {
    tags.forEach(begin);
    for (const entry of entries) if (!isOpen(entry) && !reasons(entry)[0]) show(entry);
  }

  // ---- Showing -----------------------------------------------------------------------------------------------------

  // One failure is one event, however many surveys wait.
  const moduleFor = (tag) =>
    modules[tag.files] || (modules[tag.files] = tag.load().catch(({ code, message }) => emit(tag, code, message)));

  const apiOf = ({ script }, { api }) => absolute(api || new URL(absolute(script.src)).origin).replace(/\/$/, "");

  // EmbedConfig: what the module is told.
  function configFor(tag, options, base, near) {
    const api = apiOf(tag, options);
    const above = near.closest("[lang]") || {};
    return {
      ...options,
      api,
      base,
      endpoint: absolute(options.endpoint || api + "/v1/responses"),
      langs: [options.lang, above.lang, document.documentElement.lang, ...navigator.languages].filter(Boolean),
      test: options.test != null && options.test != "false",
      page: location.href.split(/[?#]/)[0],
      context: strings(options.context),
      respondent,
    };
  }

  async function show(entry) {
    const { tag } = entry;
    const options = optionsOf(entry);
    const inline = options.display == "inline";
    const run = (entry.run = { inline });
    entry.waits = "was shown";
    const module = await moduleFor(tag);
    const near = inline ? placeOf(tag, options) : tag.script;
    if (entry.run != run) return; // closed meanwhile
    if (!module || !near) return (entry.run = 0);
    const host = (run.host = module.createHost());
    if (!inline) {
      host.setAttribute("popover", "manual");
      document.body.append(host);
    } else if (options.target) near.append(host);
    else near.after(host);
    try {
      run.handle = await module.mount(host, configFor(tag, options, module.base, near));
    } catch (_) {
      host.remove(); // the module has said why, on the host
    }
  }

  // `silently` takes surveys away without a word to the server, for a consent that was withdrawn.
  function close(silently) {
    for (const entry of entries) {
      const { host, handle } = entry.run || {};
      entry.run = 0;
      entry.waits = entry.waits || "was closed";
      if (handle && host.isConnected && !silently) handle.close();
      else if (host) host.remove();
    }
  }

  // ---- Tags and surveys --------------------------------------------------------------------------------------------

  function add(script, files, load) {
    const tag = { script, files, load };
    tags.push(tag);
    const { survey } = script.dataset;
    if (survey) register(survey, tag, {});
    tick();
  }

  function register(survey, tag, options) {
    // A page that navigates without reloading may replace its tag: the new one then takes the old one's place.
    entries = entries.filter((old) => old.survey != survey || old.tag.script.isConnected);
    const trigger = { ...tag.script.dataset, ...options }.trigger || "";
    const tokens = trigger.split(/\s+/).filter(Boolean).map((token) => token.split(/=(.*)/));
    if (!tokens.some(([name]) => starts[name])) tokens.push(["load"]);
    const began = tokens.filter(([name]) => starts[name]);
    const waits = "waits for " + began.map(([name, value]) => (value ? name + "=" + value : name)).join(" or ");
    const entry = { survey, tag, options, tokens, waits };
    entries.push(entry);
    for (const [name, value] of began) {
      starts[name](() => start(entry), value);
      if (name == "event" && events[value]) start(entry, events[value]);
    }
    return entry;
  }

  // What a tag needs from the network, once consent allows: a way out for answers that an earlier page left unsent, and
  // the list of its site's surveys.
  async function begin(tag) {
    const options = tag.script.dataset;
    if (tag.begun || !allowed(options)) return;
    tag.begun = true;
    try {
      if (!flushing && storedKeys().some((key) => /:out:/.test(key))) {
        flushing = true;
        moduleFor(tag).then((module) => module && module.flush(configFor(tag, options, module.base, tag.script)));
      }
      if (!options.site || options.survey) return;
      const list = await fetch(apiOf(tag, options) + "/v1/sites/" + options.site);
      if (!list.ok) throw list.status;
      for (const { id, version, options } of (await list.json()).surveys) register(id, tag, { ...options, version: String(version) });
      tick();
    } catch (error) {
      emit(tag, "definition", "the surveys of the site " + options.site + ": " + error);
    }
  }

  // ---- Commands ----------------------------------------------------------------------------------------------------

  const commands = {
    show(survey, options) {
      const entry = entries.find((known) => !survey || known.survey == survey);
      start(entry || register(survey, tags[0], { trigger: "manual" }), options);
    },
    event(name, context, options) {
      events[name] = { ...options, context };
      for (const entry of entries)
        if (entry.tokens.some(([kind, value]) => kind == "event" && value == name)) start(entry, events[name]);
    },
    identify(id, attributes) {
      respondent = { id: String(id), attributes: strings(attributes) };
    },
    set(attributes) {
      respondent = { ...respondent, attributes: { ...respondent.attributes, ...strings(attributes) } };
    },
    consent(given) {
      consent = !!given;
      if (!consent) {
        close(true);
        clear();
      }
    },
    close() {
      close();
    },
    reset() {
      close();
      clear();
      respondent = {};
      events = {};
    },
    on(name, listener) {
      document.addEventListener("candor:" + name, (event) => listener(event.detail, event));
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
      emit(tags[0], "config", command + ": " + error);
    }
  }

  candor.add = add;
  candor.version = "__VERSION__";
  window.candor = candor;

  document.addEventListener("DOMContentLoaded", tick);
  document.addEventListener("visibilitychange", tick);
  // The next survey waits until the last one has left, and a moment longer.
  document.addEventListener("candor:closed", () => setTimeout(tick, 1000));
  add(script, pinned, load);
  for (const args of (first && first.q) || []) candor(...args);
})(
  // Read here, in global scope: it is null in every callback and after every await.
  document.currentScript || document.querySelector('script[src*="/candor"]') || document.createElement("script"),
);
