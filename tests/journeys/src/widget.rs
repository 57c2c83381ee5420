use crate::browser::{Browser, point};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};

/// An expression in the page: the keys of the unsent responses.
pub const CODE_OF_OUTBOX: &str = "Object.keys(localStorage).filter(k => k.startsWith('candor:out:'))";

/// What every script about the widget may use: the host, its open shadow root, and look-ups in it.
const PRELUDE: &str = "const host = document.querySelector('candor-survey'), root = host && host.shadowRoot,
    seen = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 },
    $ = s => root && root.querySelector(s), $$ = s => root ? [...root.querySelectorAll(s)] : [],
    radios = $$('input[type=radio]'),
    button = name => $$('button').find(b => seen(b) && (b.getAttribute('aria-label') || b.textContent).trim() == name);\n";

impl Browser {
    /// The value of an expression about the widget: `host`, `root`, `$`, `$$`, `radios` and `button(name)` are at hand.
    ///
    /// # Errors
    /// When it throws.
    pub async fn widget(&self, expression: &str) -> Result<Value> {
        self.run(&format!("{PRELUDE}return ({expression})"), &[]).await
    }

    /// Waits until an expression about the widget is truthy and gives its value.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn widget_until(&self, what: &str, expression: &str) -> Result<Value> {
        self.wait(what, &format!("{PRELUDE}return ({expression})")).await
    }

    /// Waits until the prompt's scale is on the screen.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn prompt(&self) -> Result<()> {
        let shown = "radios.length > 0 && seen($('.card')) && seen(radios[0].closest('label') || radios[0])";
        self.widget_until("the prompt", shown).await.map(drop)
    }

    /// Waits until no prompt is in the page or on the screen.
    ///
    /// # Errors
    /// When it stays.
    pub async fn gone(&self) -> Result<()> {
        self.widget_until("the prompt to be gone", "!host || !seen($('.card') || host)").await.map(drop)
    }

    /// Clicks in the middle of what an expression about the widget gives, once nothing moves any more, and makes sure that it is
    /// what gets the click.
    ///
    /// # Errors
    /// When it is not there, or covered.
    pub async fn click(&self, element: &str) -> Result<()> {
        let (x, y) = self.middle(element).await?;
        self.click_at(x, y).await
    }

    /// Taps there instead, with a finger.
    ///
    /// # Errors
    /// When it is not there, or covered.
    pub async fn tap(&self, element: &str) -> Result<()> {
        let (x, y) = self.middle(element).await?;
        self.tap_at(x, y).await
    }

    async fn middle(&self, element: &str) -> Result<(f64, f64)> {
        let what = format!("{element} to be there and at rest");
        self.widget_until(&what, &format!("!!({element}) && !root.getAnimations().length")).await?;
        let script = format!(
            "{PRELUDE}const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect(),
            x = r.x + r.width / 2, y = r.y + r.height / 2, hit = root.elementFromPoint(x, y);
            return hit && (e.contains(hit) || hit.contains(e)) ? [x, y] : 'covered by ' + (hit && hit.outerHTML)"
        );
        let at = self.run(&script, &[]).await?;
        point(&at).with_context(|| format!("{element} cannot be clicked: {at}"))
    }

    /// Clicks the point of the scale with this value.
    ///
    /// # Errors
    /// When there is none.
    pub async fn choose(&self, rating: u8) -> Result<()> {
        self.prompt().await?;
        let radio = format!("radios.find(r => r.value === '{rating}')");
        ensure!(self.widget(&format!("!!{radio}")).await? == true, "the scale has no {rating}");
        self.click(&format!("{radio}.labels[0] || {radio}")).await
    }

    /// Clicks the button with this name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn click_button(&self, name: &str) -> Result<()> {
        self.click(&format!("button({})", json!(name))).await
    }

    /// Clicks the button that leads on: "Send" or, while nothing is written, "Done".
    ///
    /// # Errors
    /// When there is none.
    pub async fn send(&self) -> Result<()> {
        self.click("$('.send')").await
    }

    /// The value of the point that is chosen; null if none is.
    ///
    /// # Errors
    /// When there is no prompt to look at.
    pub async fn chosen(&self) -> Result<Value> {
        self.widget("(radios.find(radio => radio.checked) || {}).value").await
    }

    /// Presses Tab, or Shift and Tab, so many times at most, until this is true of the widget.
    ///
    /// # Errors
    /// When it never is.
    pub async fn tab_until(&self, most: u32, is_back: bool, expression: &str) -> Result<()> {
        for _ in 0..most {
            if is_back {
                self.press_with_shift(Key::Tab).await?;
            } else {
                self.press(&[Key::Tab]).await?;
            }
            if self.widget(expression).await? == true {
                return Ok(());
            }
        }
        bail!("Tab, back: {is_back}, never brings {expression}")
    }

    /// Goes into the scale by Tab, from the page's link before it.
    ///
    /// # Errors
    /// When Tab does not get there.
    pub async fn into_the_scale(&self) -> Result<()> {
        self.run("document.querySelector('#link').focus()", &[]).await?;
        self.tab_until(6, false, "!!root && radios.includes(root.activeElement)").await
    }

    /// Clicks into the comment's field and types.
    ///
    /// # Errors
    /// When there is none.
    pub async fn write_comment(&self, text: &str) -> Result<()> {
        self.widget_until("the comment's field", "$('textarea') && seen($('textarea'))").await?;
        self.click("$('textarea')").await?;
        self.type_text(text).await
    }
}
