// The languages of the demo, and the pages that are there once for all of them: the index and the scores. Texts other than
// English await native readers.
import { h, store, stored } from "./dom.js";

/** The languages, by their own names. A folder of this name holds the pages and texts.js. */
export const LANGUAGES = { en: "English", th: "ไทย", "zh-Hant": "繁體中文", vi: "Tiếng Việt", fa: "فارسی", ar: "العربية" };

const KEY = "fernway:language";

/** Language and script agree, as for the widget: zh-TW is Traditional, zh-CN is not offered. */
function same(one, other) {
  try {
    const [a, b] = [one, other].map((tag) => new Intl.Locale(tag).maximize());
    return a.language === b.language && a.script === b.script;
  } catch {
    return false;
  }
}

/** What was chosen last, else the first of the browser's languages that there is, else English. */
export function preferred() {
  const tags = Object.keys(LANGUAGES);
  return [stored(KEY), ...navigator.languages].filter(Boolean)
    .map((wanted) => tags.find((tag) => same(wanted, tag))).find(Boolean) ?? "en";
}

/** Makes the page speak a language: `data-text="home.title"` has that text, `data-page` links to the page in it. */
export async function speak(tag) {
  const { default: text } = await import(`./${tag}/texts.js`);
  document.documentElement.lang = tag;
  document.documentElement.dir = text.dir;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = element.dataset.text.split(".").reduce((texts, key) => texts[key], text);
  }
  for (const link of document.querySelectorAll("[data-page]")) link.href = `${tag}/${link.dataset.page}`;
  return text;
}

/** Fills the page's list of languages; `changed` is called with each choice, which is kept. */
export function choice(select, changed) {
  select.append(...Object.entries(LANGUAGES).map(([tag, name]) => h("option", { value: tag, lang: tag }, name)));
  select.value = preferred();
  select.addEventListener("change", () => {
    store(KEY, select.value);
    changed();
  });
}
