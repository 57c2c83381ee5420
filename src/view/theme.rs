//! Styles and colours.

use super::Look;
use crate::text::concat;
use candor_survey::Display;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot};

#[wasm_bindgen(module = "/src/view/view.js")]
extern "C" {
    fn paint(wrapper: &HtmlElement, scheme: Option<&str>, accent: Option<&str>) -> String;
    #[wasm_bindgen(js_name = schemeOf)]
    fn scheme_of(host: &HtmlElement) -> Option<String>;
}

const EVERYWHERE: &str = include_str!(concat!(env!("OUT_DIR"), "/everywhere.css"));
const POPOVER: &str = include_str!(concat!(env!("OUT_DIR"), "/popover.css"));
const INLINE: &str = include_str!(concat!(env!("OUT_DIR"), "/inline.css"));

/// Gives the root its styles as a constructed sheet, which no `style-src` forbids.
pub(super) fn adopt(look: &Look, root: &ShadowRoot) {
    let side = if look.on_right { "right" } else { "left" };
    let placed = [":host{", side, ":max(24px,env(safe-area-inset-", side, "))!important}", POPOVER];
    let placement = match look.display {
        Display::Inline => INLINE.into(),
        _ => concat(&placed),
    };
    if let Ok(sheet) = CssStyleSheet::new() {
        let _ = sheet.replace_sync(&concat(&[EVERYWHERE, &placement, &look.more]));
        root.set_adopted_style_sheets(&Array::of1(&sheet));
    }
}

/// Light, dark, or as the page is; `None` for the reader's own setting.
pub(super) fn scheme(look: &Look, host: &HtmlElement) -> Option<String> {
    look.theme.clone().or_else(|| scheme_of(host))
}

/// Chooses light or dark, and colours that can be told on it. Says what is wrong with those of the page; empty if nothing is.
pub(super) fn colour(look: &Look, wrapper: &HtmlElement, scheme: Option<&str>) -> String {
    paint(wrapper, scheme, look.accent.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, contrast ratio.
    fn ratio(a: [u8; 3], b: [u8; 3]) -> f64 {
        let luminance = |colour: [u8; 3]| {
            let [r, g, b] = colour.map(|channel| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The light and the dark colour of this name.
    fn pair(name: &str) -> [[u8; 3]; 2] {
        let defined = format!("--_candor-{name}:");
        let all = EVERYWHERE.split(&defined);
        let rest = all.filter_map(|rest| rest.split_once(';')?.0.split_once("light-dark(")).next().unwrap().1;
        let mut pair = rest.split_once(')').unwrap().0.split(',').map(str::trim);
        [(); 2].map(|()| {
            let hex = pair.next().unwrap().trim_start_matches('#');
            let channel = |at: usize| {
                let digits =
                    if hex.len() == 3 { hex[at..=at].repeat(2) } else { hex[2 * at..2 * at + 2].into() };
                u8::from_str_radix(&digits, 16).unwrap()
            };
            [0, 1, 2].map(channel)
        })
    }

    #[test]
    fn every_colour_that_is_not_the_pages_can_be_told_on_its_surface() {
        for (name, least) in [("ink", 7.0), ("muted", 4.5), ("line", 3.0), ("error", 7.0), ("neutral", 7.0)] {
            for (colour, surface) in pair(name).into_iter().zip(pair("surface")) {
                let ratio = ratio(colour, surface);
                assert!(ratio >= least, "{name}: {ratio} on {surface:?}");
            }
        }
        for (colour, tint) in pair("muted").into_iter().zip(pair("tint")) {
            assert!(ratio(colour, tint) >= 4.5, "muted on tint {tint:?}");
        }
        for (hovered, surface) in pair("lifted").into_iter().zip(pair("surface")) {
            assert!(ratio(hovered, surface) >= 7.0, "what is written on a hovered button");
        }
    }
}
