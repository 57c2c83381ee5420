// The language to speak to a visitor, and the words in it. Which script readers of a tag expect, and which codes are other names of a
// language, the browser knows from CLDR; `crates/survey/src/language.rs` has the same for the server.

// A tag's locale; none of what is no language tag, or longer than an answer may name.
function read(tag) {
  try {
    // Templates on a server like to write the locale of their process: `th_TH.UTF-8`, `sr_RS@latin`.
    const locale = new Intl.Locale(`${tag}`.trim().replace(/[.@].*/, "").replace(/_/g, "-"));
    if (!locale.baseName[35]) return locale;
  } catch {}
}

// Whether this locale is served by a tag that is spoken: in language and script. What the browser knows of scripts it is slow to load,
// so it is asked only where a tag has one.
function isServed(locale, spoken) {
  const [language] = spoken.split("-");
  if (locale.language != language) return false;
  return (language == spoken && !locale.script) || locale.maximize().script == read(spoken).maximize().script;
}

const speaks = (spoken, locale) => spoken.split(" ").find((one) => isServed(locale, one));

// Between spaces: the first of the wanted tags, best first, that is among those spoken, English if there is none; the region that it
// named, which decides the digits; all that are wanted, for a server that may speak others.
export function negotiate(wanted, spoken) {
  const locales = [].concat(wanted).map(read).filter(Boolean);
  const names = locales.map(({ baseName }) => baseName);
  // Not by a set, in whose place a page may have put something of its own.
  const all = names.filter((name, at) => names.indexOf(name) == at).slice(0, 9) + "" || "en";
  const chosen = locales.find((locale) => speaks(spoken, locale));
  return chosen ? `${speaks(spoken, chosen)} ${chosen.region ?? ""} ${all}` : "en  " + all;
}

// Of some words those that can be said.
const sayable = (words) =>
  Object.fromEntries(Object.entries(words || {}).filter(([, text]) => typeof text == "string" && text.trim()));

// All words under their names: English's, the pack's, the survey's, and the page's own; the later win. Those of survey and page are in the
// language that they name as `lang`. Under `wrong` stands what is wrong with the page's: what nobody asks for or can't be said, and what a
// language that is not spoken leaves to English. Of the metrics' words those of one are asked for, and only what the page does not say in
// another way.
export function join(english, pack, words, page, spoken, metric) {
  const own = page.words || {};
  const said = sayable(own);
  const given = { ...sayable(words), ...said };
  const base = JSON.parse(english);
  const all = { __proto__: null, ...base, ...pack, ...given };
  // The pack has some for regions, too.
  if (given.zero) for (const name in all) if (/^zero-/.test(name)) delete all[name];
  const locale = read(given.lang);
  all.lang = locale?.baseName;
  const isRtl = /Arab|Hebr|Syrc|Thaa|Nkoo|Adlm|Rohg/;
  if (locale && !/^(ltr|rtl)$/.test(given.dir)) all.dir = isRtl.test(locale.maximize().script) ? "rtl" : "ltr";

  const isSaid = (name) =>
    said[name] ||
    /^(dir|zero|group)|plain$/.test(name) ||
    (/^(nps|csat|ces)-/.test(name) && !name.startsWith(metric)) ||
    (page.survey == metric && /^(back|next|oth|choo|req|un)/.test(name)) ||
    (page.question && /-question$/.test(name)) ||
    (page.low && /-(low|1)$/.test(name)) ||
    (page.high && /-(high|5)$/.test(name)) ||
    (page.followup && /^followup/.test(name));
  const odd = Object.keys(own).filter((name) => name != "lang" && (!said[name] || (!base[name] && !/^group/.test(name)))) + "";
  const missing = said.lang && locale && !speaks(spoken, locale) ? Object.keys(base).filter((name) => !isSaid(name)).join(", ") : "";
  if (odd || missing)
    all.wrong = "data-text-…: " + (odd && odd + ": not known, or no text. ") + (missing && `${missing}: English, for want of ${said.lang}.`);
  return all;
}

// How many there are of what people call characters; where the browser can't tell, code points.
export const countCharacters = (text) => [...(Intl.Segmenter ? new Intl.Segmenter().segment(text) : text)].length;
