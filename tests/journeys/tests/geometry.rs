//! Where the popover stands and how it grows, and that what is needed next is in view, whatever the window and the language.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Result, ensure};
use candor_journeys::{Browser, Candor, Options, Page, Pages, root};
use candor_survey::LANGUAGES;
use serde_json::json;

candor_journeys::also_in_firefox! {
    a_low_window_shows_the_chosen_point_alone_and_all_of_them_on_request,
}

const WINDOWS: [(u32, u32); 5] = [(320, 568), (375, 667), (768, 1024), (1280, 600), (1280, 720)];

/// Once nothing moves: the card's top, bottom, height, and its distance from the window's edge at the end of a line; the top of the
/// chosen point.
const PLACE: &str = "(() => { const card = $('.card').getBoundingClientRect(), point = $('.point :checked');
    return { top: card.top, bottom: innerHeight - card.bottom, height: card.height,
        end: getComputedStyle($('.candor')).direction == 'rtl' ? card.left : innerWidth - card.right,
        point: (point || $('.point input')).getBoundingClientRect().top } })()";

const AT_REST: &str = "!root.getAnimations().length";

/// Which of these can't be seen and pressed all over: out of the window, cut by the card, or under something else.
fn hidden(selectors: &[&str]) -> String {
    format!(
        "(selectors => selectors.filter(selector => {{ const e = $(selector);
            if (!e || !seen(e)) return true;
            const r = e.getBoundingClientRect(), card = $('.card').getBoundingClientRect(), inset = 6;
            const corners = [[r.left, r.top], [r.right, r.top], [r.left, r.bottom], [r.right, r.bottom]]
                .map(([x, y]) => [x + (x > r.left ? -inset : inset), y + (y > r.top ? -inset : inset)]);
            return r.top < card.top - 1 || r.bottom > card.bottom + 1 || r.bottom > innerHeight || r.top < 0 ||
                corners.some(([x, y]) => !e.contains(root.elementFromPoint(x, y))) }}))({})",
        json!(selectors)
    )
}

async fn ask(browser: &Browser, pages: &Pages, tag: &str, language: &str) -> Result<()> {
    pages.set("/", Page::in_language(language, tag));
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    rest(browser).await
}

async fn rest(browser: &Browser) -> Result<()> {
    browser.widget_until("rest", AT_REST).await.map(drop)
}

async fn place(browser: &Browser) -> Result<[f64; 5]> {
    rest(browser).await?;
    let place = browser.widget(PLACE).await?;
    Ok(["top", "bottom", "height", "end", "point"].map(|name| place[name].as_f64().unwrap_or(f64::NAN)))
}

#[tokio::test]
async fn the_popover_stands_in_its_corner_grows_upward_and_keeps_in_view_what_comes_next() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open().await?;
    for (nth, (width, height)) in WINDOWS.into_iter().enumerate() {
        browser.look(Options { width, height, dark: false }).await?;
        let (end, bottom) = if width > 510 { (24.0, 24.0) } else { (0.0, 0.0) };
        for (other, language) in LANGUAGES.into_iter().enumerate() {
            let (survey, rating) = if (nth + other) % 2 == 0 { ("nps", 9) } else { ("csat", 4) };
            let what = format!("{survey}, {language}, {width} × {height}");
            let tag = candor.tag(&format!(
                "data-survey=\"{survey}\" data-product=\"Fernway\" data-quiet=\"0\" data-privacy=\"/privacy\""
            ));
            ask(&browser, &pages, &tag, language).await?;
            let asked = place(&browser).await?;
            assert_eq!([asked[1], asked[3]], [bottom, end], "{what}: its corner");
            let in_view =
                browser.widget(&hidden(&[".close", "[data-act=later]", "[data-act=never]"])).await?;
            assert_eq!(in_view, json!([]), "{what}: hidden");
            let before = format!("radios.find(r => r.value == {rating}).getBoundingClientRect().top");
            let before = browser.widget(&before).await?.as_f64().unwrap_or(f64::NAN);

            browser.choose(rating).await?;
            let chosen = place(&browser).await?;
            assert_eq!([chosen[1], chosen[3]], [bottom, end], "{what}: its corner, once chosen");
            let grown = chosen[2] - asked[2];
            let is_folded = browser.widget("seen($('.fold'))").await? == true;
            if !is_folded {
                assert!(
                    (before - chosen[4]).abs() <= grown + 1.0,
                    "{what}: the point moved by more than {grown}"
                );
            }
            let next = [".close", "textarea", ".send"];
            assert_eq!(browser.widget(&hidden(&next)).await?, json!([]), "{what}: hidden, once chosen");

            browser.write_comment("a\nb\nc\nd\ne\nf\ng\nh\ni").await?;
            browser
                .widget(
                    "(() => { const t = $('textarea'); t.value += 'x'.repeat(5001);
                t.dispatchEvent(new Event('input', { bubbles: true })); return 0 })()",
                )
                .await?;
            browser.send().await?;
            browser.widget_until("the error", "$('#error').textContent").await?;
            for scrolled in [0, 10_000] {
                browser.widget(&format!("($('.card').scrollTop = {scrolled}, 0)")).await?;
                let stays = [".close", ".send"];
                assert_eq!(
                    browser.widget(&hidden(&stays)).await?,
                    json!([]),
                    "{what}: hidden, scrolled {scrolled}"
                );
            }
            browser
                .widget(
                    "(() => { const t = $('textarea'); t.value = '';
                t.dispatchEvent(new Event('input', { bubbles: true })); return 0 })()",
                )
                .await?;
            browser.send().await?;
            browser.widget_until("the thanks", "seen($('h2'))").await?;
            let thanked = place(&browser).await?;
            assert_eq!([thanked[1], thanked[3]], [bottom, end], "{what}: its corner, at the end");
            ensure!((96.0..=220.0).contains(&thanked[2]), "{what}: {} px of thanks", thanked[2]);
            assert_eq!(
                browser.widget(&hidden(&["h2", ".close"])).await?,
                json!([]),
                "{what}: hidden, at the end"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_low_window_shows_the_chosen_point_alone_and_all_of_them_on_request() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open_with(Options { width: 1280, height: 600, dark: false }).await?;
    ask(&browser, &pages, &candor.tag("data-survey=\"csat\" data-quiet=\"0\""), "en").await?;
    assert_eq!(browser.widget("!!$('.fold')").await?, false, "nothing is chosen");
    browser.choose(4).await?;
    browser.widget_until("the line", "seen($('.fold'))").await?;
    assert_eq!(browser.widget("$('.fold').textContent").await?, "4 SatisfiedChange");
    // For those who don't see it nothing has changed.
    assert_eq!(browser.widget("radios.length").await?, 5);
    rest(&browser).await?;

    browser.click_button("Change").await?;
    browser.widget_until("the points", "!seen($('.fold')) && root.activeElement === radios[3]").await?;
    rest(&browser).await?;
    browser.choose(2).await?;
    browser
        .widget_until("the line", "seen($('.fold')) && $('.fold b').textContent === '2 Dissatisfied'")
        .await?;
    candor.counted("csat", &[0, 1, 0, 0, 0]).await
}

#[tokio::test]
async fn pages_in_vertical_writing_in_quirks_mode_or_zoomed_get_the_same_survey() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open_with(Options { width: 1280, height: 720, dark: false }).await?;
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\"");
    let inside = "(r => r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight)($('.card').getBoundingClientRect())";
    let card = "(r => [r.width, r.height, innerWidth - r.right, innerHeight - r.bottom])($('.card').getBoundingClientRect())";
    let mut usual = None;
    for html in [
        format!("<!doctype html><html lang=\"en\"><body>{tag}"),
        format!("<html lang=\"en\"><body>{tag}"),
        format!("<!doctype html><html lang=\"en\" style=\"writing-mode: vertical-rl\"><body>{tag}"),
        format!(
            "<!doctype html><html lang=\"en\" style=\"writing-mode: sideways-lr; text-orientation: upright\"><body>{tag}"
        ),
        format!("<!doctype html><html lang=\"en\"><body style=\"zoom: 1.5\">{tag}"),
    ] {
        pages.set("/", Page::new(html.clone()));
        browser.goto(&pages.url("/")).await?;
        browser.prompt().await?;
        for _ in 0..2 {
            rest(&browser).await?;
            assert_eq!(browser.widget(inside).await?, true, "{html}: in the window");
            assert_eq!(browser.widget(&hidden(&[".close"])).await?, json!([]), "{html}");
            browser.choose(9).await?;
        }
        let card = browser.widget(card).await?;
        if !html.contains("zoom") {
            assert_eq!(usual.get_or_insert_with(|| card.clone()), &card, "{html}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_may_style_what_the_document_says_and_an_option_is_as_good() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open_with(Options { width: 1280, height: 720, dark: false }).await?;
    let styled = ":root { --candor-surface: rgb(1, 2, 3); --candor-ink: rgb(4, 5, 6); --candor-width: 300px; --candor-padding: 8px;
        --candor-radius: 3px; --candor-control-radius: 1px; --candor-question-size: 20px; --candor-button-weight: 300;
        --candor-text-size: 15px; --candor-font: fantasy; --candor-offset: 50px; --candor-line: rgb(7, 8, 9); --candor-shadow: none }
        candor-survey::part(send) { text-transform: uppercase } candor-survey::part(outs) { justify-content: end }";
    let seen = "(() => { const of = selector => getComputedStyle($(selector)), card = of('.card'), box = $('.card').getBoundingClientRect();
        return [card.backgroundColor, card.color, box.width, card.paddingLeft, card.borderTopLeftRadius, of('.face').borderTopLeftRadius,
            of('legend').fontSize, of('.send').fontWeight, card.fontSize, card.fontFamily, innerHeight - box.bottom,
            of('.face').borderTopColor, card.boxShadow, of('.send').textTransform, of('.outs').justifyContent] })()";
    ask(
        &browser,
        &pages,
        &format!("<style>{styled}</style>{}", candor.tag("data-survey=\"nps\" data-quiet=\"0\"")),
        "en",
    )
    .await?;
    browser.choose(9).await?;
    rest(&browser).await?;
    let styled = json!([
        "rgb(1, 2, 3)",
        "rgb(4, 5, 6)",
        300,
        "8px",
        "3px",
        "1px",
        "20px",
        "300",
        "15px",
        "fantasy",
        50,
        "rgb(7, 8, 9)",
        "none",
        "uppercase",
        "end"
    ]);
    assert_eq!(browser.widget(seen).await?, styled);
    let told = async || -> Result<Vec<String>> {
        let errors = browser.events("error").await?;
        Ok(errors.iter().filter_map(|error| error["message"].as_str().map(str::to_owned)).collect())
    };
    let faint =
        ["ink", "muted", "error"].map(|text| format!("--candor-{text}: expected 4.5:1 to --candor-surface"));
    assert_eq!(told().await?, [faint.join("; ")]);

    let tag = candor.tag(
        "data-survey=\"nps\" data-quiet=\"0\" data-radius=\"0\" data-offset=\"96\" data-font=\"inherit\"",
    );
    ask(&browser, &pages, &format!("<style>body {{ font-family: Courier }}</style>{tag}"), "th").await?;
    let seen = "(card => [card.borderTopLeftRadius, card.fontFamily, innerHeight - $('.card').getBoundingClientRect().bottom])(getComputedStyle($('.card')))";
    assert_eq!(browser.widget(seen).await?, json!(["0px", "Courier", 96]));
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\" data-radius=\"round\" data-offset=\"-1\"");
    ask(&browser, &pages, &tag, "en").await?;
    assert_eq!(
        told().await?,
        ["radius: expected pixels, 0 to 999, not round", "offset: expected pixels, 0 to 999, not -1"]
    );
    let place = place(&browser).await?;
    assert_eq!([place[1], place[3]], [24.0, 24.0], "what can't be is left out");
    Ok(())
}

/// Accents of three digits: six steps of each channel, and with `CANDOR_ACCENTS=all` all 4,096.
fn accents() -> Vec<u32> {
    let all = std::env::var("CANDOR_ACCENTS").is_ok_and(|which| which == "all");
    (0..4_096).filter(|accent| all || [8, 4, 0].iter().all(|shift| (accent >> shift & 15) % 3 == 0)).collect()
}

#[tokio::test]
async fn every_accent_stays_as_it_is_and_can_be_read_and_told_in_both_themes() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let browser = Browser::open().await?;
    let theme = std::fs::read_to_string(root().join("src/view/view.js"))?;
    let theme = theme.replace("export ", "");
    // What a canvas says a colour is, in whichever notation it is told.
    let walk = format!(
        "{theme}
        const context = Object.assign(document.createElement('canvas'), {{ width: 1, height: 1 }})
            .getContext('2d', {{ willReadFrequently: true }});
        const rgb = colour => (context.fillStyle = colour, context.fillRect(0, 0, 1, 1),
            [...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
        const root = document.querySelector('candor-survey').shadowRoot, $ = selector => root.querySelector(selector);
        const button = getComputedStyle($('.send')), face = getComputedStyle($(':checked + .face'));
        const wrapper = $('.candor'), found = [];
        for (const other of root.querySelectorAll('legend, textarea, .outs, .ends, .point:not(:has(:checked))')) other.remove();
        for (const accent of ACCENTS) {{
            wrapper.style.cssText = '';
            paint(wrapper, SCHEME, '#' + accent.toString(16).padStart(3, '0'));
            found.push([button.backgroundColor, button.color, button.borderTopColor, face.backgroundColor, face.color].map(rgb));
        }}
        return found"
    );
    for (scheme, surface) in [("light", [255.0; 3]), ("dark", [30.0, 31.0, 34.0])] {
        ask(&browser, &pages, &candor.tag("data-survey=\"nps\" data-quiet=\"0\""), "en").await?;
        browser.choose(9).await?;
        // Colours that are on their way to others are none.
        browser
            .widget("(root.adoptedStyleSheets[0].insertRule('* { transition: none !important; animation: none !important; container: none !important }'), 0)")
            .await?;
        let mut found: Vec<[[f64; 3]; 5]> = Vec::new();
        for accents in accents().chunks(512) {
            let walk = walk
                .replace("SCHEME", &json!(scheme).to_string())
                .replace("ACCENTS", &json!(accents).to_string());
            found.append(&mut serde_json::from_value(browser.run(&walk, &[]).await?)?);
        }
        ensure!(found.len() == accents().len());
        for (accent, [fill, ink, edge, face, face_ink]) in accents().into_iter().zip(found) {
            let given = [accent >> 8, accent >> 4 & 15, accent & 15].map(|digit| f64::from(digit * 17));
            let what = format!("{given:?}, {scheme}: {fill:?}, {ink:?}, {edge:?}");
            assert_eq!((fill, ink), (face, face_ink), "{what}: the chosen point is as the button");
            assert!(ratio(fill, ink) >= 4.5, "{what}: {}", ratio(fill, ink));
            assert!(ratio(edge, surface) >= 3.0, "{what}: {}", ratio(edge, surface));
            let is_grey = given[0] == given[1] && given[1] == given[2];
            if !is_grey {
                assert_eq!(fill, given, "{what}");
                let ([hue, chroma], [edge_hue, edge_chroma]) = (oklch(given), oklch(edge));
                let turned = ((edge_hue - hue + 540.0) % 360.0 - 180.0).abs();
                // Of little chroma there is hardly a hue.
                assert!(turned * chroma.min(edge_chroma) <= 3.5, "{what}: its hue turned by {turned}°");
                assert!(
                    edge_chroma >= 0.5 * chroma,
                    "{what}: its chroma fell from {chroma} to {edge_chroma}"
                );
            }
        }
    }
    Ok(())
}

fn linear(channel: f64) -> f64 {
    let c = channel / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// WCAG 2.2, contrast ratio.
fn ratio(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Hue in degrees and chroma of Oklab, by its author's matrices (bottosson.github.io/posts/oklab).
fn oklch(rgb: [f64; 3]) -> [f64; 2] {
    let [r, g, b] = rgb.map(linear);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    let (a, b) = (
        1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
    );
    [b.atan2(a).to_degrees(), a.hypot(b)]
}

#[test]
fn the_ruler_itself_is_right() {
    assert!((ratio([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    // #767676 on white is the textbook's palest grey: 4.54.
    assert!((ratio([118.0; 3], [255.0; 3]) - 4.54).abs() < 0.005);
    // CSS Color 4: red is oklch(0.628 0.258 29.23).
    let [hue, chroma] = oklch([255.0, 0.0, 0.0]);
    assert!((hue - 29.23).abs() < 0.05 && (chroma - 0.258).abs() < 0.001, "{hue} {chroma}");
}
