// The module that the loader imports when a survey is due: the custom element, its life in a page that is not ours, and the
// way into the WebAssembly.

import { flush as send, guard, initSync, mount } from "./glue.js";
import { get, keys, mirror, set } from "./storage.js";

const NAME = "candor-survey";

// ---- Words -----------------------------------------------------------------------------------------------------------

// The attributes of a tag, as `candor_survey::options` has them. A test holds the two together.
const OPTIONS =
  "survey site product task question low high followup touchpoint lang display target position theme accent font radius offset privacy " +
  "trigger quiet once consent api endpoint identity send test debug";

// Whether so many letters lost, added or changed make one word of the other.
const isNear = (a, b, changes) =>
  a == b ||
  (changes > 0 &&
    ((a && a[0] == b[0] && isNear(a.slice(1), b.slice(1), changes)) ||
      isNear(a.slice(1), b.slice(1), changes - 1) ||
      isNear(a.slice(1), b, changes - 1) ||
      isNear(a, b.slice(1), changes - 1)));

const PIXELS = /^\d{1,3}$/;

const told = {};

function tell(message, code = "config") {
  if (told[message]) return;
  told[message] = true;
  const detail = { code, message };
  document.dispatchEvent(new CustomEvent("candor:error", { bubbles: true, detail }));
}

// What a page says in its own words, `textNotNow`, and what it styles.
const WORD = /^text(?=[A-Z])/;
const STYLE = /^--candor-/;

// Says which words nobody knows. Tools put attributes of their own on every tag; of those only what may be meant for us.
function check(kind, words, known, all) {
  for (const word of words) {
    if (known.includes(word) || WORD.test(word) || STYLE.test(word)) continue;
    const near = known.filter((name) => isNear(word, name, 2));
    const meant = near.find((name) => name[0] == word[0]) ?? near[0];
    if (meant || all) tell(`${kind}${word} is not known${meant ? `: did you mean ${kind}${meant}?` : ""}`);
  }
}

// Says what the module cuts to the limits of a response, and what it leaves out.
function measure({ privacy, identity, product, task, touchpoint, context, respondent, test, radius, offset }) {
  const given = { context: { ...context, product, task }, attributes: respondent.attributes };
  for (const [name, entries] of Object.entries(given)) {
    const said = Object.entries(entries).filter(([, value]) => value != null);
    if (said.length > 32 || said.some(([key, value]) => key.length > 64 || `${value}`.length > 256))
      tell(`${name}: cut to 32 entries, keys of 64 and values of 256 characters`);
  }
  if (touchpoint?.length > 64) tell("touchpoint: cut to 64 characters");
  if (respondent.id?.length > 128) tell("identify: cut to 128 characters");
  if (identity?.length > 4096) tell("identity: cut to 4096 characters");
  if (test && !/^(true|false)$/.test(test)) tell(`test: expected true or false, not ${test}`);
  for (const [name, value] of Object.entries({ radius, offset }))
    if (value && !PIXELS.test(value)) tell(`${name}: expected pixels, 0 to 999, not ${value}`);
  if (privacy && !/^(https?:\/)?\//.test(privacy)) tell("privacy: expected an address that begins with https://, http:// or /");
}

// What can't be the value of a trigger's word, and what can. As `candor_survey::option_values` has it.
const WRONG = [
  [/^url=(?![*/#][^?]*$)/, "a path that begins with /, # or *, without a query"],
  [/^(scroll|idle|delay|sample)=(?!\d*\.?\d+$)/, "a number"],
  [/^device=(?!(mobile|desktop)$)/, "mobile or desktop"],
  [/^(from|until)=(?!\d{4}-\d\d-\d\d)/, "a date such as 2026-11-27"],
];

// Says what of a tag's options makes no sense, and with `data-debug` writes to the console what comes of each survey.
function explain(options, starts, conditions, candor) {
  const isDebugged = /^(true)?$/.test(options.debug);
  check("data-", Object.keys(options), OPTIONS.split(" "), isDebugged);
  const words = (options.trigger || "").match(/\S+/g) || [];
  const known = Object.keys({ ...starts, ...conditions });
  check("trigger: ", words.map((word) => word.split(/[:=]/)[0]), known, true);
  for (const word of words)
    for (const [wrong, expected] of WRONG) if (wrong.test(word)) tell(`${word}: expected ${expected}`);
  if (!isDebugged || told.console) return;
  told.console = true;
  const report = () => console.table(candor("debug"));
  for (const name of ["shown", "answered", "sent", "closed", "error"])
    addEventListener("candor:" + name, ({ detail }) => console.info("candor:" + name, detail), true);
  setTimeout(report, 3000);
  report();
}

// ---- The host --------------------------------------------------------------------------------------------------------

// JavaScript must own the class of a custom element, and a name can be defined only once in a page. So the class knows
// nothing of any version: whichever copy comes first defines it, and each host carries its own version's functions.
class CandorSurvey extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  connectedCallback() {
    this.connected?.();
  }

  disconnectedCallback() {
    // An element that is moved is disconnected and connected in the same task.
    queueMicrotask(() => this.isConnected || this.disconnected?.());
  }
}

// A host for one survey, not yet in the document. `connected` and `disconnected` may be set to functions. What it promises
// comes true: `seen` when some of it has come into view or it is given up, `turn` in the next task, `painted` after the next frame.
export function createHost() {
  const host = document.createElement(NAME);
  // Only missing when the page has an element of that name of its own.
  if (!host.shadowRoot) host.attachShadow({ mode: "open" });
  host.seen = () =>
    new Promise((resolve) => {
      const observer = new IntersectionObserver((changes) => {
        if (changes.some((change) => change.isIntersecting)) host.giveUp();
      });
      host.giveUp = () => resolve(observer.disconnect());
      observer.observe(host);
    });
  return Object.assign(host, { turn, painted });
}

// The start is many short tasks, so that the page can answer its reader in between.
//
// A page may have put in the place of these whatever it likes; a timer makes good for that.
function turn() {
  return new Promise((resolve) => {
    setTimeout(resolve, 200);
    try {
      if (window.scheduler) return scheduler.yield().then(resolve, resolve);
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(port1.close());
      port2.postMessage(0);
    } catch {}
  });
}

// A tab that nobody looks at draws no frame; there it is a moment later.
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve(turn()));
    setTimeout(resolve, 300);
  });
}

// ---- Whether it may stand here now -----------------------------------------------------------------------------------

// What makes it a bad moment for a survey in this place, in words. Asked before it is shown and, of a popover, as long as it is: then
// there is a `host`.
function obstacle(place, host) {
  let focused = document.activeElement ?? place;
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  // A dialog within a shadow root is found by the focus, which it takes.
  const isModal = ["dialog:modal", "[aria-modal=true]"].some((selector) => {
    try {
      return [focused.closest(selector), ...document.querySelectorAll(selector)].some(
        (element) => element && !(host && element.getRootNode().host == host) && !element.contains(place) && isVisible(element),
      );
    } catch {} // an old browser does not know the selector
  });
  // Some don't say that they are modal, but hide all else from assistive technology.
  if (isModal || (!host && focused.closest("[role=dialog],[role=alertdialog]"))) return "a dialog is open";
  const full = document.fullscreenElement;
  if (full && !full.contains(place)) return "something fills the screen";
  if ((host ?? place).closest("[inert],[aria-hidden=true]")) return "its place is inert";
  if (!host && place == document.body && focused.matches(":read-write")) return "somebody is typing";
}

const isVisible = (element) =>
  element.checkVisibility
    ? element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
    : element.getClientRects().length > 0;

// ---- Its life --------------------------------------------------------------------------------------------------------

let started;

// Instantiates the WebAssembly once and gives all that the loader needs: `open`, `flush` and `explain`, and to
// earlier ones `createHost` and `mount`. What failed may be tried again.
//
// `wasm` is an address, fetched with `integrity` (script integrity does not cover it), or the promise of a response.
export function start(wasm, integrity = "") {
  started ??= instantiate(typeof wasm == "string" ? fetch(wasm, { integrity }) : wasm).catch((error) => {
    started = undefined;
    throw Object.assign(error, { code: "wasm" });
  });
  return started;
}

async function instantiate(fetched) {
  if (!document.adoptedStyleSheets) throw new Error("This browser has no constructed stylesheets.");
  const response = await fetched.catch((error) => {
    throw new Error(`candor.wasm was refused or can't be reached: ${error.message}`);
  });
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}.`);
  // Not as a stream: the bytes are here before this file is, and some web views refuse streams, as they all do for a wrong type.
  const module = await WebAssembly.compile(await response.arrayBuffer());
  await turn();
  initSync({ module });
  guard(guarded);
  if (!customElements.get(NAME)) customElements.define(NAME, CandorSurvey);
  if (window.candor) {
    Object.defineProperty(candor, "delivery", { get: delivery, configurable: true });
  }
  return { createHost, mount: mountAndLeave, flush, open, explain };
}

async function flush() {
  await restore();
  send();
}

let failure;
addEventListener("candor:error", ({ detail }) => /undelivered|rejected|expired/.test(detail?.code) && (failure = detail.message), true);
addEventListener("candor:sent", () => (failure = ""), true);

// What the loader's debug() tells of answers that are on their way, and of surveys that are out of the page.
function delivery() {
  const states = failure ? [{ survey: "", due: false, because: "not delivered: " + failure }] : [];
  for (const key of keys("candor:out:"))
    try {
      const { t, u, b } = JSON.parse(get(key));
      states.push({ survey: b.survey, due: false, because: `unsent since ${new Date(t)}, to ${u}` });
    } catch {} // somebody else's
  for (const { host, survey } of living)
    if (!host.isConnected) states.push({ survey, due: false, because: "waits for its place, which is gone from the page" });
  return states;
}

// Those that are mounted: {host, survey, end}.
let living = [];
let broken;

// The functions of the WebAssembly, none of which throws. One that traps (or that something throws through which a page has
// changed) leaves nothing behind that could be trusted: it is the last.
function guarded(exports) {
  const safe = {};
  for (const [name, value] of Object.entries(exports))
    // What begins with a $ is the glue's own, called for every text, and only ever from within the others.
    safe[name] = typeof value == "function" && name[0] != "$" ? attempt(value) : value;
  return safe;
}

function attempt(call) {
  return (...args) => {
    try {
      return broken ? 0 : call(...args);
    } catch (error) {
      if (broken) return 0;
      broken = `${error}`;
      for (const { end } of living) end(broken);
      tell(broken, "wasm");
      return 0;
    }
  };
}

// ---- Kept for sure ---------------------------------------------------------------------------------------------------

// A browser that is killed forgets what localStorage was given in its last seconds. So unsent answers are copied into a
// database that is on the disk when it says so, and that is there only as long as it holds one: by that the loader knows.

let copied = Promise.resolve();
const queued = {};

const settled = (request) =>
  new Promise((resolve, reject) =>
    Object.assign(request, { onsuccess: resolve, oncomplete: resolve, onerror: reject, onabort: reject }),
  );

// Open from the first answer that is unsent to the last.
let database;

async function opened() {
  const request = indexedDB.open("candor", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("out");
  await settled(request);
  // It is removed, perhaps by another tab.
  const close = () => (database = request.result.close());
  return Object.assign(request.result, { onversionchange: close, onclose: close });
}

async function inDatabase(use) {
  database ??= opened();
  const transaction = (await database).transaction("out", "readwrite", { durability: "strict" });
  const store = transaction.objectStore("out");
  use(store);
  const count = store.count();
  await settled(transaction);
  if (!count.result) indexedDB.deleteDatabase("candor");
}

mirror(keep);

// Brings the copy of a key to what the storage has by then: consent may have been withdrawn meanwhile.
function keep(key) {
  if (queued[key]) return;
  queued[key] = true;
  copied = copied.then(() => {
    delete queued[key];
    const copy = (store) => {
      const text = get(key);
      text ? store.put(text, key) : store.delete(key);
    };
    return inDatabase(copy).catch(() => (database = undefined));
  });
}

// Brings back what the storage has forgotten.
async function restore() {
  try {
    // Asked there, Chromium tells the page of a failure that nobody made.
    if (origin == "null" || !(await indexedDB.databases()).some(({ name }) => name == "candor")) return;
    const revision = (text) => (text ? JSON.parse(text).b.revision : 0);
    await inDatabase((store) => {
      store.openCursor().onsuccess = ({ target: { result } }) => {
        if (!result) return;
        const { key, value } = result;
        result.continue();
        quietly(() => revision(value) > revision(get(key)) && set(key, value))();
      };
    });
  } catch {} // there is no such database, or no storage
}

// Shows the survey of a loader's entry, and writes into it what becomes of it. `tag` is its tag by now, `placeOf` and `tagOf`
// say where it belongs from then on. If it has no place, or this is a bad moment, it is over for now, and `tick` looks again.
function open(entry, ...page) {
  try {
    show(entry, ...page);
  } catch (error) {
    entry.run = 0;
    tell((entry.waits = `${error}`), "wasm");
  }
}

function show(entry, tag, options, placeOf, tagOf, tick) {
  const { run } = entry;
  const there = placeOf(entry);
  const why = broken ?? (there && obstacle(there));
  if (why || !there) {
    entry.run = 0;
    entry.waits = why || "";
    // Nobody says when it has gone.
    if (why && !broken)
      setTimeout(() => {
        if (entry.waits == why) entry.waits = "";
        tick();
      }, 500);
    return;
  }
  const host = createHost();
  // One that came with its tag leaves with it.
  const isTied = entry.key && tag.isConnected;
  for (const name of ["shown", "closed", "error"])
    host.addEventListener("candor:" + name, ({ detail }) => {
      entry.waits = detail?.message ?? "was shown";
    });
  if (run.floats && options.display != "modal") host.setAttribute("popover", "manual");
  let words;
  for (const [name, value] of Object.entries(options)) {
    if (STYLE.test(name)) host.style.setProperty(name, value);
    // textNotNow → not-now
    if (WORD.test(name)) (words ??= {})[name.replace(WORD, "").replace(/[A-Z]/g, (c, at) => (at ? "-" : "") + c.toLowerCase())] = value;
  }
  if (options.font == "inherit") host.style.setProperty("--candor-font", getComputedStyle(there).fontFamily);
  for (const name of ["radius", "offset"])
    if (PIXELS.test(options[name])) host.style.setProperty("--candor-" + name, options[name] + "px");
  quietly(() => {
    check("data-", Object.keys(tag.dataset), OPTIONS.split(" "));
    check("option ", Object.keys({ ...entry.given }), [...OPTIONS.split(" "), "context"], true);
    measure(options);
  })();
  const link = document.createElement("a");
  // Made absolute here, because an unsent answer may leave from another page.
  link.href = options.endpoint ?? options.api + "/v1/responses";
  const { documentElement } = document;
  const langs = [options.lang, (tag.closest("[lang]") ?? documentElement).lang, documentElement.lang];
  // In words of its own a page speaks its own language, whatever its reader's.
  if (words) words.lang = langs.find(Boolean);
  // The tag's own words are about the tag's survey.
  const other = tag.dataset.survey && entry.survey != tag.dataset.survey.trim();
  const { question, low, high, followup } = other ? { ...entry.options, ...entry.given } : options;
  const config = {
    ...options,
    ...{ question, low, high, followup },
    endpoint: link.href,
    langs: words ? langs : langs.concat(navigator.languages),
    words,
    page: location.href, // cut before its query by the module
    // Looked for in the whole page, so only while the host is out of it.
    place: () =>
      (!isTied || tagOf(entry).isConnected || [...document.scripts].some((other) => isTwin(other, tag))) &&
      (host.isConnected ? host : placeOf(entry)),
    // It is over, perhaps because something broke.
    left(why) {
      if (why) entry.waits = why;
      if (entry.run == run) entry.run = 0;
    },
    run,
  };
  insert(host, there);
  run.handle = mountAndLeave(host, config);
}

// A page that copies its body has copied the tag, whose script does not run again.
const isTwin = (one, other) => one.src == other.src && JSON.stringify({ ...one.dataset }) == JSON.stringify({ ...other.dataset });

// Makes of a response of this tab the next revision of one of another tab. Theirs are the answers but what is written here, which
// stands below what is written there: without what came from here, which is the longest there of all that is in `said`.
function join(own, { id, revision, state, answers }, said) {
  const here = own.answers;
  own.answers = answers.map((theirs) => {
    const { question, text } = theirs;
    const mine = here.find((answer) => answer.question == question)?.text;
    if (mine == null) return theirs;
    let rest = `\n${text || ""}\n`;
    const came = said.filter((one) => rest.includes(`\n${one}\n`)).sort((one, other) => other.length - one.length)[0];
    if (came) rest = rest.replace(`\n${came}\n`, () => "\n");
    return { question, text: `${rest}${mine}`.trim() };
  });
  for (const answer of here) if (!answers.some(({ question }) => question == answer.question)) own.answers.push(answer);
  own.id = id;
  own.revision += revision;
  if (state == "complete") own.state = state;
}

// Whatever a page has changed, none of this is to throw into it.
const quietly =
  (task) =>
  (...args) => {
    try {
      task(...args);
    } catch {}
  };

const insert = (host, place) => place[place.localName == "script" ? "after" : "append"](host);

// The message packs are beside this file. A host that leaves the document for good takes with it its listeners and what Rust
// holds of it, without which neither could be collected.
//
// `place` says where the host belongs as long as it does: a page that puts another body in place of its own, and a framework
// that draws a view again, take it away without meaning it. It waits for its place to come back, with all that was chosen
// and typed. Earlier loaders have no `place`; with them it is over at once.
function mountAndLeave(host, config) {
  const { place, left, run } = config;
  const folder = import.meta.url.replace(/[^/]*$/, "");
  const said = [];
  let id;
  // What of this tab is kept, so that another may have it.
  const remember = (own) => {
    id ??= own.id;
    for (const { text } of own.answers) if (text && !said.includes(text)) said.push(text);
  };
  let removals = 0;
  let timer;
  const end = (why) => {
    handle = undefined;
    living = living.filter((other) => other.host != host);
    clearInterval(timer);
    document.removeEventListener("focusin", tend, true);
    removeEventListener("storage", hear);
    host.giveUp?.();
    if (host.modal) host.shadowRoot.firstElementChild.close();
    host.remove();
    left?.(why);
  };
  const unmount = (isRemoved) => {
    const gone = handle;
    if (!gone) return;
    end(isRemoved === true && "was removed from the page");
    gone.unmount(isRemoved === true);
    // Not now: this may be a listener of what it does.
    queueMicrotask(() => gone.free());
  };
  const tend = quietly(() => {
    if (!host.isConnected && handle.is_over()) return unmount();
    const there = place();
    if (there && !host.isConnected) insert(host, there);
    if (!there && host.isConnected) host.remove();
    if (!host.popover) return;
    run.floats = !!there;
    if (!there) return;
    const isOpen = host.matches(":popover-open");
    if (obstacle(there, host)) isOpen && host.hidePopover();
    else isOpen || host.showPopover();
  });
  // Another tab has kept an answer to the same survey.
  const hear = quietly(({ key, newValue }) => {
    if (!/^candor:out:/.test(key) || !newValue) return;
    const response = JSON.parse(newValue).b;
    if (response.survey != config.survey || !/partial|complete/.test(response.state) || handle.is_over()) return;
    if (!handle.has_text()) return unmount();
    // Its own answer is taken back, unless that is what the other goes on with, and from now on what is written here goes with that one.
    if (given.amend == remember && id != response.id) {
      given.amend = (own) => Object.assign(own, { state: "shown", answers: [] });
      handle.send_again();
    }
    given.amend = (own) => {
      remember(own);
      join(own, response, said);
    };
  });
  // Without a prototype: a page that extends all objects has asked for nothing by that.
  const given = { __proto__: null, ...config, base: folder, amend: remember };
  let handle = mount(host, given);
  living.push({ host, survey: config.survey, end });
  if (place) {
    timer = setInterval(() => document.hidden || tend(), 300);
    // A dialog takes the focus.
    document.addEventListener("focusin", tend, true);
    addEventListener("storage", hear);
  }
  host.disconnected = quietly(() => {
    if (!handle) return;
    if (!place || handle.is_over()) return unmount();
    // Taken out of its own parent twice, it is not wanted. What takes the parent away as well may not mean it.
    if (!host.parentNode && place() && ++removals > 1) unmount(true);
    else tend();
  });
  // The browser closes a popover that is moved.
  host.connected = quietly(() => (host.popover ? host.showPopover() : host.modal?.()));
  return { close: () => handle?.close(), unmount };
}
