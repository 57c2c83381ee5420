//! Whether what is seen is whole: nothing cut, nothing covered, nothing too small to press.
#![allow(clippy::panic, reason = "a test may fail loudly")]

use crate::Browser;
use anyhow::Result;
use serde_json::json;

/// Texts that are cut or that stick out of their box. An inline box has no client size: the block around it is asked.
/// What is there for screen readers only is one pixel wide on purpose. Of a height of 22.4 Firefox rounds one number up.
pub const CUT_TEXTS: &str = "$$('*').filter(e => seen(e) && e.clientWidth > 1 && e.localName !== 'style' &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) &&
    (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1))
    .map(e => `${e.outerHTML.slice(0, 160)} ${e.scrollWidth}×${e.scrollHeight} in ${e.clientWidth}×${e.clientHeight}`)";

/// What reaches out of the viewport or makes the page scroll sideways.
pub const OUTSIDE: &str = "$$('*').concat(host).filter(e => { const r = e.getBoundingClientRect();
    return r.width > 1 && (r.left < -0.5 || r.right > innerWidth + 0.5 || r.top < -0.5 && e.localName !== 'input') })
    .map(e => e.outerHTML.slice(0, 120)).concat(document.documentElement.scrollWidth > innerWidth ? ['the page scrolls'] : [])";

/// Texts that run under a button that is not theirs, such as the question under the close button.
const COVERED: &str = "(() => { const found = [], buttons = $$('button').filter(seen).map(b => [b, b.getBoundingClientRect()]);
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let text; text = texts.nextNode();) {
        if (!text.data.trim() || text.parentElement.closest('.unseen, .thanks p, .points')?.clientWidth === 1) continue;
        range.selectNodeContents(text);
        for (const r of range.getClientRects()) for (const [b, box] of buttons)
            if (!b.contains(text) && r.left < box.right - 1 && r.right > box.left + 1 && r.top < box.bottom - 1 && r.bottom > box.top + 1)
                found.push(`${text.data} under ${b.className}`);
    }
    return found })()";

/// Texts that stick out of what is pressed.
const STICKING_OUT: &str = "(() => { const found = [], range = document.createRange();
    for (const e of $$('.face, button').filter(e => seen(e) && !(e.closest('.points')?.clientWidth === 1))) {
        range.selectNodeContents(e);
        const box = e.getBoundingClientRect();
        for (const r of range.getClientRects()) if (r.width && (r.top < box.top - 1 || r.bottom > box.bottom + 1 || r.left < box.left - 1 || r.right > box.right + 1))
            found.push(e.textContent);
    }
    return found })()";

/// Targets smaller than `least` in either direction: a radio's is its label. Folded points are no targets: one asks for them.
#[must_use]
pub fn small_targets(least: u32) -> String {
    format!(
        "[...new Set($$('button, a[href], textarea, input').map(e => e.labels && e.labels[0] && ['radio', 'checkbox'].includes(e.type) ? e.labels[0] : e))]
        .filter(e => seen(e) && !(e.closest('.points')?.clientWidth === 1)).map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
        .filter(([r]) => r.width < {least} || r.height < {least}).map(([r, e]) => `${{e}} ${{r.width}}×${{r.height}}`)"
    )
}

/// Texts whose lines are closer than their language's marks above and below the letters allow.
const TIGHT_TEXTS: &str = "(least => $$('*').filter(e => seen(e) && e.localName !== 'style' &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => [e, getComputedStyle(e)]).map(([e, s]) => [e, parseFloat(s.lineHeight) / parseFloat(s.fontSize)])
    .filter(([, ratio]) => !(ratio > least - 0.01)).map(([e, ratio]) => `${e.outerHTML.slice(0, 120)} ${ratio}`))
    ({th: 1.6, vi: 1.5}[$('[lang]').lang] || 1.4)";

/// Fails if anything of the widget is not whole; `what` is at sight.
///
/// # Errors
/// When there is no prompt to look at.
pub async fn whole(browser: &Browser, what: &str) -> Result<()> {
    assert_eq!(browser.widget(CUT_TEXTS).await?, json!([]), "{what}: cut");
    assert_eq!(browser.widget(OUTSIDE).await?, json!([]), "{what}: outside");
    assert_eq!(browser.widget(STICKING_OUT).await?, json!([]), "{what}: sticking out");
    assert_eq!(browser.widget(COVERED).await?, json!([]), "{what}: covered");
    assert_eq!(browser.widget(TIGHT_TEXTS).await?, json!([]), "{what}: lines too close");
    let width = browser.eval("innerWidth").await?.as_u64().unwrap_or_default();
    let least = if width <= 510 { 44 } else { 24 };
    assert_eq!(browser.widget(&small_targets(least)).await?, json!([]), "{what}: targets under {least} px");
    Ok(())
}
