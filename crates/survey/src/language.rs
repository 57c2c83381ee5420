/// The languages that Candor speaks, English first.
pub const LANGUAGES: [&str; 6] = ["en", "th", "zh-Hant", "vi", "fa", "ar"];

/// The digits zero of scripts that have digits of their own, each followed by its nine others in Unicode; the last is the wide one of
/// Chinese keyboards.
pub const ZEROS: &[char] = &[
    '0', '٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '᱐', '０',
];

/// A language chosen for a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// The tag as it was offered: `zh-Hant`.
    pub tag: &'static str,
    /// The region that the visitor named, in capitals (`EG`): it decides the digits, not the words.
    pub region: Option<String>,
}

impl Language {
    /// The first wanted tag that is [offered](closest); English when there is none.
    #[must_use]
    pub fn negotiate(wanted: &[String], offered: &[&'static str]) -> Self {
        for tag in wanted {
            if let Some(&offer) = closest_to(tag, offered).and_then(|index| offered.get(index)) {
                let tag = tag.to_ascii_lowercase();
                let region = Tag::parse(&tag).map(|tag| tag.region).filter(|region| !region.is_empty());
                return Self { tag: offer, region: region.map(str::to_ascii_uppercase) };
            }
        }
        Self { tag: "en", region: None }
    }
}

/// The index of the offered tag that serves the first servable wanted tag best.
///
/// Wanted tags come best first. Language and script must agree, the script that a tag leaves out being the one its
/// readers use (`zh-TW` is `zh-Hant`, `zh-CN` is not). Among several offers the one of the same region wins, then
/// the one without a region, then the first. What is no language tag matches nothing.
///
/// Case does not matter, `_` is read as `-`, and variants, extensions, private use and a POSIX ending (`.UTF-8`) are
/// ignored.
#[must_use]
pub fn closest<'a>(wanted: impl IntoIterator<Item = &'a str>, offered: &[&str]) -> Option<usize> {
    wanted.into_iter().find_map(|tag| closest_to(tag, offered))
}

fn closest_to(wanted: &str, offered: &[&str]) -> Option<usize> {
    let wanted = wanted.to_ascii_lowercase();
    let wanted = Tag::parse(&wanted)?;
    let mut best = None;
    let mut best_rank = 0;
    for (index, offer) in offered.iter().enumerate() {
        let offer = offer.to_ascii_lowercase();
        let rank = Tag::parse(&offer).map_or(0, |offer| wanted.rank(&offer));
        if rank > best_rank {
            best = Some(index);
            best_rank = rank;
        }
    }
    best
}

/// The tag in its usual form, `ZH_hant_tw` as `zh-Hant-TW`, reduced to language, script and region; `None` when it is no
/// language tag.
#[must_use]
pub fn canonical(tag: &str) -> Option<String> {
    let tag = tag.to_ascii_lowercase();
    let Tag { language, script, region } = Tag::parse(&tag)?;
    let mut canonical = String::from(language);
    if let Some((first, rest)) = script.split_at_checked(1) {
        canonical.push('-');
        canonical.push_str(&first.to_ascii_uppercase());
        canonical.push_str(rest);
    }
    if !region.is_empty() {
        canonical.push('-');
        canonical.push_str(&region.to_ascii_uppercase());
    }
    Some(canonical)
}

/// Languages and scripts that are written from right to left, by the scripts that CLDR expects of them.
#[cfg(feature = "authored")]
const RIGHT_TO_LEFT: [&str; 23] = [
    "adlm", "ar", "arab", "arc", "ckb", "dv", "fa", "glk", "he", "hebr", "ks", "lrc", "mzn", "nqo", "ps",
    "rohg", "sd", "syr", "syrc", "thaa", "ug", "ur", "yi",
];

/// Whether the tag's script, else its language, is written from right to left.
#[cfg(feature = "authored")]
pub(crate) fn is_right_to_left(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    Tag::parse(&tag).is_some_and(|tag| {
        RIGHT_TO_LEFT.contains(&if tag.script.is_empty() { tag.language } else { tag.script })
    })
}

/// A language tag's parts in small letters, empty where absent.
struct Tag<'a> {
    language: &'a str,
    script: &'a str,
    region: &'a str,
}

impl<'a> Tag<'a> {
    /// Reads a tag that is in small letters already.
    fn parse(tag: &'a str) -> Option<Self> {
        // Templates on a server like to write the locale of their process: `th_TH.UTF-8`, `sr_RS@latin`.
        let tag = tag.trim_ascii().split(['.', '@'].as_slice()).next()?;
        let mut subtags = tag.split(['-', '_'].as_slice());
        let language = subtags.next().filter(|s| matches!(s.len(), 2 | 3) && is_alphabetic(s))?;
        let mut parsed = Tag { language, script: "", region: "" };
        for subtag in subtags {
            match subtag.len() {
                // A singleton opens an extension or private use, where `-u-nu-…` and the like must not be read as regions.
                1 => break,
                4 if is_alphabetic(subtag) && parsed.script.is_empty() && parsed.region.is_empty() => {
                    parsed.script = subtag;
                }
                2 if is_alphabetic(subtag) && parsed.region.is_empty() => parsed.region = subtag,
                3 if subtag.bytes().all(|b| b.is_ascii_digit()) && parsed.region.is_empty() => {
                    parsed.region = subtag;
                }
                // Variants, and extended languages as in `zh-cmn-Hant`.
                _ => {}
            }
        }
        parsed.language = match language {
            "ara" | "arb" => "ar",
            "eng" => "en",
            // CLDR writes Dari (prs and two deprecated codes of its dialects) as Persian of Afghanistan, with the same script and digits, and without a pack of its own
            // a reader of Dari is better served by Persian than by English.
            "drw" | "prs" | "tnf" => {
                if parsed.region.is_empty() {
                    parsed.region = "af";
                }
                "fa"
            }
            "fas" | "per" | "pes" => "fa",
            "in" => "id",
            "iw" => "he",
            "ji" => "yi",
            "tha" => "th",
            "vie" => "vi",
            "chi" | "cmn" | "zho" => "zh",
            other => other,
        };
        Some(parsed)
    }

    /// The script that readers of this tag expect; empty when this table does not know.
    fn likely_script(&self) -> &'a str {
        if !self.script.is_empty() {
            return self.script;
        }
        match self.language {
            "ar" | "fa" => "arab",
            "en" | "vi" => "latn",
            "th" => "thai",
            "zh" => match self.region {
                // The regions that CLDR's likely subtags give to Traditional Chinese.
                "au" | "bn" | "gb" | "gf" | "hk" | "id" | "mo" | "pa" | "pf" | "ph" | "sr" | "th" | "tw"
                | "us" | "vn" => "hant",
                _ => "hans",
            },
            _ => "",
        }
    }

    /// How well an offer serves this wanted tag; 0 is not at all.
    fn rank(&self, offer: &Tag<'_>) -> u8 {
        let (script, offered) = (self.likely_script(), offer.likely_script());
        if self.language != offer.language || (script != offered && !script.is_empty() && !offered.is_empty())
        {
            return 0;
        }
        let region = if self.region == offer.region {
            3
        } else if offer.region.is_empty() {
            2
        } else {
            1
        };
        if script == offered { 3 + region } else { region }
    }
}

fn is_alphabetic(subtag: &str) -> bool {
    subtag.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &[&str], tag: &str, region: Option<&str>) {
        let wanted: Vec<_> = wanted.iter().map(|&tag| tag.to_owned()).collect();
        let chosen = Language::negotiate(&wanted, &LANGUAGES);
        assert_eq!((chosen.tag, chosen.region.as_deref()), (tag, region), "{wanted:?}");
    }

    #[track_caller]
    fn check_closest(wanted: &[&str], offered: &[&str], expected: Option<&str>) {
        let chosen = closest(wanted.iter().copied(), offered).map(|index| offered[index]);
        assert_eq!(chosen, expected, "{wanted:?} of {offered:?}");
    }

    #[test]
    fn each_language_is_found_under_its_own_name() {
        for tag in LANGUAGES {
            check(&[tag], tag, None);
            check(&[&tag.to_ascii_uppercase()], tag, None);
        }
    }

    #[test]
    fn the_first_wanted_language_that_is_offered_wins() {
        check(&["tlh", "vi", "fa"], "vi", None);
        check(&["fa", "vi"], "fa", None);
        check(&["th-TH", "en-US"], "th", Some("TH"));
        check(&["en-GB", "th"], "en", Some("GB"));
    }

    #[test]
    fn nothing_offered_is_english() {
        check(&[], "en", None);
        // Klingon, and a language made up for this.
        check(&["tlh-CH", "qaa"], "en", None);
    }

    #[test]
    fn script_goes_before_region() {
        check(&["zh-Hant"], "zh-Hant", None);
        check(&["zh-Hant-CN"], "zh-Hant", Some("CN"));
        check(&["zh-TW"], "zh-Hant", Some("TW"));
        check(&["zh-HK"], "zh-Hant", Some("HK"));
        check(&["zh-MO"], "zh-Hant", Some("MO"));
        check(&["zh-cmn-Hant-TW"], "zh-Hant", Some("TW"));
        for simplified in
            ["zh", "zh-CN", "zh-SG", "zh-MY", "zh-Hans", "zh-Hans-TW", "zh-Hans-HK", "zh-Latn-TW"]
        {
            check(&[simplified], "en", None);
            check(&[simplified, "vi"], "vi", None);
        }
        check(&["ar-Latn", "vi"], "vi", None);
        check(&["fa-Arab-IR"], "fa", Some("IR"));
    }

    #[test]
    fn the_region_is_kept_for_the_digits() {
        check(&["ar-EG"], "ar", Some("EG"));
        check(&["ar-sa"], "ar", Some("SA"));
        check(&["ar-001"], "ar", Some("001"));
        check(&["fa-AF"], "fa", Some("AF"));
    }

    #[test]
    fn dari_and_three_letter_codes_are_read() {
        check(&["prs"], "fa", Some("AF"));
        check(&["prs-AF"], "fa", Some("AF"));
        check(&["pes-IR"], "fa", Some("IR"));
        check(&["arb"], "ar", None);
        check(&["zho-TW"], "zh-Hant", Some("TW"));
        check(&["cmn", "tha"], "th", None);
    }

    #[test]
    fn aliases_and_the_regions_of_traditional_chinese_are_those_of_cldr() {
        let cldr: serde_json::Value =
            serde_json::from_str(include_str!("../../../locales/cldr.json")).unwrap();
        for (alias, tag) in cldr["language_aliases"].as_object().unwrap() {
            assert_eq!(canonical(alias).as_deref(), tag.as_str(), "{alias}");
        }
        let traditional = cldr["traditional_chinese_regions"].as_array().unwrap();
        for first in b'A'..=b'Z' {
            for second in b'A'..=b'Z' {
                let region = String::from_utf8(vec![first, second]).unwrap();
                let chosen = closest([&*format!("zh-{region}")], &["zh-Hant"]);
                assert_eq!(chosen.is_some(), traditional.iter().any(|r| r == &*region), "{region}");
            }
        }
    }

    #[test]
    fn other_spellings_are_read() {
        check(&["ZH_hant_tw"], "zh-Hant", Some("TW"));
        check(&["th_TH.UTF-8"], "th", Some("TH"));
        check(&[" vi-VN "], "vi", Some("VN"));
        check(&["fa_IR@calendar=persian"], "fa", Some("IR"));
    }

    #[test]
    fn variants_extensions_and_private_use_are_ignored() {
        check(&["ar-u-nu-arab"], "ar", None);
        check(&["ar-EG-u-nu-latn"], "ar", Some("EG"));
        check(&["en-x-us-th"], "en", None);
        check(&["en-GB-oxendict"], "en", Some("GB"));
        check(&["th-t-zh-tw"], "th", None);
        check(&["x-th", "vi"], "vi", None);
    }

    #[test]
    fn garbage_matches_nothing_and_never_panics() {
        for garbage in [
            "",
            " ",
            "*",
            "-",
            "_",
            "--",
            "e",
            "-en",
            "1",
            "12",
            "english",
            "ภาษาไทย",
            "th😀",
            "\0",
            "a-b-c-d",
            ".",
            "@",
            "-u-nu-arab",
            "ـfa",
            "zh–TW",
        ] {
            check(&[garbage], "en", None);
            check(&[garbage, "fa"], "fa", None);
            check_closest(&[garbage], &[garbage], None);
        }
        check(&["en--US"], "en", Some("US"));
        check(&["th-ไทย"], "th", None);
        check(&[&"a-".repeat(100_000)], "en", None);
    }

    #[test]
    fn a_survey_s_own_languages_are_negotiated_alike() {
        check_closest(&["zh-HK"], &["en", "zh-Hans", "zh-Hant"], Some("zh-Hant"));
        check_closest(&["zh"], &["zh-TW", "zh-CN"], Some("zh-CN"));
        check_closest(&["de", "en"], &["en", "fr"], Some("en"));
        check_closest(&["de"], &["en", "fr"], None);
        check_closest(&["de"], &[], None);
        check_closest(&["pt-PT"], &["pt-BR", "pt", "pt-PT"], Some("pt-PT"));
        check_closest(&["pt-AO"], &["pt-BR", "pt"], Some("pt"));
        check_closest(&["pt"], &["pt-BR", "pt-PT"], Some("pt-BR"));
        check_closest(&["sr-Latn"], &["sr", "sr-Latn"], Some("sr-Latn"));
        check_closest(&["sr-Latn"], &["sr"], Some("sr"));
        check_closest(&["en-AU"], &["not a tag", "EN_gb"], Some("EN_gb"));
    }

    #[test]
    fn a_tag_has_one_usual_form() {
        for (tag, expected) in [
            ("ZH_hant_tw", Some("zh-Hant-TW")),
            ("EN", Some("en")),
            ("ar-eg-u-nu-latn", Some("ar-EG")),
            ("prs", Some("fa-AF")),
            ("es-419", Some("es-419")),
            ("Deutsch", None),
        ] {
            assert_eq!(canonical(tag).as_deref(), expected, "{tag}");
        }
    }

    #[cfg(feature = "authored")]
    #[test]
    fn the_direction_is_that_of_the_script_else_of_the_language() {
        for (tag, is_rtl) in [
            ("he", true),
            ("iw", true),
            ("ji", true),
            ("ur-PK", true),
            ("ku-Arab", true),
            ("ks-Deva", false),
            ("de-AT", false),
        ] {
            assert_eq!(is_right_to_left(tag), is_rtl, "{tag}");
        }
    }
}
