// The module that the loader imports when a survey is due: the custom element and the way into the WebAssembly.

import { flush, initSync, mount } from "./glue.js";

const NAME = "candor-survey";

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

let started;

// Instantiates the WebAssembly once and gives all that the loader needs: `createHost`, `mount` and `flush`. What failed
// may be tried again.
//
// `wasm` is an address, fetched with `integrity` (script integrity does not cover it), or the promise of a response.
export function start(wasm, integrity = "") {
  started ??= instantiate(typeof wasm == "string" ? fetch(wasm, { integrity }) : wasm).catch((error) => {
    started = undefined;
    throw error;
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
  if (!customElements.get(NAME)) customElements.define(NAME, CandorSurvey);
  return { createHost, mount: mountAndLeave, flush };
}

// The message packs are beside this file. A host that leaves the document, whoever takes it away, takes with it its
// listeners and what Rust holds of it, without which neither could be collected.
function mountAndLeave(host, config) {
  // Without a prototype: a page that extends all objects has asked for nothing by that.
  let handle = mount(host, { __proto__: null, ...config, base: new URL(".", import.meta.url).href });
  const unmount = () => {
    const left = handle;
    handle = undefined;
    left?.unmount();
    // Not now: this may be a listener of what it does.
    queueMicrotask(() => left?.free());
    host.giveUp?.();
  };
  host.disconnected = unmount;
  // The browser closes a popover that is moved.
  host.connected = () => host.popover && host.showPopover();
  return { close: () => handle?.close(), unmount };
}
