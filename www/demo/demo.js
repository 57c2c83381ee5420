// What the demo pages share: their head and foot, the language links and "Reset my answers".
//
// Origins. Every page that asks something holds the script tag literally, as a site owner would paste it, with
// src="/candor.js". To serve page, widget and endpoint from three origins, serve these files with that text replaced, e.g.
//   src="/candor.js"  →  src="http://127.0.0.1:9001/candor.js" data-endpoint="http://127.0.0.1:9002/v1/responses"
// and, in csp.html, connect-src 'self' by those origins. An address taken from the query would let any link run its own
// script in a page that may hold the operator's token, so there is none.

import { h, stored } from "./dom.js";
import { LANGUAGES } from "./languages.js";

const SVG = "http://www.w3.org/2000/svg";

/** A picture from art.svg; decorative, as its caption stands beside it. */
export function art(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${new URL("art.svg", import.meta.url).pathname}#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** How many pieces are in the cart, `{product: pieces}`. */
export const pieces = (cart) => Object.values(cart).reduce((sum, n) => sum + n, 0);

const tag = document.documentElement.lang;
const page = location.pathname.split("/").pop();

/** The texts of this page's language. */
export const text = (await import(`./${tag}/texts.js`)).default;

/** Writes the head's links; again whenever the cart has changed. */
export function head() {
  const count = pieces(stored("fernway:cart", {}));
  const cart = count > 0 ? `${text.cart} (${text.number(count)})` : text.cart;
  const links = { "shop.html": text.shop, "article.html": text.journal, "help.html": text.help, "cart.html": cart };
  document.querySelector(".top").replaceChildren(
    h("a", { class: "mark", href: "shop.html", lang: "en" }, art("leaf"), "Fernway"),
    h("nav", { "aria-label": text.menu },
      Object.entries(links).map(([href, label]) => h("a", { href, "aria-current": href === page && "page" }, label))),
  );
}

function foot() {
  const languages = Object.entries(LANGUAGES).map(([lang, name]) =>
    h("li", {}, h("a", {
      href: `../${lang}/${page}${location.search}`, lang, hreflang: lang, dir: "auto", "aria-current": lang === tag && "true",
    }, name)));
  const reset = () => {
    window.candor?.("reset");
    location.reload();
  };
  document.querySelector(".foot").replaceChildren(
    h("nav", { "aria-label": text.language }, h("ul", {}, languages)),
    h("p", {}, text.demoNote),
    h("ul", {},
      h("li", {}, h("button", { type: "button", class: "plain", id: "reset", click: reset }, text.reset)),
      h("li", {}, h("a", { href: "../" }, text.allPages)),
      h("li", {}, h("a", { href: "../scores.html" }, text.scores)),
    ),
  );
}

head();
foot();
