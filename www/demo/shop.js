// The shop: list → cart → checkout → thanks. Each page's <main data-page> names the function below that fills it.
import { art, head, pieces, text } from "./demo.js";
import { h, store, stored } from "./dom.js";

const PRODUCTS = ["sencha", "teapot", "jasmine", "cups", "smoked", "whisk"];
const CART = "fernway:cart"; // {product: pieces}
const LAST_ORDER = "fernway:last-order"; // {number, cart, email}
const FIRST_ORDER = 1042;

const main = document.querySelector("main");
const price = (amount) => h("bdi", { class: "figures" }, text.money(amount));
const total = (cart) => Object.entries(cart).reduce((sum, [id, n]) => sum + n * text.products[id].price, 0);

/** The cart without what a former version of the shop may have left in it. */
function readCart() {
  const cart = Object.entries(stored(CART, {})).filter(([id, n]) => PRODUCTS.includes(id) && Number.isInteger(n) && n > 0);
  return Object.fromEntries(cart);
}

function writeCart(cart) {
  store(CART, cart);
  head();
}

function list() {
  const status = h("p", {});
  const add = (id) => {
    const cart = readCart();
    writeCart({ ...cart, [id]: (cart[id] ?? 0) + 1 });
    status.textContent = text.added(text.products[id].name);
  };
  main.append(
    h("div", { class: "hero" }, h("h1", {}, text.title), h("p", {}, text.lead)),
    h("ul", { class: "shelf", role: "list" }, PRODUCTS.map((id) => {
      const { name, note, price: amount } = text.products[id];
      return h("li", {}, h("article", {},
        h("div", { class: "art" }, art(id)),
        h("h2", {}, name),
        h("p", { class: "price" }, price(amount)),
        h("p", { class: "note" }, note),
        h("button", { type: "button", "data-add": id, "aria-label": text.addNamed(name), click: () => add(id) }, text.add),
      ));
    })),
    h("div", { class: "toast", role: "status" }, status),
  );
}

function sums(cart) {
  return h("dl", { class: "sum" },
    h("dt", {}, text.delivery), h("dd", {}, text.free),
    h("dt", { class: "all" }, text.total), h("dd", { class: "all" }, price(total(cart))),
  );
}

function brief(cart) {
  return h("ul", { class: "brief", role: "list" }, Object.entries(cart).map(([id, n]) => h("li", {},
    h("span", {}, text.times(text.products[id].name, n)), price(n * text.products[id].price))));
}

function empty(title) {
  main.replaceChildren(h("div", { class: "stack" },
    h("h1", { tabindex: "-1" }, title),
    h("p", {}, text.empty),
    h("p", {}, h("a", { class: "button filled", href: "shop.html" }, text.toShop)),
  ));
}

function cart() {
  const cart = readCart();
  if (pieces(cart) === 0) return empty(text.cart);
  // The buttons are drawn again after each change; focus stays on the one that was pressed.
  const change = (id, n, focus) => {
    const next = { ...readCart(), [id]: n };
    if (n === 0) delete next[id];
    writeCart(next);
    PAGES.cart();
    (document.getElementById(focus) ?? main.querySelector("h1")).focus();
  };
  const line = ([id, n]) => {
    const { name, price: amount } = text.products[id];
    const step = (to, key, sign, label) =>
      h("button", { type: "button", id: `${key}-${id}`, "aria-label": label(name), click: () => change(id, to, `${key}-${id}`) }, sign);
    return h("li", {},
      h("div", { class: "art" }, art(id)),
      h("span", { class: "name" }, name),
      h("span", { class: "price" }, price(n * amount)),
      h("div", { class: "many" },
        step(n - 1, "fewer", "−", text.fewer),
        h("output", { class: "figures", "aria-label": text.quantity(name) }, text.number(n)),
        step(n + 1, "more", "+", text.more),
        h("button", { type: "button", class: "plain", "aria-label": text.removeNamed(name), click: () => change(id, 0, "") }, text.remove),
      ));
  };
  main.replaceChildren(h("div", { class: "pair" },
    h("div", { class: "stack" }, h("h1", { tabindex: "-1" }, text.cart),
      h("ul", { class: "lines", role: "list" }, Object.entries(cart).map(line))),
    h("aside", { class: "panel", "aria-label": text.total }, sums(cart),
      h("a", { class: "button filled", id: "checkout", href: "checkout.html" }, text.checkout)),
  ));
}

function checkout() {
  const cart = readCart();
  if (pieces(cart) === 0) return empty(text.checkoutTitle);
  const order = (event) => {
    event.preventDefault();
    const number = Math.max(FIRST_ORDER, (stored(LAST_ORDER, {}).number ?? 0) + 1);
    store(LAST_ORDER, { number, cart, email: new FormData(event.target).get("email") });
    store(CART, {});
    location.assign(`thanks.html?order=${number}`);
  };
  const field = (name, attributes) => h("div", { class: "field" },
    h("label", { for: name }, text[name]),
    h("input", { id: name, name, required: true, value: text.sample[name], ...attributes }));
  const choice = (value, label, cost, checked) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "delivery", value, checked }), h("span", {}, label), h("span", {}, cost));
  main.append(h("div", { class: "pair" },
    h("div", { class: "stack" },
      h("h1", {}, text.checkoutTitle),
      h("p", { class: "quiet" }, text.checkoutNote),
      h("form", { class: "stack", id: "order", submit: order },
        field("name", { autocomplete: "name" }),
        field("email", { type: "email", autocomplete: "email", dir: "ltr" }),
        field("address", { autocomplete: "street-address" }),
        h("fieldset", {}, h("legend", {}, text.delivery),
          choice("post", text.post, text.free, true), choice("pickup", text.pickup, text.free, false)),
        h("div", {}, h("button", { class: "filled", id: "place-order" }, text.placeOrder)),
      )),
    h("aside", { class: "panel", "aria-label": text.yourOrder }, h("h2", {}, text.yourOrder), brief(cart), sums(cart)),
  ));
}

function thanks() {
  const order = new URLSearchParams(location.search).get("order");
  if (!/^\d{1,12}$/.test(order ?? "")) return empty(text.noOrder);
  // The survey is asked once for each order: the same order reloaded does not ask again.
  candor("event", "checkout_completed", { order_id: order }, { once: order });
  const last = stored(LAST_ORDER, {});
  const known = String(last.number) === order;
  main.append(h("div", { class: "pair" },
    h("div", { class: "stack" },
      h("h1", {}, text.thanksTitle),
      h("p", { class: "lead" }, text.orderNumber, " ", h("bdi", { class: "figures", id: "order-number" }, text.plain(Number(order)))),
      h("p", {}, text.next),
      known && last.email ? h("p", { class: "quiet" }, text.mailed, " ", h("bdi", {}, last.email)) : null,
      h("p", {}, h("a", { href: "shop.html" }, text.toShop)),
    ),
    known ? h("aside", { class: "panel", "aria-label": text.yourOrder }, h("h2", {}, text.yourOrder), brief(last.cart), sums(last.cart)) : null,
  ));
}

const PAGES = { list, cart, checkout, thanks };
PAGES[main.dataset.page]();
