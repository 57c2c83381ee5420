//! Styles and colours.

use super::Look;
use crate::{
    js::window,
    text::{concat, push_hex},
};
use candor_survey::Display;
use js_sys::Array;
use web_sys::{CssStyleSheet, HtmlElement, ShadowRoot};

const EVERYWHERE: &str = include_str!(concat!(env!("OUT_DIR"), "/everywhere.css"));
const POPOVER: &str = include_str!(concat!(env!("OUT_DIR"), "/popover.css"));
const INLINE: &str = include_str!(concat!(env!("OUT_DIR"), "/inline.css"));

/// The surfaces on which an accent must be seen, as `frame.css` has them.
const LIGHT_SURFACE: [u8; 3] = [255, 255, 255];
const DARK_SURFACE: [u8; 3] = [30, 31, 34];

/// Gives the root its styles as a constructed sheet, which no `style-src` forbids.
pub(super) fn adopt(look: &Look, root: &ShadowRoot) {
    let side = if look.on_right { "right" } else { "left" };
    let placed = [":host{", side, ":max(24px,env(safe-area-inset-", side, "))!important}", POPOVER];
    let placement = match look.display {
        Display::Popover => concat(&placed),
        Display::Inline => INLINE.into(),
    };
    if let Ok(sheet) = CssStyleSheet::new() {
        let _ = sheet.replace_sync(&concat(&[EVERYWHERE, &placement]));
        root.set_adopted_style_sheets(&Array::of1(&sheet));
    }
}

/// Light, dark, or as the page is; `None` for the reader's own setting.
pub(super) fn scheme(look: &Look, host: &HtmlElement) -> Option<String> {
    let given = look.theme.clone();
    // A page that says what it is, is followed, also when it changes its mind.
    given.or_else(|| {
        computed(host, "color-scheme").filter(|scheme| scheme != "normal").map(|_| "inherit".into())
    })
}

fn computed(element: &HtmlElement, property: &str) -> Option<String> {
    window()?.get_computed_style(element).ok()??.get_property_value(property).ok()
}

/// Chooses light or dark, and an accent that can be read on it.
///
/// # Errors
/// What was expected of the accent.
pub(super) fn colour(look: &Look, wrapper: &HtmlElement, scheme: Option<&str>) -> Result<(), String> {
    let style = wrapper.style();
    if let Some(scheme) = scheme {
        let _ = style.set_property("color-scheme", scheme);
    }
    let Some(accent) = &look.accent else { return Ok(()) };
    // The browser knows every notation of a colour, and tells one that is mixed in shares of sRGB. What it does not know leaves
    // the sentinel.
    let _ = style.set_property("color", "rgba(1,2,3,0)");
    let _ = style.set_property("color", &concat(&["color-mix(in srgb,", accent, ",", accent, ")"]));
    let colour = computed(wrapper, "color").as_deref().and_then(parse_srgb);
    let _ = style.remove_property("color");
    let Some(colour) = colour else {
        return Err(concat(&["accent: expected an opaque CSS colour, not ", accent]));
    };
    let more = window()
        .and_then(|window| window.match_media("(prefers-contrast:more)").ok().flatten())
        .is_some_and(|query| query.matches());
    // With a margin for the approximation in `luminance`.
    let contrast = if more { 7.2 } else { 4.65 };
    for (name, surface, ink) in [("--_candor-light", LIGHT_SURFACE, 0), ("--_candor-dark", DARK_SURFACE, 255)]
    {
        let _ = style.set_property(name, &hex(readable(colour, surface, ink, contrast)));
    }
    Ok(())
}

/// The colour, moved towards the ink just far enough to contrast with the surface. Text of the surface's colour is then
/// as readable on it as it is on the surface.
fn readable(colour: [u8; 3], surface: [u8; 3], ink: u8, contrast: f32) -> [u8; 3] {
    let [r, g, b] = colour;
    for sixteenths in 0..16 {
        let mix =
            |channel: u8| ((u16::from(channel) * (16 - sixteenths) + u16::from(ink) * sixteenths) / 16) as u8;
        let mixed = [mix(r), mix(g), mix(b)];
        if ratio(mixed, surface) >= contrast {
            return mixed;
        }
    }
    [ink; 3]
}

/// WCAG 2.2, contrast ratio, 1 to 21.
fn ratio(a: [u8; 3], b: [u8; 3]) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2, relative luminance, with a polynomial in place of the power of 2.4, which is off by less than 0.003.
fn luminance([r, g, b]: [u8; 3]) -> f32 {
    let linear = |channel: u8| {
        let c = f32::from(channel) / 255.0;
        c * (c * (c * 0.305_306 + 0.682_171_1) + 0.012_522_878)
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Reads `color(srgb 0.1 0.2 0.3)`, as browsers write a mixed colour. A transparent one is none.
fn parse_srgb(text: &str) -> Option<[u8; 3]> {
    let mut channels = text.strip_prefix("color(srgb ")?.strip_suffix(')')?.split([' '].as_slice());
    let colour = [share(channels.next()?), share(channels.next()?), share(channels.next()?)];
    channels.next().is_none().then_some(colour)
}

/// Reads a share of one, `0.25`, to three places; what lies outside is brought to the nearest that can be shown.
fn share(text: &str) -> u8 {
    // `-0.01`, and `1e-7`, which is as good as nothing.
    if text.contains(['-'].as_slice()) {
        return 0;
    }
    let mut thousandths = 0;
    for place in [0, 2, 3, 4] {
        let digit = text.as_bytes().get(place).copied().unwrap_or(b'0');
        thousandths = thousandths * 10 + u32::from(digit - b'0');
    }
    ((thousandths.min(1_000) * 255 + 500) / 1_000) as u8
}

fn hex(colour: [u8; 3]) -> String {
    let mut text = String::from("#");
    for channel in colour {
        push_hex(&mut text, channel);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition itself.
    fn exact_ratio(a: [u8; 3], b: [u8; 3]) -> f64 {
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

    #[test]
    fn every_one_of_4096_accents_can_be_read_in_both_themes() {
        for rgb in 0..4_096_u16 {
            let colour = [rgb >> 8, rgb >> 4 & 15, rgb & 15].map(|digit| (digit * 17) as u8);
            for (surface, ink) in [(LIGHT_SURFACE, 0), (DARK_SURFACE, 255)] {
                let at = |contrast| exact_ratio(readable(colour, surface, ink, contrast), surface);
                assert!(at(4.65) >= 4.5, "{colour:?} on {surface:?}: {}", at(4.65));
                assert!(at(7.2) >= 7.0, "{colour:?} on {surface:?}: {}", at(7.2));
            }
        }
    }

    /// What stands in the styles between these two.
    fn styled<'a>(before: &str, after: &str) -> &'a str {
        let (_, rest) = EVERYWHERE.split_once(before).unwrap();
        rest.split_once(after).unwrap().0
    }

    /// Reads `#18191b`.
    fn parse_hex(text: &str) -> [u8; 3] {
        [1, 3, 5].map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
    }

    #[test]
    fn text_on_the_hovered_button_can_be_read_with_every_accent_and_with_none() {
        assert_eq!(styled(".send:hover{", "}"), "background:var(--_candor-hovered)");
        let hovered = styled("--_candor-hovered:light-dark(", ");--");
        let (light, dark) = hovered.split_once("),").unwrap();
        for (theme, name, surface, extreme) in
            [(light, "--_candor-light", LIGHT_SURFACE, 0), (dark, "--_candor-dark", DARK_SURFACE, 255)]
        {
            // color-mix(in srgb,var(--_candor-light,#4a4c50) 85%,#18191b)
            let mix = theme.strip_prefix(&format!("color-mix(in srgb,var({name},")).unwrap();
            let (unset, mix) = mix.split_once(") ").unwrap();
            let (percent, ink) = mix.split_once("%,").unwrap();
            let (share, ink) = (percent.parse::<f64>().unwrap() / 100.0, parse_hex(ink));
            let at = |accent: [u8; 3]| {
                let mixed = [0, 1, 2].map(|i| {
                    (f64::from(accent[i]) * share + f64::from(ink[i]) * (1.0 - share)).round() as u8
                });
                exact_ratio(mixed, surface)
            };
            assert!(at(parse_hex(unset)) >= 7.0, "{unset} on {surface:?}: {}", at(parse_hex(unset)));
            for rgb in 0..4_096_u16 {
                let colour = [rgb >> 8, rgb >> 4 & 15, rgb & 15].map(|digit| (digit * 17) as u8);
                for (contrast, least) in [(4.65, 4.5), (7.2, 7.0)] {
                    let ratio = at(readable(colour, surface, extreme, contrast));
                    assert!(ratio >= least, "{colour:?} on {surface:?}: {ratio}");
                }
            }
        }
    }

    #[test]
    fn an_error_can_be_read_by_those_who_ask_for_more_contrast() {
        let (light, dark) = styled("--_candor-bad:light-dark(", ");--").split_once(',').unwrap();
        for (colour, surface) in [(light, LIGHT_SURFACE), (dark, DARK_SURFACE)] {
            let ratio = exact_ratio(parse_hex(colour), surface);
            assert!(ratio >= 7.0, "{colour}: {ratio}");
        }
        assert_eq!(styled("--_candor-bad:#", ";"), &light[1..], "without light-dark()");
    }

    #[test]
    fn an_accent_that_can_be_read_stays_as_it_is() {
        assert_eq!(readable([0, 82, 204], LIGHT_SURFACE, 0, 4.65), [0, 82, 204]);
    }

    #[test]
    fn colours_are_read_as_browsers_write_them() {
        assert_eq!(parse_srgb("rgba(1, 2, 3, 0)"), None);
        assert_eq!(parse_srgb("color(srgb 1 0 -0.0271)"), Some([255, 0, 0]));
        assert_eq!(parse_srgb("color(srgb 0.5 0.04 1.02)"), Some([128, 10, 255]));
        assert_eq!(parse_srgb("color(srgb 9.5e-7 0.999999 0.2)"), Some([0, 255, 51]));
        assert_eq!(parse_srgb("color(srgb 1 0 0 / 0.5)"), None);
        assert_eq!(parse_srgb("oklch(0.5 0.2 260)"), None);
        assert_eq!(hex([255, 102, 0]), "#ff6600");
    }
}
