// The language to speak to a visitor. Which script readers of a tag expect, and which codes are other names of a language, the browser
// knows from CLDR; `crates/survey/src/language.rs` has the same for the server.

function read(tag) {
  // Templates on a server like to write the locale of their process: `th_TH.UTF-8`, `sr_RS@latin`.
  return new Intl.Locale(`${tag}`.trim().replace(/[.@].*/, "").replace(/_/g, "-"));
}

// Whether this locale is served by a tag that is spoken: in language and script. What the browser knows of scripts it is slow to load,
// so it is asked only where a tag has one.
function isServed(locale, spoken) {
  const [language] = spoken.split("-");
  if (locale.language != language) return false;
  return (language == spoken && !locale.script) || locale.maximize().script == read(spoken).maximize().script;
}

// The first of the wanted tags, best first, that is among those spoken, and after a space the region that it named, which decides the
// digits. English if there is none.
export function negotiate(wanted, spoken) {
  for (const tag of [].concat(wanted)) {
    try {
      const locale = read(tag);
      const found = spoken.split(" ").find((one) => isServed(locale, one));
      if (found) return `${found} ${locale.region ?? ""}`;
    } catch {} // it is no language tag
  }
  return "en ";
}
