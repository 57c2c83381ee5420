//! Everyone can answer: whole surveys with keys alone, with a mouse alone, with a finger alone.
#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use anyhow::Result;
use candor_journeys::{Browser, Candor, Key, Page, Pages, root, word};
use serde_json::{Value, json};

candor_journeys::also_in_firefox! {
    whole_surveys_are_answered_with_keys_alone,
    whole_surveys_are_answered_with_a_mouse_alone,
    whole_surveys_are_answered_with_a_finger_alone,
}

/// By what the page is used: it hears before all others.
const WITNESS: &str = "journey.used = {};
    for (const type of ['keydown', 'pointerdown'])
        addEventListener(type, e => journey.used[e.pointerType || type] = true, true)";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Hand {
    Keys,
    Mouse,
    Finger,
}

/// A page's visitor.
struct Visitor {
    pages: Pages,
    candor: Candor,
    browser: Browser,
    hand: Hand,
}

impl Visitor {
    async fn with(hand: Hand) -> Result<Self> {
        let help = std::fs::read_to_string(root().join("surveys/help.toml"))?;
        let (pages, candor) = (Pages::start().await?, Candor::with_sites(&[("help.toml", &help)])?);
        let browser = Browser::open().await?;
        browser.before_every_page(WITNESS).await?;
        Ok(Self { pages, candor, browser, hand })
    }

    /// Comes to a page that asks this, and has touched nothing yet.
    async fn asked(&self, attributes: &str, script: &str) -> Result<()> {
        let tag = self.candor.tag(&format!("data-product=\"Acme\" data-quiet=\"0\" {attributes}"));
        self.pages.set("/", Page::with_body(&tag));
        self.browser.goto(&self.pages.url("/")).await?;
        self.browser.run(script, &[]).await?;
        self.browser.prompt().await
    }

    /// Brings the focus there by Tab, or a pointer.
    async fn reach(&self, element: &str) -> Result<()> {
        match self.hand {
            Hand::Mouse => return self.browser.click(element).await,
            Hand::Finger => return self.browser.tap(element).await,
            Hand::Keys => {}
        }
        let there = format!("!!root && !!root.activeElement && root.activeElement === ({element})");
        if self.browser.widget(&there).await? == true {
            return Ok(());
        }
        self.browser.tab_until(19, false, &there).await
    }

    async fn rate(&self, rating: u8) -> Result<()> {
        match self.hand {
            Hand::Keys => {
                self.reach("radios[0]").await?;
                // From the first point, which Tab comes to but does not choose.
                let point = format!("radios.findIndex(radio => radio.value === '{rating}')");
                let steps = self.browser.widget(&point).await?.as_u64().unwrap_or_default();
                for _ in 0..steps {
                    self.browser.press(&[Key::Right]).await?;
                }
                Ok(())
            }
            _ => self.reach(&format!("radios.find(radio => radio.value === '{rating}').labels[0]")).await,
        }
    }

    async fn tick(&self, option: &str) -> Result<()> {
        let input = format!("$('input[value={option}]')");
        match self.hand {
            Hand::Keys => {
                self.reach(&input).await?;
                self.browser.type_text(" ").await
            }
            _ => self.reach(&format!("{input}.labels[0]")).await,
        }
    }

    /// A pointer writes nothing.
    async fn write(&self, text: &str) -> Result<()> {
        if self.hand == Hand::Keys {
            self.reach("$('textarea')").await?;
            self.browser.type_text(text).await?;
        }
        Ok(())
    }

    async fn press(&self, name: &str) -> Result<()> {
        self.reach(&format!("button({})", json!(name))).await?;
        if self.hand == Hand::Keys {
            self.browser.press(&[Key::Enter]).await?;
        }
        Ok(())
    }

    /// Presses what ends a page with a text: it sends what is written, or leaves it at that.
    async fn end(&self) -> Result<()> {
        self.press(&word("en", if self.hand == Hand::Keys { "send" } else { "done" })?).await
    }

    /// The whole answer was counted and is kept, with what was written after the first rating, and nothing else was used.
    async fn answered(&self, survey: &str, counts: &[u64], written: &str, answers: &[Value]) -> Result<()> {
        let mut answers = answers.to_vec();
        if self.hand == Hand::Keys {
            answers.insert(1, json!({"question": "why", "text": written}));
        }
        self.browser.widget_until("the thanks", "$('[data-step=thanks]')").await?;
        let sent = json!(word("en", "sent")?);
        self.browser
            .widget_until("word that it is sent", &format!("$('[role=status]').textContent === {sent}"))
            .await?;
        self.candor.counted(survey, counts).await?;
        let response = &self.candor.responses(survey).await?["responses"][0];
        assert_eq!(
            (&response["state"], &response["answers"]),
            (&json!("complete"), &json!(answers)),
            "{survey}"
        );
        let used = match self.hand {
            Hand::Keys => json!({"keydown": true}),
            Hand::Mouse => json!({"mouse": true}),
            Hand::Finger => json!({"touch": true}),
        };
        assert_eq!(self.browser.eval("journey.used").await?, used, "{survey}");
        assert_eq!(self.browser.eval("journey.errors").await?, json!([]), "{survey}");
        Ok(())
    }
}

async fn whole_surveys_are_answered(hand: Hand) -> Result<()> {
    let visitor = Visitor::with(hand).await?;
    visitor.asked("data-survey=\"nps\" data-display=\"popover\"", "").await?;
    visitor.rate(9).await?;
    visitor.write("near").await?;
    visitor.end().await?;
    let answers = [json!({"question": "nps", "rating": 9})];
    visitor.answered("nps", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0], "near", &answers).await?;

    visitor.asked("data-survey=\"csat\" data-display=\"inline\"", "").await?;
    visitor.rate(2).await?;
    visitor.write("far").await?;
    visitor.end().await?;
    let answers = [json!({"question": "csat", "rating": 2})];
    visitor.answered("csat", &[0, 1, 0, 0, 0], "far", &answers).await?;

    visitor.asked("data-site=\"help\"", "candor('show', 'help-visit')").await?;
    visitor.rate(6).await?;
    visitor.write("clear").await?;
    visitor.press(&word("en", "next")?).await?;
    visitor.browser.widget_until("the options", "$('input[type=checkbox]')").await?;
    // The options are shuffled, and Tab goes one way: one is enough.
    visitor.tick("returns").await?;
    visitor.press(&word("en", "next")?).await?;
    visitor.browser.widget_until("the last page", "radios.length === 11").await?;
    visitor.rate(10).await?;
    visitor.press(&word("en", "send")?).await?;
    let answers = [
        json!({"question": "csat", "scale": "1-7", "rating": 6}),
        json!({"question": "looked-for", "choices": ["returns"]}),
        json!({"question": "nps", "rating": 10}),
    ];
    visitor.answered("help-visit", &[0, 0, 0, 0, 0, 1, 0], "clear", &answers).await
}

#[tokio::test]
async fn whole_surveys_are_answered_with_keys_alone() -> Result<()> {
    whole_surveys_are_answered(Hand::Keys).await
}

#[tokio::test]
async fn whole_surveys_are_answered_with_a_mouse_alone() -> Result<()> {
    whole_surveys_are_answered(Hand::Mouse).await
}

#[tokio::test]
async fn whole_surveys_are_answered_with_a_finger_alone() -> Result<()> {
    whole_surveys_are_answered(Hand::Finger).await
}
