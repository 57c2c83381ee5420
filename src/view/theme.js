// Light, dark and the page's accent.

// WCAG 2.2, relative luminance of a colour in channels from 0 to 1.
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Paints the wrapper. The accent is the fill as it is, the ink on it white where that can be read, else black; edges are made of it in
// `frame.css`. Of a grey there is a pair for light and dark. False if the accent is no opaque colour.
export function paint(wrapper, scheme, accent) {
  const { style } = wrapper;
  if (scheme) style.colorScheme = scheme;
  if (!accent) return true;
  // The browser knows every notation of a colour, and tells one that is mixed in shares of sRGB. What it does not know leaves
  // the sentinel.
  style.color = "rgba(1,2,3,0)";
  style.color = `color-mix(in srgb,${accent},${accent})`;
  const told = /^color\(srgb ([^ ]+) ([^ ]+) ([^ ]+)\)$/.exec(getComputedStyle(wrapper).color);
  style.color = "";
  if (!told) return false;
  const channels = told.slice(1).map((share) => Math.min(Math.max(+share || 0, 0), 1));
  if (Math.max(...channels) - Math.min(...channels) < 0.04) return true;
  const light = luminance(channels);
  const [white, black] = ["#fff", "#000"];
  const set = (name, value) => style.setProperty("--_candor-" + name, value);
  set("fill", `rgb(${channels.map((share) => Math.round(share * 255))})`);
  set("on", light > 0.1833 ? black : white);
  // Towards which it is mixed under a pointer: away from the ink, unless it is all but white already.
  set("off", light > 0.75 || light <= 0.1833 ? black : white);
  return true;
}

// The scheme of a page that says what it is, which is followed, also when it changes its mind; else none.
export const schemeOf = (host) => (getComputedStyle(host).colorScheme == "normal" ? undefined : "inherit");
