// The language to speak to a visitor. Which script readers of a tag expect, and which codes are other names of a language, the browser
// knows from CLDR; `crates/survey/src/language.rs` has the same for the server.

function read(tag) {
  // Templates on a server like to write the locale of their process: `th_TH.UTF-8`, `sr_RS@latin`.
  const locale = new Intl.Locale(`${tag}`.trim().replace(/[.@].*/, "").replace(/_/g, "-"));
  const { language, script } = locale.maximize();
  return [language + script, locale.region ?? ""];
}

// The first of the wanted tags, best first, that is among those spoken, and after a space the region that it named, which decides the
// digits. English if there is none.
export function negotiate(wanted, spoken) {
  for (const tag of [].concat(wanted)) {
    try {
      const [language, region] = read(tag);
      const found = spoken.split(" ").find((one) => read(one)[0] == language);
      if (found) return `${found} ${region}`;
    } catch {} // it is no language tag
  }
  return "en ";
}
