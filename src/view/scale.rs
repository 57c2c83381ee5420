//! The rating: a native radio group, so that Tab, arrows, names and right-to-left come from the browser.

use super::{closest, words::words};
use crate::{
    prompt::Visit,
    text::{digit_of, fill},
};
use gloo::timers::callback::Timeout;
use leptos::{ev, prelude::*};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, Node};

/// Digits typed within this time make one number.
const TYPING_MS: u32 = 600;

const TICK: &str = "M5 12.5l4.5 4.5L19 7.5";

/// How the hand is on the way to a rating.
#[derive(Default)]
struct Hand {
    /// A key moves over the points; the rating is not settled.
    passing: Cell<bool>,
    /// The number typed so far.
    typed: Cell<Option<u8>>,
    settles: RefCell<Option<Timeout>>,
}

pub(super) fn scale(visit: &Rc<Visit>) -> AnyView {
    let texts = &visit.texts;
    let session = visit.session.borrow();
    let survey = session.survey();
    let points = survey.metric.scale();
    let labels = visit.has_labels();
    let [low, high] = visit.ends();
    let (min, max) = (texts.number(points.min().into()), texts.number(points.max().into()));
    let faces: Vec<_> = points
        .points()
        .map(|point| {
            let label = labels.then(|| match point {
                p if p == points.min() => low.clone(),
                p if p == points.max() => high.clone(),
                p => texts.get(&["csat-", &p.to_string()].concat()),
            });
            face(point, texts.number(point.into()), label)
        })
        .collect();
    let values = [("min", Some(&*min)), ("low", Some(&*low)), ("max", Some(&*max)), ("high", Some(&*high))];
    let description = fill(&texts.get("ends"), &values).unwrap_or_default();
    let ends = (!labels).then(|| {
        view! { <div class="ends" aria-hidden="true">{end(min, low)}{end(max, high)}</div> }.into_any()
    });

    let hand = Rc::new(Hand::default());
    let (visit_key, hand_key) = (visit.clone(), hand.clone());
    let key: Box<dyn FnMut(ev::KeyboardEvent)> = Box::new(move |event| press(&visit_key, &hand_key, &event));
    let hand_up = hand.clone();
    let key_up: Box<dyn FnMut(ev::KeyboardEvent)> = Box::new(move |_| hand_up.passing.set(false));
    let choosing = visit.clone();
    let change: Box<dyn FnMut(ev::Event)> = Box::new(move |event| {
        let radio = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(point) = radio.and_then(|radio| radio.value().parse().ok()) {
            choosing.choose(point, hand.passing.get());
        }
    });
    let settling = visit.clone();
    let left: Box<dyn FnMut(ev::FocusEvent)> = Box::new(move |event| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        let group = event.current_target().and_then(|target| target.dyn_into::<Node>().ok());
        if !group.is_some_and(|group| to.is_some() && group.contains(to.as_ref())) {
            settling.commit();
        }
    });
    let lang = survey.locale.clone().unwrap_or_else(|| texts.tag.clone());
    let class = if labels { "points labels" } else { "points numbers" };
    let question = words(&visit.question());
    view! {
        <fieldset class="scale" role="radiogroup" lang=lang data-points=points.len().to_string()
            aria-labelledby="question" aria-describedby="ends"
            on:keydown=key on:keyup=key_up on:change=change on:focusout=left>
            <legend id="question">{question}</legend>
            <div class=class>{faces}</div>
            {ends}
            <p id="ends" class="unseen">{description}</p>
        </fieldset>
    }
    .into_any()
}

fn face(point: u8, number: String, label: Option<String>) -> AnyView {
    let label = label.map(|label| view! { <span class="label">{label}</span> }.into_any());
    view! {
        <label class="point">
            <input type="radio" name="rating" autocomplete="off" value=point.to_string() />
            <span class="face"><span class="number">{number}</span>{label}{super::drawing("tick", TICK)}</span>
        </label>
    }
    .into_any()
}

fn end(number: String, meaning: String) -> AnyView {
    view! { <span><b>{number}</b>" "{meaning}</span> }.into_any()
}

/// Home, End and digits, which a native radio group does not know.
fn press(visit: &Rc<Visit>, hand: &Rc<Hand>, event: &web_sys::KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let Some(group) = closest(event, "fieldset") else { return };
    let key = event.key();
    let scale = visit.session.borrow().survey().metric.scale();
    hand.passing.set(key.starts_with("Arrow"));
    let point = match key.as_str() {
        "Home" => {
            hand.passing.set(true);
            scale.min()
        }
        "End" => {
            hand.passing.set(true);
            scale.max()
        }
        "Enter" => return visit.commit(),
        key => {
            let Some(digit) = digit_of(key) else { return };
            let joined = hand.typed.get().map(|typed| typed.saturating_mul(10).saturating_add(digit));
            let Some(point) = joined.into_iter().chain([digit]).find(|point| scale.points().contains(point))
            else {
                return;
            };
            hand.passing.set(true);
            hand.typed.set(Some(point));
            let (settled, hand_later) = (visit.clone(), Rc::downgrade(hand));
            let timeout = Timeout::new(TYPING_MS, move || {
                if let Some(hand) = hand_later.upgrade() {
                    hand.typed.set(None);
                }
                settled.commit();
            });
            hand.settles.replace(Some(timeout));
            point
        }
    };
    event.prevent_default();
    check(&group, point);
}

fn check(group: &Element, point: u8) {
    let selector = ["input[value=\"", &point.to_string(), "\"]"].concat();
    let radio =
        group.query_selector(&selector).ok().flatten().and_then(|radio| radio.dyn_into::<HtmlElement>().ok());
    if let Some(radio) = radio {
        super::focus(&radio);
        radio.click();
    }
}
