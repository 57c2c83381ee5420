// The language to speak to a visitor, and the words in it. Which script readers of a tag expect, and which codes are other names of a
// language, the browser knows from CLDR; `crates/survey/src/language.rs` has the same for the server.

function read(tag) {
  // Templates on a server like to write the locale of their process: `th_TH.UTF-8`, `sr_RS@latin`.
  return new Intl.Locale(tag.trim().replace(/[.@].*/, "").replace(/_/g, "-"));
}

// Whether this locale is served by a tag that is spoken: in language and script. What the browser knows of scripts it is slow to load,
// so it is asked only where a tag has one.
function isServed(locale, spoken) {
  const [language] = spoken.split("-");
  if (locale.language != language) return false;
  return (language == spoken && !locale.script) || locale.maximize().script == read(spoken).maximize().script;
}

// Between spaces: the first of the wanted tags, best first, that is among those spoken, English if there is none; the region that it
// named, which decides the digits; all that are wanted, for a server that may speak others.
export function negotiate(wanted, spoken) {
  const tags = [].concat(wanted).filter((tag) => typeof tag == "string");
  // Not by a set, in whose place a page may have put something of its own.
  const all = tags.filter((tag, at) => /^[a-z][\w-]+$/i.test(tag) && tags.indexOf(tag) == at).slice(0, 9) + "" || "en";
  for (const tag of tags) {
    try {
      const locale = read(tag);
      const found = spoken.split(" ").find((one) => isServed(locale, one));
      if (found) return `${found} ${locale.region ?? ""} ${all}`;
    } catch {} // it is no language tag
  }
  return "en  " + all;
}

// All words under their names: English's, the pack's, the survey's, and the page's own; the later win. The page's are in the language that
// they name as `lang`.
export function join(english, pack, words, own) {
  const all = { __proto__: null, ...JSON.parse(english), ...pack, ...words, ...own };
  if (own?.lang)
    try {
      const locale = read(own.lang);
      all.lang = `${locale}`;
      all.dir = own.dir ?? (/Arab|Hebr|Syrc|Thaa|Nkoo|Adlm|Rohg/.test(locale.maximize().script) ? "rtl" : "ltr");
    } catch {
      delete all.lang; // it is no language tag
    }
  return all;
}

// What is wrong with the page's own words: names of nothing, and what a language that is not spoken leaves to English. Of the metrics'
// words those of one are asked for, and only what the page does not say in another way.
export function wrong(english, page, spoken, metric) {
  const { words } = page;
  const { lang = "en" } = words;
  const names = Object.keys(JSON.parse(english));
  const options = ["question", "low", "high", "followup"].filter((option) => page[option]);
  const isSaid = (name) =>
    words[name] ||
    /^(dir|zero|group)|plain$/.test(name) ||
    (/^(nps|csat|ces)-/.test(name) && !name.startsWith(metric)) ||
    options.some((option) => name.replace("t-1", "-low").replace("t-5", "-high").split("-").includes(option));
  const isSpoken = /^en\b/i.test(lang) || !/^en /.test(negotiate(lang, spoken));
  const missing = isSpoken ? "" : names.filter((name) => !isSaid(name)).join(", ");
  const unknown = Object.keys(words).filter((name) => !names.includes(name) && !/^(lang|group)/.test(name)) + "";
  return [unknown && `${unknown}: not known`, missing && `${missing}: English, for want of ${lang}`].filter(Boolean).join("; ");
}
