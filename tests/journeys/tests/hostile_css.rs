//! What a page's styles set shows nowhere in the survey.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::{Context, Result, ensure};
use candor_journeys::{Browser, Candor, Options, Page, Pages};
use serde_json::{Value, json};
use std::fmt::Write;

// Only Chromium turns to paper.
candor_journeys::also_in_firefox! {
    nothing_that_a_page_sets_shows_in_the_popover,
    nothing_that_a_page_sets_shows_inline,
    bootstraps_own_colours_leave_send_readable,
    properties_that_a_page_registers_change_nothing,
    an_accent_may_be_a_property_of_any_name,
    the_keyboard_of_a_touch_screen_lifts_the_popover,
}

/// How often each property is set, to another value each time: twice, or six times with `CANDOR_STYLES=all`.
fn rounds() -> usize {
    if std::env::var("CANDOR_STYLES").is_ok_and(|which| which == "all") { 6 } else { 2 }
}

/// What properties are set to: of these each takes those that it knows and that make a difference.
const VALUES: &str = r#"none|hidden|7px|13px 3px|rgb(1, 2, 3)|3|0.3|37%|auto|visible|collapse|scroll|clip|both|all|always|left|right|
    center|bottom|top|end|start|vertical-rl|sideways-lr|rtl|bidi-override|plaintext|inline-size|size|grid|flex|inline|contents|
    list-item|block|flow-root|fixed|absolute|sticky|relative|static|uppercase|capitalize|italic|oblique 9deg|small-caps|condensed|
    bold|900|underline|line-through|dotted|dashed|double|wavy|wait|inert|isolate|multiply|rotate(7deg)|scale(0.5)|blur(3px)|
    circle(10px)|inset(9px)|translateX(9px)|matrix(2, 0, 0, 2, 9, 9)|7px 9px|x 30deg|30deg|0.5 0.5|linear-gradient(red, blue)|
    url("data:,x")|"x"|--x|hostile|wobble|2s|-1s|infinite|3s linear|steps(2)|linear|cubic-bezier(1, 0, 0, 1)|alternate|reverse|
    paused|paint|strict|layout|content|smooth|contain|mandatory|x mandatory|stable|thin|red blue|text|copy|move|pan-y|manipulation|
    not-allowed|crosshair|zoom-in|no-drop|fill|cover|pixelated|from-image|none none|nowrap|pre|break-all|keep-all|break-word|
    anywhere|balance|pretty|stable both-edges|justify|justify-all|inter-character|hanging|full-width|first|last|2 2|
    over right|under|sub|super|middle|9px 9px red|9px 9px 9px red|inset 0 0 9px red|dot|open triangle|filled|
    from-font|mixed|sideways|upright|digits 2|slice|clone|avoid|page|column|row|wrap|wrap-reverse|column-reverse|dense|space-between|
    stretch|baseline|safe center|baseline-last|minmax(9px, 1fr)|9px 1fr|repeat(2, 9px)|span 2|"a b"|a|fantasy|monospace|Ahem|
    "smcp"|"liga" 0|"wght" 900|larger|smaller|xx-large|200%|normal|no-common-ligatures|all-small-caps|ordinal|oldstyle-nums|
    historical-forms|emoji|optical|no-contextual|weight|style|optimizeSpeed|geometricPrecision|antialiased|grayscale|
    preserve-3d|border-box|padding-box|content-box|fill-box|view-box|stroke-box|margin-box|luminance|alpha|add|exclude|
    exclude, add|subtract|nonzero|evenodd|round|bevel|butt|square|markers|stroke|no-preference|only dark|dark|light|normal dark|
    economy|exact|preserve-parent-color|x 9|counter 9|circle|square inside|inside|outside|disc|show|hide|separate|fixed fixed|
    button|textfield|menulist-button|searchfield|checkbox|radio|base-select|"«" "»"|no-close-quote|vertical|horizontal|
    block-axis|both mandatory|proximity|y|x|self-inline|nearest|root|view()|scroll()|5% 9%|entry 10%|entry 10% exit 20%|
    --a --b|--hostile|flip-block|most-width|anchors-visible|span-all|top left|anchor(--a top)|allow-discrete|
    auto 9px|1 / 2|9px auto|inter-word|distribute|auto 9|trim-both|cap alphabetic|text alphabetic|trim-start|each-line|
    9px hanging|unicase|loose|after|auto-phrase|manual|pre-line|break-spaces|preserve-breaks|discard|no-autospace|
    space-all|trim-all|space-first|6|4 2|disabled|active|no-limit|compact|math|math-shift|shifted|read-only|read-write|element|
    "en"|"x-x"|logical|visual|below|above|from-image 90deg|90deg|oversize|ray(30deg)|path("M0 0L9 9")|ruby|alternate over|
    legacy|spread|merge|new-list|-webkit-box|multiple|ignore|fade|overlay|stop|local|drag|no-drag|
    all scroll|under right|sideways-rl|min-intrinsic|legacy center|isolate-override|embed|min-content|fit-content|
    rect(9px, 9px, 9px, 9px)|standard|allow-keywords|flex-visual|ellipsis|non-scaling-stroke"#;

/// What is meant to come in by inheritance: the light that the page says it is in, the reader's spacing of letters and words. And
/// that a part of the page can't be used, which CSS can't undo within.
const INHERITED_ON_PURPOSE: [&str; 4] = ["color-scheme", "letter-spacing", "word-spacing", "interactivity"];

/// What moves, shapes or hides all that is within, though it isn't inherited: a popover is above it. Not so in Firefox what filters
/// the root.
const OF_ALL_WITHIN: [&str; 21] = [
    "backdrop-filter",
    "clip-path",
    "contain",
    "container-type",
    "float",
    "height",
    "isolation",
    "mask-image",
    "mix-blend-mode",
    "opacity",
    "overflow-x",
    "overflow-y",
    "perspective",
    "position",
    "rotate",
    "scale",
    "text-decoration-line",
    "transform",
    "translate",
    "width",
    "will-change",
];

/// In the page: the name of every property that there is, whether it is inherited, and values that make a difference.
fn knowledge() -> String {
    let (rounds, values) = (rounds(), json!(VALUES.split('|').map(str::trim).collect::<Vec<_>>()));
    format!(
        "const outer = document.createElement('div'), inner = document.createElement('div');
        outer.append(inner); document.body.append(outer);
        const base = 'all: initial; display: block; position: relative; border: 1px solid; outline: 1px solid; column-rule: 1px solid';
        outer.style = inner.style = base;
        const names = [...getComputedStyle(inner)].filter(name => !name.startsWith('--')), values = {values};
        const before = Object.fromEntries(names.map(name => [name, getComputedStyle(inner).getPropertyValue(name)]));
        const all = names.map(name => {{
            const differ = [], seen = new Set([before[name]]);
            for (const value of values) {{
                if (differ.length == {rounds} || !CSS.supports(name, value)) continue;
                inner.style.setProperty(name, value);
                const is = getComputedStyle(inner).getPropertyValue(name);
                if (!seen.has(is)) differ.push(value);
                seen.add(is);
            }}
            inner.style = base;
            // Without a box, or what has its size from what is around it would pass for inherited.
            outer.style.display = 'none';
            inner.style.setProperty(name, 'unset');
            const unset = getComputedStyle(inner).getPropertyValue(name);
            outer.style.setProperty(name, differ[0] || '');
            const inherits = getComputedStyle(inner).getPropertyValue(name) != unset;
            outer.style = inner.style = base;
            return {{name, inherits, values: differ}};
        }});
        outer.remove();
        return all"
    )
}

/// The text of the survey's own styles.
const STYLES: &str = "[...root.adoptedStyleSheets].flatMap(sheet => [...sheet.cssRules]).map(rule => rule.cssText).join('\\n')";

/// Names of the custom properties that the survey's styles read, but for those by which a page may style it.
const READ: &str =
    "[...new Set(styles.match(/var\\(\\s*--_[\\w-]+/g).map(read => read.slice(4).trim()))].sort()";

/// A property of CSS.
#[derive(Debug)]
struct Property {
    name: String,
    inherits: bool,
    values: Vec<String>,
}

/// What a hostile page may know of the browser and of the survey.
struct Known {
    properties: Vec<Property>,
    custom: Vec<String>,
    pseudo_elements: Vec<String>,
}

impl Known {
    /// Reads it where the survey is open.
    async fn read(browser: &Browser) -> Result<Self> {
        let all = browser.run(&knowledge(), &[]).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let properties = all.as_array().context("no properties")?.iter().map(|property| Property {
            name: text(&property["name"]),
            inherits: property["inherits"] == true,
            values: texts(&property["values"]),
        });
        let custom = browser.widget(&format!("(styles => {READ})({STYLES})")).await?;
        let pseudo_elements = "['before', 'after', 'backdrop', 'marker', 'first-line', 'first-letter', 'selection', 'placeholder',
            'target-text', 'spelling-error', 'grammar-error', 'search-text', 'search-text:current', 'highlight(x)', 'details-content',
            'file-selector-button', 'checkmark', 'picker-icon', 'scroll-marker-group', 'scroll-marker', 'scroll-button(*)', 'column',
            '-webkit-scrollbar', '-webkit-scrollbar-thumb', '-webkit-resizer', '-moz-selection', '-moz-focus-inner',
            '-webkit-input-placeholder'].map(name => '::' + name).filter(name => CSS.supports(`selector(${name})`))";
        let known = Self {
            properties: properties.collect(),
            custom: texts(&custom),
            pseudo_elements: texts(&browser.eval(pseudo_elements).await?),
        };
        let inert: Vec<_> =
            known.properties.iter().filter(|p| p.values.is_empty()).map(|p| &p.name).collect();
        ensure!(known.properties.len() > 250, "{} properties are not all", known.properties.len());
        ensure!(known.custom.len() > 8, "the survey's styles read more than {:?}", known.custom);
        ensure!(inert.len() < 10, "add to VALUES what sets {inert:?}");
        Ok(known)
    }

    /// Sets everything: on the host, on what is around it as far as it could come in, and on their pseudo-elements.
    fn styles(&self, round: usize, is_inline: bool) -> String {
        let (mut around, mut place, mut host) = (String::new(), String::new(), String::new());
        for property in &self.properties {
            let Some(value) = property.values.get(round % property.values.len().max(1)) else { continue };
            let declaration = format!("{}: {value} !important;\n", property.name);
            host.push_str(&declaration);
            let name = property.name.as_str();
            let comes_in = if is_inline {
                // What isn't inherited says where an inline survey stands, as does the direction of lines.
                property.inherits && !name.ends_with("writing-mode")
            } else {
                property.inherits || OF_ALL_WITHIN.contains(&name)
            };
            // Lines at a text, and what trims it, go on into what is in the flow.
            if name.starts_with("text-") {
                place.push_str(&declaration);
            }
            if comes_in && !INHERITED_ON_PURPOSE.contains(&name) {
                around.push_str(&declaration);
            }
        }
        let values = ["red", "7px", "3", "\"x\"", "initial", "0 0 9px 9px red"];
        for name in &self.custom {
            let _ = writeln!(host, "{name}: {} !important;", values[round % values.len()]);
        }
        let mut text = format!(
            "@keyframes wobble {{ to {{ opacity: 0.1; rotate: 90deg }} }}\n:root, * {{\n{around}{custom}}}\n\
             #place {{\n{place}}}\n[popover]:not(#cover), candor-survey {{\n{host}}}\n",
            custom = host.split_inclusive('\n').filter(|line| line.starts_with("--")).collect::<String>(),
        );
        for name in &self.pseudo_elements {
            // The others have boxes of their own, beside the survey.
            let comes_in =
                ["first-", "selection", "-text", "-error", "highlight"].iter().any(|of| name.contains(of));
            let around =
                if comes_in { format!(":root{name}, body{name}, #place{name}, ") } else { String::new() };
            let _ = write!(
                text,
                "{around}[popover]:not(#cover){name}, candor-survey{name} {{\n{host}content: \"x\" !important; display: block !important }}\n"
            );
        }
        text
    }
}

/// Every computed value and box in the survey: what it is of, and its values in the order of the properties' names.
fn look(known: &Known) -> String {
    let names = json!(known.properties.iter().map(|property| &property.name).collect::<Vec<_>>());
    format!(
        "(() => {{
            const names = {names}, custom = {custom}, looks = [], made = (e, pseudo) => {{
                const s = getComputedStyle(e, pseudo); return s.display != 'none' && s.content != 'none' }};
            const add = (what, e, pseudo, names) => {{ const s = getComputedStyle(e, pseudo);
                for (const name of names) looks.push(`${{what}}${{pseudo || ''}} ${{name}}: ${{s.getPropertyValue(name)}}`) }};
            [host, ...$$('*')].forEach((e, i) => {{
                const what = `${{i}} ${{e.localName}}.${{e.className || e.id}}`, r = e.getBoundingClientRect();
                looks.push(`${{what}} box: ${{[r.x, r.y, r.width, r.height]}}`);
                add(what, e, null, names);
                if (e == host) return looks.push(`made: ${{['::before', '::after', '::backdrop'].filter(p => made(e, p))}}`);
                add(what, e, null, custom);
                for (const pseudo of ['::before', '::after']) if (made(e, pseudo)) add(what, e, pseudo, names);
                for (const pseudo of ['::selection', '::placeholder', '::spelling-error', '::target-text'])
                    if (CSS.supports(`selector(${{pseudo}})`)) add(what, e, pseudo, ['color', 'background-color', 'text-decoration-line']);
            }});
            return looks.join('\\n') }})()",
        custom = json!(known.custom),
    )
}

/// What the survey looks like: its values, and a picture of it on white.
async fn seen(browser: &Browser, known: &Known) -> Result<(String, Vec<u8>)> {
    let look = browser.widget(&look(known)).await?;
    let look = look.as_str().context("no look")?.to_owned();
    // What is selected is seen, too.
    browser.widget("(scrollTo(0, 0), getSelection().selectAllChildren($('legend')), 0)").await?;
    let picture = browser.client().screenshot().await?;
    browser.run("getSelection().removeAllRanges()", &[]).await?;
    Ok((look, picture))
}

/// How many pixels of two pictures differ by more than the same corner drawn twice does.
async fn pixels(browser: &Browser, pictures: [&[u8]; 2]) -> Result<Value> {
    let script = "const [a, b, done] = arguments, data = async bytes => {
            const image = await createImageBitmap(new Blob([Uint8Array.from(bytes)])), c = new OffscreenCanvas(image.width, image.height);
            const context = c.getContext('2d'); context.drawImage(image, 0, 0);
            return context.getImageData(0, 0, c.width, c.height).data };
        Promise.all([data(a), data(b)]).then(([a, b]) => a.length == b.length ? a.filter((n, i) => Math.abs(n - b[i]) > 2).length : -1)
            .then(done, e => done(String(e)))";
    let pictures = pictures.map(|picture| json!(picture)).to_vec();
    Ok(browser.client().execute_async(script, pictures).await?)
}

/// The lines that differ, at most so many that they can be read.
fn drift(plain: &str, hostile: &str) -> Vec<String> {
    let mut differ: Vec<_> = plain
        .lines()
        .zip(hostile.lines())
        .filter(|(a, b)| a != b)
        .map(|(a, b)| format!("{a} → {}", b.rsplit(": ").next().unwrap_or_default()))
        .collect();
    if plain.lines().count() != hostile.lines().count() {
        differ.push("another number of elements".into());
    }
    // Which show nowhere: a word that Chromium keeps of an indent of nothing, and lines at what has no text.
    let is_nothing = |line: &String| {
        line.ends_with("text-indent: 0px → 0px hanging")
            || line.starts_with("0 candor-survey. -webkit-text-decorations-in-effect")
    };
    differ.retain(|line| !is_nothing(line));
    let count = differ.len();
    differ.truncate(60);
    if count > differ.len() {
        differ.push(format!("… {count} in all"));
    }
    differ
}

/// Over the page's own, so that a picture has the survey alone; in it the place of an inline survey.
const COVER: &str = "<div id=\"cover\" popover=\"manual\" style=\"all: initial !important; display: block !important;
    position: fixed !important; inset: 0 !important; background: white !important; will-change: transform !important\">
    <div id=\"place\" style=\"position: absolute; left: 40px; top: 20px; width: 600px\"></div></div>
    <script>document.querySelector('#cover').showPopover()</script>";

/// How the survey looks at both steps on a page with these styles.
async fn steps(
    browser: &Browser,
    pages: &Pages,
    body: &str,
    known: Option<&Known>,
) -> Result<(Option<Known>, Vec<(String, Vec<u8>)>)> {
    pages.set("/", Page::with_body(body));
    browser.goto(&pages.url("/")).await?;
    browser.prompt().await?;
    browser.widget_until("all of it", "$('textarea') && !root.getAnimations().length").await?;
    let read = if known.is_none() { Some(Known::read(browser).await?) } else { None };
    let known = known.or(read.as_ref()).context("nothing is known")?;
    let mut looks = vec![seen(browser, known).await?];
    browser.choose(9).await?;
    browser.widget_until("the follow-up", "$('textarea') && seen($('textarea'))").await?;
    browser.hover_at(1.0, 1.0).await?;
    browser.widget_until("rest", "!root.getAnimations().length").await?;
    looks.push(seen(browser, known).await?);
    Ok((read, looks))
}

async fn nothing_shows(display: &str) -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let is_inline = display == "inline";
    let tag = candor.tag(&format!(
        "data-survey=\"nps\" data-product=\"Acme\" data-quiet=\"0\" data-privacy=\"/privacy\" data-display=\"{display}\" data-target=\"#place\""
    ));
    let browser = Browser::open_with(Options { height: 1000, ..Options::default() }).await?;
    let (known, plain) = steps(&browser, &pages, &format!("{COVER}{tag}"), None).await?;
    let known = known.context("nothing is known")?;
    let mut wrong = Vec::new();
    for round in 0..rounds() {
        let styles = known.styles(round, is_inline);
        let body = format!("<style>{styles}</style>{COVER}{tag}");
        let (_, hostile) = steps(&browser, &pages, &body, Some(&known)).await?;
        browser.screenshot(&format!("hostile-{display}-{round}")).await?;
        for (step, (plain, hostile)) in plain.iter().zip(&hostile).enumerate() {
            let mut differ = drift(&plain.0, &hostile.0);
            // A modal's host has no size, and stands where the page's body does; its dialog is above all.
            let is_place = |line: &String| {
                let of_host = line.strip_prefix("0 candor-survey. ").unwrap_or_default();
                let places = ["box", "top", "right", "bottom", "left", "inset"];
                display == "modal" && places.iter().any(|place| of_host.starts_with(place))
            };
            differ.retain(|line| !is_place(line));
            let differing = pixels(&browser, [&plain.1, &hostile.1]).await?;
            if differing != 0 {
                differ.push(format!("the picture: {differing}"));
            }
            wrong.extend(differ.into_iter().map(|line| format!("round {round}, step {step}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn nothing_that_a_page_sets_shows_in_the_popover() -> Result<()> {
    nothing_shows("popover").await
}

#[tokio::test]
async fn nothing_that_a_page_sets_shows_in_a_bar() -> Result<()> {
    nothing_shows("bar").await
}

#[tokio::test]
async fn nothing_that_a_page_sets_shows_in_a_modal() -> Result<()> {
    nothing_shows("modal").await
}

#[tokio::test]
async fn nothing_that_a_page_sets_shows_inline() -> Result<()> {
    nothing_shows("inline").await
}

/// A page with this in its head and an NPS prompt, answered with a 9.
async fn answered(styles: &str, attributes: &str) -> Result<(Pages, Candor, Browser)> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let tag = candor.tag(&format!("data-survey=\"nps\" data-quiet=\"0\" {attributes}"));
    pages.set("/", Page::with_body(&format!("<style>{styles}</style>{tag}")));
    let browser = Browser::open().await?;
    browser.goto(&pages.url("/")).await?;
    browser.choose(9).await?;
    browser.widget_until("Send", "$('.send') && seen($('.send')) && !root.getAnimations().length").await?;
    Ok((pages, candor, browser))
}

#[tokio::test]
async fn bootstraps_own_colours_leave_send_readable() -> Result<()> {
    let styles = ":root { --light: #f8f9fa; --dark: #343a40 }";
    let (_pages, _candor, browser) = answered(styles, "").await?;
    let contrast = "(s => { const luminance = colour => colour.match(/\\d+/g).slice(0, 3).map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0),
            [a, b] = [luminance(s.color), luminance(s.backgroundColor)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) })(getComputedStyle($('.send')))";
    let contrast = browser.widget(contrast).await?.as_f64();
    assert!(contrast >= Some(4.5), "{contrast:?}");
    Ok(())
}

#[tokio::test]
async fn properties_that_a_page_registers_change_nothing() -> Result<()> {
    let (pages, candor) = (Pages::start().await?, Candor::start()?);
    let tag = candor.tag("data-survey=\"nps\" data-quiet=\"0\" data-accent=\"#0052cc\"");
    let browser = Browser::open().await?;
    let (known, plain) = steps(&browser, &pages, &tag, None).await?;
    let known = known.context("nothing is known")?;
    let mut styles = String::new();
    for name in &known.custom {
        // As a page would name its own.
        let name = name.replace("--_candor-", "--");
        let _ = write!(
            styles,
            "@property {name} {{ syntax: \"<length>\"; inherits: false; initial-value: 0px }}"
        );
    }
    let (_, registered) =
        steps(&browser, &pages, &format!("<style>{styles}</style>{tag}"), Some(&known)).await?;
    for (plain, registered) in plain.iter().zip(&registered) {
        let drift = drift(&plain.0, &registered.0);
        assert!(drift.is_empty(), "{}", drift.join("\n"));
        assert_eq!(pixels(&browser, [&plain.1, &registered.1]).await?, 0, "the picture");
    }
    Ok(())
}

#[tokio::test]
async fn an_accent_may_be_a_property_of_any_name() -> Result<()> {
    let styles = ":root { --accent: rgb(0, 82, 204) }";
    let (_pages, _candor, browser) =
        answered(styles, "data-accent=\"var(--accent)\" data-theme=\"light\"").await?;
    let colour = browser.widget("getComputedStyle($('.send')).backgroundColor").await?;
    assert_eq!(colour, "rgb(0, 82, 204)");
    Ok(())
}

#[tokio::test]
async fn the_keyboard_of_a_touch_screen_lifts_the_popover() -> Result<()> {
    let (_pages, _candor, browser) = answered("", "").await?;
    let keyboard = "Object.defineProperty(visualViewport, 'height', {get: () => innerHeight - arguments[0], configurable: true});
        visualViewport.dispatchEvent(new Event('resize'))";
    let bottom = "Math.round(innerHeight - $('.card').getBoundingClientRect().bottom)";
    for height in [300, 0] {
        browser.run(keyboard, &[json!(height)]).await?;
        assert_eq!(browser.widget(bottom).await?, json!(height + 24));
    }
    Ok(())
}

#[tokio::test]
async fn a_printed_page_has_no_survey() -> Result<()> {
    for display in ["popover", "inline"] {
        let (_pages, _candor, browser) = answered("", &format!("data-display=\"{display}\"")).await?;
        let shown = "getComputedStyle(host).display";
        assert_ne!(browser.widget(shown).await?, "none", "{display}");
        browser.cdp("Emulation.setEmulatedMedia", json!({"media": "print"})).await?;
        assert_eq!(browser.widget(shown).await?, "none", "{display}");
    }
    Ok(())
}
