//! `candor exclude`, `candor include`, `candor correct` and `candor changes`: what analysts change by hand, with who did it and why.

use crate::{
    calendar,
    import::plural,
    keeping::{Workspace, response_id},
};
use anyhow::{Context, bail};
use candor_store::{Change, Edit, EditKind, Note, Range, Scope, Store, StoredResponse};
use candor_survey::{
    Answer, CheckedResponse, NewResponse, Question, Survey, WIRE_VERSION, preset_structure, scale_name,
};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use std::io::Write;

/// How often a response is read again that its browser changes meanwhile.
const TRIES: usize = 5;

/// The settings of `candor exclude` and `candor include`.
#[derive(Clone, Debug, Args)]
pub struct Count {
    #[command(flatten)]
    workspace: Workspace,
    #[command(flatten)]
    why: Why,
    /// One response, by its id.
    #[arg(long, value_name = "UUID", conflicts_with_all = ["survey", "site", "from", "to"])]
    response: Option<String>,
    /// The survey whose answers of a time are meant.
    #[arg(long, value_name = "ID", required_unless_present = "response", requires_all = ["from", "to"])]
    survey: Option<String>,
    /// Only this site's.
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// From when: a time such as 2026-11-01T09:30:00Z, or a date in UTC.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before when, likewise.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// The settings of `candor correct`.
#[derive(Clone, Debug, Args)]
pub struct Correct {
    #[command(flatten)]
    workspace: Workspace,
    #[command(flatten)]
    why: Why,
    /// The response, by its id.
    #[arg(long, value_name = "UUID")]
    response: String,
    /// The question whose answer is corrected, by its id.
    #[arg(long, value_name = "ID")]
    question: String,
    #[command(flatten)]
    answer: Given,
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct Given {
    /// The point that was meant.
    #[arg(long, value_name = "POINT")]
    rating: Option<u8>,
    /// The options that were meant, by their ids.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    choices: Option<Vec<String>>,
    /// The words that were meant.
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// There is no answer.
    #[arg(long)]
    none: bool,
}

/// The settings of `candor changes`.
#[derive(Clone, Debug, Args)]
pub struct Changes {
    #[command(flatten)]
    workspace: Workspace,
    /// How many, the newest first.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Clone, Debug, Args)]
struct Why {
    /// Why.
    #[arg(long, value_name = "WORDS", value_parser = words)]
    reason: String,
    /// Who changes it.
    #[arg(long, env = "USER", value_name = "NAME", value_parser = words)]
    author: String,
}

fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_right = (1..=1_000).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_right { Ok(text.to_owned()) } else { Err("expected 1 to 1,000 characters in one line".to_owned()) }
}

impl Why {
    fn note(&self) -> Note {
        let Self { reason, author } = self.clone();
        Note { author, reason, at_ms: Timestamp::now().as_millisecond() }
    }
}

impl Count {
    /// Takes answers out of the counts, or puts them back, and says how many.
    ///
    /// # Errors
    /// If an argument is wrong, or the database fails.
    pub async fn run(&self, is_out: bool, mut out: impl Write) -> anyhow::Result<()> {
        let n = self
            .workspace
            .with(async |store, scope| {
                let edit = self.edit(store, scope, is_out).await?;
                Ok(store.change(scope, edit, self.why.note()).await?)
            })
            .await?;
        let done = if is_out { "taken out of the counts" } else { "put back into the counts" };
        writeln!(out, "{n} response{} {done}", plural(n))?;
        Ok(())
    }

    async fn edit(&self, store: &Store, scope: Scope, is_out: bool) -> anyhow::Result<Edit> {
        if let Some(id) = &self.response {
            let id = response_id(id)?;
            if store.response(scope, id.clone()).await?.is_none() {
                bail!("--response: there is no response {id}");
            }
            return Ok(if is_out { Edit::ExcludeResponse(id) } else { Edit::IncludeResponse(id) });
        }
        let time = |name: &str, text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            calendar::parse(text, &TimeZone::UTC)
                .with_context(|| format!("--{name}: expected a time such as 2026-11-01T09:30:00Z, or a date"))
        };
        let (from_ms, to_ms) = (time("from", &self.from)?, time("to", &self.to)?);
        if from_ms >= to_ms {
            bail!("--from: expected a time before --to");
        }
        let (survey, site) = (self.survey.clone().unwrap_or_default(), self.site.clone());
        // One without answers has none to take out, and is mistyped, mostly.
        if store.span(scope, site.clone(), survey.clone()).await?.is_none()
            && store.excluded(scope, survey.clone(), site.clone()).await?.is_empty()
        {
            bail!("--survey: there are no answers to a survey {survey}");
        }
        let range = Range { survey, site, from_ms, to_ms };
        Ok(if is_out { Edit::Exclude(range) } else { Edit::Include(range) })
    }
}

impl Correct {
    /// Puts another answer in the place of the one that was given, and says so.
    ///
    /// # Errors
    /// If the answer is none to the question, an argument is wrong, or the database fails.
    pub async fn run(&self, mut out: impl Write) -> anyhow::Result<()> {
        let id = response_id(&self.response)?;
        self.workspace
            .with(async |store, scope| {
                for _ in 0..TRIES {
                    let Some(kept) = store.response(scope, id.clone()).await? else {
                        bail!("--response: there is no response {id}");
                    };
                    if kept.anonymous {
                        bail!("--response: {id} is anonymous: nobody can say what was meant");
                    }
                    let survey = survey(store, &kept).await?;
                    let edit = self.edit(kept, &survey)?;
                    if store.change(scope, edit, self.why.note()).await? > 0 {
                        return Ok(());
                    }
                    // Its browser has sent more meanwhile, or it was erased.
                }
                bail!("--response: {id} changes all the while: try again")
            })
            .await?;
        writeln!(out, "corrected; what its browser sends from now on changes nothing")?;
        Ok(())
    }

    fn edit(&self, kept: StoredResponse, survey: &Survey) -> anyhow::Result<Edit> {
        let StoredResponse { id, seq, revision, mut response, .. } = kept;
        let before = response.answers.clone();
        let Some(at) = survey.questions.iter().position(|question| question.id == self.question) else {
            let ids: Vec<_> = survey.questions.iter().map(|question| &*question.id).collect();
            bail!("--question: expected {}", ids.join(" or "));
        };
        let place =
            |answer: &Answer| survey.questions.iter().position(|question| question.id == answer.question);
        response.answers.retain(|answer| answer.question != self.question);
        if !self.answer.none {
            let Given { rating, choices, text, none: _ } = self.answer.clone();
            let (question, of_scale) = (self.question.clone(), survey.questions.get(at));
            let scale = of_scale.and_then(Question::measure).map(|measure| scale_name(measure.scale()));
            let scale = scale.filter(|_| rating.is_some());
            let answer = Answer {
                question,
                scale,
                rating,
                choices: choices.unwrap_or_default(),
                text,
                ..Answer::default()
            };
            let next = response.answers.iter().position(|answer| place(answer) > Some(at));
            response.answers.insert(next.unwrap_or(response.answers.len()), answer);
        }
        let is_same = |new: &CheckedResponse| new.response().answers == before;
        let new = NewResponse { v: WIRE_VERSION, id, revision, response, age_ms: 0 };
        match new.check(survey) {
            Ok(checked) if is_same(&checked) => bail!("that is what it says already"),
            Ok(checked) => Ok(Edit::Correct(Box::new(checked), seq)),
            Err(wrong) => {
                bail!("the corrected response is none: {}: expected {}", wrong.field, wrong.expected)
            }
        }
    }
}

/// The version of the survey that a response is to.
async fn survey(store: &Store, kept: &StoredResponse) -> anyhow::Result<Survey> {
    let of = &kept.response;
    let sites = store.catalog().await?.sites;
    let surveys = sites.iter().filter(|site| site.id == of.site).flat_map(|site| &site.surveys);
    let mut versions =
        surveys.filter(|found| (&found.survey.id, found.survey.version) == (&of.survey, of.survey_version));
    let own = versions.next().map(|found| found.survey.structure(&of.site));
    own.or_else(|| preset_structure(&of.survey))
        .with_context(|| format!("there is no survey {} any more", of.survey))
}

impl Changes {
    /// Says what was changed, the newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn run(&self, mut out: impl Write) -> anyhow::Result<()> {
        let changes =
            self.workspace.with(async |store, scope| Ok(store.changes(scope, self.limit).await?)).await?;
        for change in changes {
            writeln!(out, "{}", line(&change))?;
        }
        Ok(())
    }
}

fn line(change: &Change) -> String {
    let at = |ms: i64| calendar::rfc3339(ms, &TimeZone::UTC);
    let Change { note, kind, survey, site, range, id, contents, responses } = change;
    let n = usize::try_from(*responses).unwrap_or(usize::MAX);
    let what = match (kind, range, id, contents) {
        (_, Some((from, to)), ..) => {
            let done = if *kind == EditKind::RangeIncluded { "put back" } else { "taken out" };
            format!("{done} from {} to {}: {n} response{}", at(*from), at(*to), plural(n))
        }
        (EditKind::ResponseExcluded, ..) => "a response taken out".to_owned(),
        (EditKind::ResponseIncluded, ..) => "a response put back".to_owned(),
        (_, _, _, Some((before, after))) => format!("a response corrected from {before} to {after}"),
        _ => "a response corrected".to_owned(),
    };
    let id = id.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
    format!("{} {}: {survey} of {site}: {what}{id}: {}", at(note.at_ms), note.author, note.reason)
}
