//! The widget: one question on a stranger's page, kept and sent until it is acknowledged.
//!
//! This file is every export to JavaScript, and with the feature `reactive` the component for Leptos apps.
//!
//! | Look for | In |
//! |---|---|
//! | what the page asked for | `config.rs` |
//! | one mounted survey: loads, joins visit and view | `prompt.rs` |
//! | what the respondent does becomes answers | `visit.rs` |
//! | one respondent's walk through a survey (pure) | `session.rs` |
//! | what is seen at one moment, as data (pure) | `screen.rs` |
//! | the page's words, the survey's, Candor's | `wording.rs` |
//! | the response, kept before it is sent | `record.rs` |
//! | when this respondent may be asked again (pure) | `recontact.rs` |
//! | how it is drawn and heard | `view/` |
//! | what is sent, and kept until acknowledged | `delivery/` |
//! | words, digits, direction | `text/` |
//! | the component for Leptos apps | `reactive.rs` |
//! | what the browser gives: storage, clocks, tasks, values | `storage.rs` with `storage.js`, `clock.rs`, `task.rs`, `js.rs` |
//! | ids, events | `id.rs`, `event.rs` |

mod clock;
mod config;
mod definition;
mod delivery;
mod event;
mod id;
mod js;
mod prompt;
#[cfg(feature = "reactive")]
mod reactive;
mod recontact;
mod record;
mod screen;
mod session;
mod storage;
mod task;
mod text;
mod view;
mod visit;
mod wording;

use prompt::Prompt;
#[cfg(feature = "reactive")]
pub use reactive::{Candor, CandorProps, SurveyEvent};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

/// The allocator of Rust's own library is 6 kB more of Wasm. An app chooses its own.
#[cfg(all(target_arch = "wasm32", not(feature = "reactive")))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Shows a survey in `host`, an element in the document with an open shadow root.
///
/// `config` is an `EmbedConfig`: a plain object of strings as `config.rs` lists them. Definition and texts are fetched
/// first, so the prompt appears a moment later. What fails is told by one `candor:error` event on the host, which is
/// then removed; nothing is thrown.
#[cfg_attr(not(feature = "reactive"), wasm_bindgen)]
#[must_use]
pub fn mount(host: HtmlElement, config: &JsValue) -> Handle {
    Handle(Prompt::mount(host, config))
}

/// Sends what earlier pages left unsent, shows nothing. Events go to the document.
#[cfg_attr(not(feature = "reactive"), wasm_bindgen)]
pub fn flush() {
    delivery::flush();
}

/// A mounted survey. Letting go of it changes nothing: the survey stays until it is closed or unmounted.
#[cfg_attr(not(feature = "reactive"), wasm_bindgen)]
pub struct Handle(Rc<Prompt>);

#[cfg_attr(not(feature = "reactive"), wasm_bindgen)]
impl Handle {
    /// Closes the survey as its close button does, with the reason `api`. Unanswered, that is a dismissal.
    pub fn close(&self) {
        self.0.close(screen::Reason::Api);
    }

    /// Takes the view and every listener away, without a word to the server. `removed` tells the page that it is closed, for
    /// one that has taken it away itself; otherwise there is no event.
    ///
    /// An answer already given stays in the outbox and is sent, unless the outbox is cleared in the same task.
    pub fn unmount(&self, removed: bool) {
        self.0.unmount(removed);
    }

    /// Whether nothing is left to come back to: it is closed, or its respondent is done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// Whether its respondent has written something here, which nothing but this view may know of.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.0.has_text()
    }

    /// Sends what was answered once more, as `config.amend` leaves it.
    pub fn send_again(&self) {
        self.0.send_again();
    }
}
