// Makes cldr.json, what the packs and their tests need of Unicode's CLDR, so that neither needs the whole:
//   npm install --ignore-scripts --prefix /tmp/cldr cldr-core@48.2.0 cldr-numbers-full@48.2.0 cldr-misc-full@48.2.0
//   node locales/cldr.mjs /tmp/cldr > locales/cldr.json
import { readdirSync, readFileSync } from "node:fs";

const [, , prefix] = process.argv;
const here = new URL(".", import.meta.url).pathname;
const read = (path) => JSON.parse(readFileSync(`${prefix}/node_modules/${path}`, "utf8"));

const supplemental = (name) => read(`cldr-core/supplemental/${name}.json`).supplemental;
const { numberingSystems } = supplemental("numberingSystems");
const { likelySubtags } = supplemental("likelySubtags");
const { scriptMetadata } = read("cldr-core/scriptMetadata.json");
const numbers = (tag) => read(`cldr-numbers-full/main/${tag}/numbers.json`).main[tag].numbers;
const digits = (tag) => numberingSystems[numbers(tag).defaultNumberingSystem]._digits;
const group = (tag) => numbers(tag)[`symbols-numberSystem-${numbers(tag).defaultNumberingSystem}`].group;

/** The single characters of a UnicodeSet such as `[a-c {ch} \- \u200C]`, without its multi-character strings. */
function characters(set) {
  const parts = set.slice(1, -1).replace(/\{[^}]*\}/g, "").match(/\\u[0-9A-F]{4}|\\.|./gu) ?? [];
  const found = [];
  for (let i = 0; i < parts.length; i++) {
    const one = (part) => part.startsWith("\\u") ? String.fromCharCode(parseInt(part.slice(2), 16)) : part.replace("\\", "");
    if (parts[i] === " ") continue;
    if (parts[i] === "-" && found.length && parts[i + 1] && parts[i + 1] !== " ") {
      const last = one(parts[++i]).codePointAt(0);
      for (let c = found.at(-1).codePointAt(0) + 1; c <= last; c++) found.push(String.fromCodePoint(c));
    } else {
      found.push(one(parts[i]));
    }
  }
  return [...new Set(found)].sort().join("");
}

const languages = {};
for (const tag of readdirSync(here, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name).sort()) {
  const script = tag.split("-")[1] ?? likelySubtags[tag].split("-")[1];
  // Only regions that write other digits than the language does by default.
  const regions = {};
  // What stands between thousands, by the zero of the digits.
  const groups = { [digits(tag)[0]]: group(tag) };
  for (const locale of readdirSync(`${prefix}/node_modules/cldr-numbers-full/main`)) {
    const region = locale.startsWith(`${tag}-`) ? locale.slice(tag.length + 1) : "";
    if (/^([A-Z]{2}|\d{3})$/.test(region) && digits(locale) !== digits(tag)) {
      regions[region] = digits(locale);
      groups[digits(locale)[0]] = group(locale);
    }
  }
  const misc = read(`cldr-misc-full/main/${tag}/characters.json`).main[tag].characters;
  languages[tag] = {
    dir: scriptMetadata[script].rtl === "YES" ? "rtl" : "ltr",
    digits: digits(tag),
    digits_by_region: regions,
    groups,
    letters: characters(misc.exemplarCharacters),
    punctuation: characters(misc.punctuation),
  };
}

const traditional = Object.entries(likelySubtags).filter(([from, to]) => /^zh-[A-Z]{2}$/.test(from) && to.startsWith("zh-Hant-"));
const aliases = {};
for (const [from, { _replacement: to }] of Object.entries(supplemental("aliases").metadata.alias.languageAlias)) {
  if (/^[a-z]{3}$/.test(from) && Object.keys(languages).some((tag) => tag.split("-")[0] === to.split("-")[0])) aliases[from] = to;
}

process.stdout.write(JSON.stringify({
  source: `Unicode CLDR ${read("cldr-core/package.json").version} (licence Unicode-3.0), made by cldr.mjs`,
  languages,
  language_aliases: aliases,
  traditional_chinese_regions: traditional.map(([from]) => from.slice(3)).sort(),
}, null, 1) + "\n");
