// Scores and comments, live.
import { formats, plot, ratings, trend, value } from "./chart.js";
import { h } from "./dom.js";
import { choice, preferred, speak } from "./languages.js";
import { read, refused, scores, take, token } from "./reader.js";

/** In the order of their titles, `report.surveys`. */
const SURVEYS = ["checkout-csat", "nps", "ces"];
const EVERY_MS = 3000;
const COMMENTS = 20;

const $ = (id) => document.getElementById(id);
let text, format;

function facts(found) {
  const { metric, total, madeUp } = found;
  const { report } = text;
  const rows = {
    [report.answers]: format.whole(total.n),
    [report.ofThemMadeUp]: madeUp > 0 && format.whole(madeUp),
    [report.interval]: total.ci && report.range(...total.ci.map((end) => format.score(metric, end))),
    [report.shown]: format.whole(total.shown),
    [report.rate]: total.response_rate != null && format.percent(total.response_rate),
  };
  return h("dl", { class: "facts figures" }, Object.entries(rows).filter(([, said]) => said)
    .flatMap(([name, said]) => [h("dt", {}, name), h("dd", {}, said)]));
}

function section(survey, found) {
  const { metric, total } = found;
  return h("section", { class: "panel score", id: `score-${survey}`, "aria-labelledby": `title-${survey}`, "data-n": total.n },
    h("h2", { id: `title-${survey}` }, text.report.surveys[SURVEYS.indexOf(survey)]),
    h("p", { class: "quiet" }, `${text.report[metric]} · `, h("code", {}, survey)),
    value(found, text, format),
    // No answers have no score: 0 would be a claim.
    total.score == null ? null : plot(found, text, format),
    facts(found),
    trend(found, text, format),
    total.score == null ? null : ratings(found, text, format));
}

const rated = (response) => response.answers.find((answer) => answer.rating != null)?.rating;
const said = (response) => response.answers.find((answer) => answer.text)?.text;

function comment({ survey, response }) {
  const { report } = text;
  const facts = [
    rated(response) == null ? null : report.rated(format.whole(rated(response))),
    report.surveys[SURVEYS.indexOf(survey)],
    format.time(response.dated),
    response.test ? report.test : null,
    response.touchpoint === "made-up" ? report.invented : null,
  ];
  return h("li", {},
    h("p", { class: "said", dir: "auto", lang: response.locale }, said(response)),
    h("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")));
}

// ---- Asking the server ----

let drawn;

/** Everything that is shown, one entry for each survey that the server knows. */
async function readAll() {
  const all = await Promise.all(SURVEYS.map(async (survey) => {
    try {
      const [found, { responses }] = await Promise.all([scores(survey), read(`/v1/surveys/${survey}/responses`)]);
      return { survey, found, responses };
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }));
  return all.filter(Boolean);
}

function draw(all) {
  const open = [...document.querySelectorAll("details[open]")].map((details) => details.closest("section").id);
  $("scores").replaceChildren(...all.map(({ survey, found }) => section(survey, found)));
  for (const id of open) $(id)?.querySelector("details")?.setAttribute("open", "");
  $("made-up").hidden = !all.some(({ found }) => found.madeUp > 0);
  const comments = all.flatMap(({ survey, responses }) => responses.map((response) => ({ survey, response })))
    .filter(({ response }) => said(response))
    .sort((one, other) => new Date(other.response.dated) - new Date(one.response.dated))
    .slice(0, COMMENTS);
  const list = comments.length > 0 ? comments.map(comment) : [h("li", { class: "quiet" }, text.report.silence)];
  $("comments").querySelector("ul").replaceChildren(...list);
  $("comments").hidden = false;
}

function ask(why) {
  take(null);
  $("token-form").hidden = false;
  for (const id of ["forget", "comments", "made-up"]) $(id).hidden = true;
  $("scores").replaceChildren();
  $("status").textContent = why;
  drawn = null;
}

async function refresh() {
  if (!token || document.hidden) return;
  try {
    const all = await readAll();
    // Drawn only when something has changed, so that a selection or a reading cursor stays where it is.
    const now = JSON.stringify([text.locale, all.map(({ found, responses }) => [found.total.n, found.total.shown, found.total.counts, responses])]);
    $("token-form").hidden = true;
    $("forget").hidden = false;
    if (now !== drawn) draw(all);
    const news = text.report.soFar(format.whole(all.reduce((sum, { found }) => sum + found.total.n, 0)));
    if ($("status").textContent !== news) $("status").textContent = news;
    drawn = now;
  } catch (error) {
    if (refused(error)) ask(text.report.refused);
    else $("status").textContent = text.report.silent;
  }
}

async function show() {
  text = await speak(preferred());
  format = formats(text);
  if (!token) $("token-form").hidden = false;
  await refresh();
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  take($("token").value.trim());
  $("token").value = "";
  refresh();
});
$("forget").addEventListener("click", () => ask(text.report.forgotten));
document.addEventListener("visibilitychange", refresh);
choice($("language"), show);
await show();
setInterval(refresh, EVERY_MS);
