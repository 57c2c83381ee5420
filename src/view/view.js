// What the view does with the page: light, dark and its accent; keeping clear of it. One file, because wasm-bindgen's test runner hangs when a
// browser asks it for a fifth script at once.

// WCAG 2.2, relative luminance of a colour in channels from 0 to 1.
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// A colour's channels, from 0 to 1; none if it is not opaque. The browser knows every notation of a colour, and tells one that is mixed in
// shares of sRGB. What it does not know leaves the sentinel.
function channels(wrapper, colour) {
  const { style } = wrapper;
  style.color = "rgba(1,2,3,0)";
  style.color = `color-mix(in srgb,${colour},${colour})`;
  const told = /^color\(srgb ([^ ]+) ([^ ]+) ([^ ]+)\)$/.exec(getComputedStyle(wrapper).color);
  style.color = "";
  return told?.slice(1).map((share) => Math.min(Math.max(+share || 0, 0), 1));
}

// Paints the wrapper, and says what is wrong with the page's colours. The accent is the fill as it is, the ink on it white where that can be
// read, else black; edges are made of it in `frame.css`. Of a grey there is a pair for light and dark.
export function paint(wrapper, scheme, accent) {
  const { style } = wrapper;
  if (scheme) style.colorScheme = scheme;
  const wrong = [];
  // WCAG 2.2, contrast ratio; of what is not opaque none.
  const light = (name) => luminance(channels(wrapper, `var(--_candor-${name})`) ?? []) + 0.05;
  const styles = getComputedStyle(wrapper);
  const texts = ["ink", "muted", "error"];
  if (["surface", ...texts].some((name) => styles.getPropertyValue("--candor-" + name))) {
    const surface = light("surface");
    for (const name of texts) {
      const ratio = light(name) / surface;
      if (Math.max(ratio, 1 / ratio) < 4.5) wrong.push(`--candor-${name}: expected 4.5:1 to --candor-surface`);
    }
  }
  if (accent) {
    const fill = channels(wrapper, accent);
    if (!fill) wrong.push(`accent: expected an opaque CSS colour, not ${accent}`);
    else if (Math.max(...fill) - Math.min(...fill) >= 0.04) {
      const light = luminance(fill);
      const [white, black] = ["#fff", "#000"];
      const set = (name, value) => style.setProperty("--_candor-" + name, value);
      set("fill", `rgb(${fill.map((share) => Math.round(share * 255))})`);
      set("on", light > 0.1833 ? black : white);
      // Towards which it is mixed under a pointer: away from the ink, unless it is all but white already.
      set("off", light > 0.75 || light <= 0.1833 ? black : white);
    }
  }
  return wrong.join("; ");
}

// The scheme of a page that says what it is, which is followed, also when it changes its mind; else none.
export const schemeOf = (host) => (getComputedStyle(host).colorScheme == "normal" ? undefined : "inherit");

// Opens its dialog over the page, and again when the page has moved it; the focus goes in and stays there. What closes it without a key, as
// going back does on a phone, is its close button.
export function openModal(root) {
  const dialog = root.firstElementChild;
  dialog.oncancel = () => root.querySelector(".close").click();
  root.host.modal = () => {
    dialog.close();
    dialog.showModal();
    root.querySelector(".card").focus();
  };
  root.host.modal();
}

// Keeps it clear of the keyboard of a touch screen, and off whatever has the focus in the page. Gives what ends that.
export function keepClear(host, root) {
  const ends = [];
  const listen = (target, kind, hear) => {
    target.addEventListener(kind, hear);
    ends.push(() => target.removeEventListener(kind, hear));
  };
  const wrapper = root.firstElementChild;
  if (window.visualViewport)
    listen(visualViewport, "resize", () => {
      const { scale, height, offsetTop } = visualViewport;
      // Zooming by pinch shrinks the visual viewport as well; then nothing is in the way.
      const hidden = scale > 1.01 ? 0 : Math.max(Math.trunc(innerHeight - height - offsetTop), 0);
      // Not the host's, which is the page's element.
      wrapper.style.marginBottom = `${hidden}px`;
    });
  const covers = () => {
    const focused = document.activeElement;
    if (!focused || focused == host || focused == document.body) return false;
    const theirs = focused.getBoundingClientRect();
    const ours = root.querySelector(".card").getBoundingClientRect();
    return theirs.left < ours.right && ours.left < theirs.right && theirs.top < ours.bottom && ours.top < theirs.bottom;
  };
  const avoid = () => {
    try {
      // Not under a pointer that is down: its click would miss. What fills the page is in the way here and there.
      if (document.querySelector(":active") || !covers()) return;
      host.toggleAttribute("data-top");
      if (covers()) host.toggleAttribute("data-top");
    } catch {} // nothing of the page's doing is its fault
  };
  avoid();
  for (const kind of ["focusin", "pointerup"]) listen(document, kind, () => setTimeout(avoid));
  return () => ends.forEach((end) => end());
}
