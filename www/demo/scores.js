// Scores and comments, live. The token comes from the address (scores.html#token=…) or is asked for once; it is kept for
// this tab only and taken out of the address. Which rating is good is not known here: the server says the score.
import { h } from "./dom.js";

const SURVEYS = [
  { id: "checkout-csat", title: "After the checkout" },
  { id: "nps", title: "Beside the article" },
  { id: "ces", title: "In the help centre" },
];
const EVERY_MS = 3000;
const COMMENTS = 20;

// What each metric's score means, and the range on which it is drawn.
const METRICS = {
  nps: { name: "Net Promoter Score®", unit: "points", suffix: "", low: -100, high: 100 },
  csat: { name: "Customer satisfaction", unit: "are satisfied", suffix: "%", low: 0, high: 100 },
  ces: { name: "Customer effort, CES 2.0", unit: "found it easy", suffix: "%", low: 0, high: 100 },
};

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat("en", { maximumFractionDigits: 0, signDisplay: "exceptZero" });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const $ = (id) => document.getElementById(id);
const scoreText = (metric, value) =>
  (METRICS[metric].low < 0 ? signed : whole).format(value).replace("-", "−") + METRICS[metric].suffix;
const counted = (n, noun) => `${whole.format(n)} ${noun}${n === 1 ? "" : "s"}`;

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** The score as a dot on its range, the interval as a band. */
function plot(metric, score, [low, high]) {
  const range = METRICS[metric];
  const at = (value) => (100 * (value - range.low)) / (range.high - range.low);
  const label = `${scoreText(metric, score)}, between ${scoreText(metric, low)} and ${scoreText(metric, high)}, on a range from ${scoreText(metric, range.low)} to ${scoreText(metric, range.high)}`;
  const marks = [range.low, (range.low + range.high) / 2, range.high];
  return h("div", { class: "plot" },
    svg("svg", { role: "img", "aria-label": label },
      svg("line", { x1: "0", x2: "100%", y1: 12, y2: 12, class: "axis" }),
      ...marks.map((mark) => svg("line", { x1: `${at(mark)}%`, x2: `${at(mark)}%`, y1: 8, y2: 16, class: "axis" })),
      svg("rect", { x: `${at(low)}%`, width: `${at(high) - at(low)}%`, y: 7, height: 10, rx: 5, class: "band" }),
      svg("circle", { cx: `${at(score)}%`, cy: 12, r: 5, class: "dot" })),
    h("p", { class: "ends", "aria-hidden": "true" }, marks.map((mark) => h("span", {}, scoreText(metric, mark)))));
}

function table({ scale, total }) {
  const most = Math.max(...total.counts);
  return h("table", { class: "figures" },
    h("caption", {}, "Answers for each rating"),
    h("thead", {}, h("tr", {},
      h("th", { scope: "col" }, "Rating"), h("th", { scope: "col" }, "Answers"), h("th", { scope: "col" }, "Share"), h("td", {}))),
    h("tbody", {}, total.counts.map((count, index) => {
      const bar = svg("svg", { "aria-hidden": "true", class: "bar" });
      if (count > 0) bar.append(svg("rect", { width: `${(100 * count) / most}%`, height: "100%", rx: 2 }));
      return h("tr", {},
        h("th", { scope: "row" }, String(scale.min + index)),
        h("td", {}, whole.format(count)),
        h("td", {}, percent.format(count / total.n)),
        h("td", {}, bar));
    })));
}

function section(survey, scores) {
  const { metric, total } = scores;
  const shown = total.response_rate == null
    ? `Shown ${counted(total.shown, "time")}.`
    : `Shown ${counted(total.shown, "time")}, answered by ${percent.format(total.response_rate)}.`;
  const head = [
    h("h2", { id: `title-${survey.id}` }, survey.title),
    h("p", { class: "quiet" }, `${METRICS[metric].name} · `, h("code", {}, survey.id)),
  ];
  // No answers have no score: 0 would be a claim.
  const body = total.score == null
    ? [h("p", { class: "value none" }, "No answers yet"), total.shown > 0 ? h("p", { class: "quiet" }, shown) : null]
    : [
        h("p", { class: "value" },
          h("strong", { class: "figures", "data-score": total.score }, scoreText(metric, total.score)), " ",
          h("span", { class: "quiet" }, METRICS[metric].unit)),
        plot(metric, total.score, total.ci),
        h("p", {}, `${counted(total.n, "answer")}; 95% interval from ${scoreText(metric, total.ci[0])} to ${scoreText(metric, total.ci[1])}.`),
        h("p", { class: "quiet" }, shown),
        table(scores),
      ];
  return h("section", { class: "panel score", id: `score-${survey.id}`, "aria-labelledby": `title-${survey.id}`, "data-n": total.n }, head, body);
}

const rated = (response) => response.answers.find((answer) => answer.rating != null)?.rating;
const said = (response) => response.answers.find((answer) => answer.text)?.text;

function comment({ survey, response }) {
  const facts = [
    rated(response) == null ? null : `Rated ${rated(response)}`,
    survey.title,
    time.format(new Date(response.dated)),
    response.test ? "a test, not counted" : null,
  ];
  return h("li", {},
    h("p", { class: "said", dir: "auto", lang: response.locale }, said(response)),
    h("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")));
}

// ---- Asking the server ----

const KEY = "fernway:token";
let token = new URLSearchParams(location.hash.slice(1)).get("token") ?? sessionStorage.getItem(KEY);
let drawn;

async function read(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  if (answer.ok) return answer.json();
  throw Object.assign(new Error(`${path}: ${answer.status}`), { status: answer.status });
}

/** Everything that is shown, one entry for each survey that the server knows. */
async function readAll() {
  const all = await Promise.all(SURVEYS.map(async (survey) => {
    try {
      const [scores, { responses }] = await Promise.all(
        ["scores", "responses"].map((what) => read(`/v1/surveys/${survey.id}/${what}`)));
      return { survey, scores, responses };
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }));
  return all.filter(Boolean);
}

function draw(all) {
  $("scores").replaceChildren(...all.map(({ survey, scores }) => section(survey, scores)));
  const comments = all.flatMap(({ survey, responses }) => responses.map((response) => ({ survey, response })))
    .filter(({ response }) => said(response))
    .sort((one, other) => new Date(other.response.dated) - new Date(one.response.dated))
    .slice(0, COMMENTS);
  const list = comments.length > 0 ? comments.map(comment) : [h("li", { class: "quiet" }, "No comments yet.")];
  $("comments").querySelector("ul").replaceChildren(...list);
  $("comments").hidden = false;
}

function ask(why) {
  token = null;
  sessionStorage.removeItem(KEY);
  $("token-form").hidden = false;
  $("forget").hidden = true;
  $("comments").hidden = true;
  $("scores").replaceChildren();
  $("status").textContent = why;
  drawn = null;
}

async function refresh() {
  if (!token || document.hidden) return;
  try {
    const all = await readAll();
    const text = JSON.stringify(all.map(({ scores, responses }) => [scores, responses]));
    $("token-form").hidden = true;
    $("forget").hidden = false;
    // Drawn only when something has changed, so that a selection or a reading cursor stays where it is.
    if (text !== drawn) draw(all);
    const answers = all.reduce((sum, { scores }) => sum + scores.total.n, 0);
    const news = `${counted(answers, "answer")} so far.`;
    if ($("status").textContent !== news) $("status").textContent = news;
    drawn = text;
  } catch (error) {
    if (error.status === 401 || error.status === 403) ask("The server does not accept this token.");
    else $("status").textContent = "The server does not answer. Trying again.";
  }
}

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  sessionStorage.setItem(KEY, token);
  $("token").value = "";
  refresh();
});
$("forget").addEventListener("click", () => ask("The token is forgotten."));
document.addEventListener("visibilitychange", refresh);

if (token) sessionStorage.setItem(KEY, token);
else $("token-form").hidden = false;
if (location.hash) history.replaceState(null, "", location.pathname + location.search);
refresh();
setInterval(refresh, EVERY_MS);
