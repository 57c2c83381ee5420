//! Made-up answers of the last three months, so that who opens the demo for the first time sees a chart.
//!
//! They are told from real ones by their touchpoint, [`MADE_UP`], in the list as in the scores, and go the way of all answers:
//! checked against their survey, decided about and counted by the store. What is made up is the same on every machine.

mod comments;

use anyhow::{Context, ensure};
use candor_scoring::{Band, Metric, Rating};
use candor_store::{Arrival, Outcome, ResponseQuery, Scope, Store};
use candor_survey::{
    Answer, AuthoredSite, Kind, NewResponse, Presentation, Question, Response, State, Survey, WIRE_VERSION,
    options::DEFAULT_SITE, preset,
};
use comments::{Comments, LANGUAGES};

/// The touchpoint of what is made up: where no visitor was ever asked.
pub const MADE_UP: &str = "made-up";
/// How many whole weeks there are before the one that is under way.
pub const WEEKS: u32 = 13;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// 1970 began on a Thursday: the first Monday came four days later.
const FIRST_MONDAY: i64 = 4;
/// Of a hundred who did not answer, how many closed the prompt instead of leaving it.
const DISMISSED: u32 = 35;
/// Of a hundred who rated, how many went on to the end.
const COMPLETED: u32 = 72;

/// What happened in one survey, as the shop would tell it: six weeks ago paying by card failed for some, then parcels were late,
/// then it was over.
struct Story {
    survey: &'static str,
    site: &'static str,
    display: &'static str,
    /// How many are shown it on a day from Monday to Friday, and on one of a weekend.
    shown: [u32; 2],
    /// Of a thousand who are shown it, how many answer.
    answer: u32,
    /// How often each point of the scale is chosen, ascending, as a rule and in trouble.
    usual: &'static [u32],
    troubled: &'static [u32],
    /// How many of a hundred had trouble, in which week; weeks are counted back from the one under way, which is 0.
    trouble: &'static [(u32, u32)],
    comments: Comments,
}

const STORIES: [Story; 3] = [
    Story {
        survey: "checkout-csat",
        site: "shop",
        display: "popover",
        shown: [44, 62],
        answer: 225,
        usual: &[2, 4, 11, 41, 42],
        troubled: &[34, 27, 17, 14, 8],
        trouble: &[(13, 9), (12, 7), (11, 6), (6, 52), (5, 24), (4, 7)],
        comments: comments::ORDERING,
    },
    Story {
        survey: "nps",
        site: DEFAULT_SITE,
        display: "inline",
        shown: [66, 84],
        answer: 165,
        usual: &[1, 1, 1, 2, 3, 6, 7, 14, 23, 20, 22],
        troubled: &[9, 5, 8, 9, 10, 16, 13, 13, 9, 4, 4],
        trouble: &[(13, 12), (12, 10), (11, 8), (6, 34), (5, 58), (4, 30), (3, 10)],
        comments: comments::SHOP,
    },
    Story {
        survey: "ces",
        site: "shop",
        display: "popover",
        shown: [38, 17],
        answer: 205,
        usual: &[2, 3, 5, 11, 21, 31, 27],
        troubled: &[18, 19, 19, 17, 13, 9, 5],
        trouble: &[(13, 14), (12, 14), (11, 10), (10, 8), (6, 30), (5, 46), (4, 28), (3, 10)],
        comments: comments::HELP,
    },
];

/// Gives the database the answers, unless it has any of its own; how many people answered.
///
/// # Errors
/// If the database can't be opened or fails; then it has none of them.
pub async fn fill(url: &str, now_ms: i64) -> anyhow::Result<Option<usize>> {
    let store = Store::open(url).await.with_context(|| format!("the database {url}"))?;
    let filled = fill_new(&store, now_ms).await;
    store.close().await;
    filled
}

async fn fill_new(store: &Store, now_ms: i64) -> anyhow::Result<Option<usize>> {
    let sites = store.catalog().await?.sites;
    let surveys = sites.into_iter().flat_map(|site| site.surveys).map(|known| known.survey.id);
    for survey in surveys.chain(Metric::ALL.map(|metric| metric.name().to_owned())) {
        let query = ResponseQuery {
            scope: Scope::DEFAULT,
            survey,
            site: None,
            unanswered: true,
            after: None,
            limit: 1,
        };
        if !store.responses(query).await?.responses.is_empty() {
            return Ok(None);
        }
    }
    let arrivals = made_up(now_ms)?;
    let answered = |arrival: &&Arrival| !arrival.response.response().answers.is_empty();
    let answers = arrivals.iter().filter(answered).count();
    // One call is one transaction: whoever ends the program now finds all of them later, or none.
    let outcomes = store.save(arrivals).await?;
    ensure!(outcomes.iter().all(|outcome| *outcome == Outcome::Stored), "an answer was there already");
    Ok(Some(answers))
}

/// All that is made up, none of it later than now.
///
/// # Errors
/// If a survey is not what the stories say of it.
pub fn made_up(now_ms: i64) -> anyhow::Result<Vec<Arrival>> {
    let today = now_ms.div_euclid(DAY_MS);
    let monday = today - (today - FIRST_MONDAY).rem_euclid(7);
    let mut arrivals = Vec::new();
    for (number, story) in (0..).zip(&STORIES) {
        let survey = survey(story)?;
        let mut teller = Teller { story, survey: &survey, random: Random(number), told: [0; 2] };
        for day in monday - 7 * i64::from(WEEKS)..=today {
            teller.day(day, u32::try_from((monday + 6 - day) / 7)?, &mut arrivals)?;
        }
    }
    arrivals.retain(|arrival| arrival.received_ms <= now_ms);
    Ok(arrivals)
}

fn survey(story: &Story) -> anyhow::Result<Survey> {
    let of_site = || {
        let site: AuthoredSite = toml::from_str(include_str!("../../../surveys/shop.toml"))?;
        let survey = site.surveys.iter().find(|survey| survey.id == story.survey);
        Ok(survey.with_context(|| format!("no survey {}", story.survey))?.structure(&site.site))
    };
    preset(story.survey).map_or_else(of_site, Ok)
}

/// Tells one story, day by day.
struct Teller<'a> {
    story: &'a Story,
    survey: &'a Survey,
    random: Random,
    /// How many comments of the pleased and of the others were written.
    told: [usize; 2],
}

impl Teller<'_> {
    fn day(&mut self, day: i64, weeks_ago: u32, arrivals: &mut Vec<Arrival>) -> anyhow::Result<()> {
        let Story { shown: [weekday, weekend], trouble, .. } = *self.story;
        let is_weekend = (day - FIRST_MONDAY).rem_euclid(7) >= 5;
        let usual = if is_weekend { weekend } else { weekday };
        let trouble = trouble.iter().find(|(week, _)| *week == weeks_ago).map_or(0, |(_, percent)| *percent);
        for _ in 0..usual * (80 + self.random.below(41)) / 100 {
            // From six to eleven, mostly in the afternoon.
            let hours = self.random.below(8_500) + self.random.below(8_500);
            let received_ms = day * DAY_MS + 6 * 3_600_000 + i64::from(hours) * 3_600;
            let response = self.respond(received_ms, trouble)?.check(self.survey)?;
            arrivals.push(Arrival { declared: Vec::new(), scope: Scope::DEFAULT, response, received_ms });
        }
        Ok(())
    }

    fn respond(&mut self, received_ms: i64, trouble: u32) -> anyhow::Result<NewResponse> {
        let id = self.random.uuid_v7(received_ms);
        let mut locale = self.random.pick(&LANGUAGES.map(|(_, share)| share));
        let (mut state, mut answers) = (State::Shown, Vec::new());
        if self.random.below(1_000) < self.story.answer {
            let (rating, comment) = self.answer(trouble)?;
            answers.push(rating);
            let is_complete = comment.is_some() || self.random.below(100) < COMPLETED;
            state = if is_complete { State::Complete } else { State::Partial };
            if let Some((language, text)) = comment {
                locale = LANGUAGES.iter().position(|(tag, _)| *tag == language).context("a language")?;
                answers.push(Answer { question: "why".into(), text: Some(text.into()), ..Answer::default() });
            }
        } else if self.random.below(100) < DISMISSED {
            state = State::Dismissed;
        }
        let (locale, _) = LANGUAGES.get(locale).context("a language")?;
        let is_rtl = matches!(*locale, "ar" | "fa");
        let response = Response {
            state,
            site: self.story.site.into(),
            survey: self.survey.id.clone(),
            survey_version: self.survey.version,
            locale: (*locale).into(),
            touchpoint: Some(MADE_UP.into()),
            answers,
            presentation: Presentation {
                display: self.story.display.into(),
                scale: "numbers".into(),
                direction: if is_rtl { "rtl" } else { "ltr" }.into(),
                order: [].into(),
            },
            page: None,
            respondent: None,
            context: [].into(),
            test: false,
        };
        let revision = match state {
            State::Shown => 1,
            State::Partial | State::Dismissed => 2,
            State::Complete => 3,
        };
        Ok(NewResponse { v: WIRE_VERSION, id, revision, response, age_ms: 0 })
    }

    /// A rating, and now and then a comment that goes with it, in its language.
    fn answer(&mut self, trouble: u32) -> anyhow::Result<(Answer, Option<(&'static str, &'static str)>)> {
        let rated = |question: &&Question| matches!(question.kind, Kind::Rating { .. });
        let question = self.survey.questions.iter().find(rated).context("a rating")?;
        let measure = question.measure().context("a rating")?;
        let had_trouble = self.random.below(100) < trouble;
        let weights = if had_trouble { self.story.troubled } else { self.story.usual };
        ensure!(weights.len() == measure.scale().len(), "{}: one weight for each point", self.survey.id);
        let point = measure.scale().min() + u8::try_from(self.random.pick(weights))?;
        // Who has something to complain about writes more often.
        let (side, one_in) = match measure.band(Rating::new(point, measure.scale())?)? {
            Band::Favourable => (0, 11),
            Band::Neutral => (0, u32::MAX),
            Band::Unfavourable => (1, 4),
        };
        let mut comment = None;
        if self.random.below(one_in) == 0
            && let (Some(texts), Some(told)) = (self.story.comments.get(side), self.told.get_mut(side))
        {
            comment = texts.get(*told % texts.len().max(1)).copied();
            *told += 1;
        }
        let rating = Answer { question: question.id.clone(), rating: Some(point), ..Answer::default() };
        Ok((rating, comment))
    }
}

/// `SplitMix64`: the same numbers on every machine, for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// From 0, below `end`. Its bias is far below what shows.
    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end.max(1))).unwrap_or(0)
    }

    /// An index, as often as its weight says.
    fn pick(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        let is_past = |weight: &u32| {
            let is_past = rest < *weight;
            rest = rest.saturating_sub(*weight);
            is_past
        };
        weights.iter().position(is_past).unwrap_or(0)
    }

    /// RFC 9562, section 5.7.
    fn uuid_v7(&mut self, ms: i64) -> String {
        let (time, a, b) = (ms & 0xffff_ffff_ffff, self.next(), self.next());
        let (variant, node) = (0x8000 | b >> 50, b & 0xffff_ffff_ffff);
        format!("{:08x}-{:04x}-7{:03x}-{variant:04x}-{node:012x}", time >> 16, time & 0xffff, a & 0xfff)
    }
}
