//! The open question below the scale.

use super::{button, frame, thanks, words::words};
use crate::prompt::{Reason, Visit};
use candor_survey::Kind;
use leptos::{ev, prelude::*};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

pub(super) fn follow_up(visit: &Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let error = ArcRwSignal::new(String::new());
    let asks = visit.session.borrow().question(Kind::Text).is_some();
    let field = asks.then(|| field(visit, &error));

    let (sending, failed) = (visit.clone(), error);
    let send: super::Click = Box::new(move |event| {
        let Some(wrapper) = super::closest(&event, ".candor") else { return };
        let comment = wrapper.query_selector("textarea").ok().flatten();
        let comment = comment.and_then(|comment| comment.dyn_into::<HtmlTextAreaElement>().ok());
        let text = comment.as_ref().map(HtmlTextAreaElement::value).unwrap_or_default();
        frame::keep_height(&wrapper);
        if sending.complete(&text).is_ok() {
            thanks::take_focus(&wrapper);
        } else if let Some(comment) = comment {
            failed.set(sending.too_long());
            super::focus(&comment);
        }
    });
    let (later, never) = (visit.clone(), visit.clone());
    view! {
        <div class="follow-up">
            {field}
            <div class="actions">
                {button("send", texts.get("send"), send)}
                {button("plain", texts.get("not-now"), Box::new(move |_| later.close(Reason::NotNow)))}
                {button("plain", texts.get("never"), Box::new(move |_| never.close(Reason::Never)))}
            </div>
        </div>
    }
    .into_any()
}

fn field(visit: &Rc<Visit>, error: &ArcRwSignal<String>) -> AnyView {
    let question = visit.follow_up.clone();
    let question = move || words(&question.get());
    let hint = visit.texts.get("comment-hint");
    let (shown, invalid, cleared) = (error.clone(), error.clone(), error.clone());
    let invalid = move || if invalid.get().is_empty() { "false" } else { "true" };
    let input: Box<dyn FnMut(ev::Event)> = Box::new(move |_| {
        if !cleared.get_untracked().is_empty() {
            cleared.set(String::new());
        }
    });
    view! {
        <label for="comment">{question}" "<span class="hint">{hint}</span></label>
        <textarea id="comment" rows="3" aria-describedby="error" aria-invalid=invalid on:input=input></textarea>
        <p id="error" class="error">{move || shown.get()}</p>
    }
    .into_any()
}
