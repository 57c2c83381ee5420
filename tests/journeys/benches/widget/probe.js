// Runs before every script of a measured page. It knows none of the widgets: a survey is shown once eleven controls say
// 0 to 10 and each gets a click in its middle.
(wanted) => {
  // Closed shadow roots are looked into as well.
  const roots = new Map();
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    roots.set(this, root);
    return root;
  };
  const all = (selector) => [document, ...roots.values()].flatMap((root) => [...root.querySelectorAll(selector)]);

  const tasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const task of list.getEntries()) tasks.push([task.startTime, task.duration]);
  });
  observer.observe({ type: "longtask", buffered: true });

  const clicks = [];
  addEventListener("click", (event) => event.isTrusted && clicks.push(event.timeStamp), true);

  // No tool of the browser tells WebAssembly's memory. Candor makes its instance with the constructor.
  const memories = [];
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(...call) {
      const made = Reflect.construct(...call);
      memories.push(made.exports.memory);
      return made;
    },
  });
  const wasm = () => memories.reduce((bytes, memory) => bytes + (memory ? memory.buffer.byteLength : 0), 0);

  // What a click at this point reaches.
  function hit(x, y) {
    let found = document.elementFromPoint(x, y);
    while (roots.has(found)) {
      const inner = roots.get(found).elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  }

  // The middle of what is visible and gets the click there, else nothing.
  function middle(element) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
    const box = element.getBoundingClientRect();
    const x = box.x + box.width / 2;
    const y = box.y + box.height / 2;
    return box.width && box.height && element.contains(hit(x, y)) && { x, y };
  }

  function numbers() {
    const found = {};
    for (const control of all("button, label, [role=radio]")) {
      const text = control.textContent.trim();
      if (/^(\d|10)$/.test(text)) found[text] = control;
    }
    const points = Object.values(found).map(middle);
    return points.length == 11 && points.every(Boolean) && points[9];
  }

  function paragraph() {
    const text = document.querySelector("main p");
    return text && middle(text);
  }

  const find = wanted == "numbers" ? numbers : paragraph;
  const shown = new Promise((resolve) => {
    requestAnimationFrame(function look() {
      const nine = find();
      if (!nine) return requestAnimationFrame(look);
      const frame = performance.now();
      // The next task comes after this frame's paint.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve({ frame, shown: performance.now(), ...nine });
      port2.postMessage(0);
    });
  });
  window.bench = { all, shown, tasks, clicks, wasm };
}
