// Scores drawn: a score on its range, and scores week by week. Which rating is good is not known here: the server says the score.
import { h } from "./dom.js";

// The range of each metric's score, and what share it is of.
const METRICS = {
  nps: { low: -100, high: 100, unit: "points" },
  csat: { low: 0, high: 100, unit: "satisfied" },
  ces: { low: 0, high: 100, unit: "easy" },
};
/** Steps between two lines of a chart, and the most that there are. */
const STEPS = [5, 10, 20, 25, 50];
const MOST_STEPS = 5;
/** More weeks than these are not drawn. */
const WEEKS = 14;

/** Numbers and dates as a language writes them. */
export function formats({ locale, dir }) {
  const number = (options) => new Intl.NumberFormat(locale, { maximumFractionDigits: 0, ...options });
  const [whole, signed, percent] = [number(), number({ signDisplay: "exceptZero" }), number({ style: "percent" })];
  // The server's weeks begin on Mondays in UTC.
  const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  // Signs change sides after a right-to-left letter, unless the number stands alone.
  const alone = (number) => (dir === "rtl" ? `\u2068${number}\u2069` : number);
  return {
    whole: (n) => whole.format(n),
    percent: (share) => alone(percent.format(share)),
    score: (metric, value) =>
      alone(METRICS[metric].low < 0 ? signed.format(value).replace("-", "−") : percent.format(value / 100)),
    day: (text) => date.format(new Date(text)),
    time: (text) => time.format(new Date(text)),
  };
}

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** The score in large figures, with what it counts. */
export function value({ metric, total }, { report }, format) {
  if (total.score == null) return h("p", { class: "value none" }, report.none);
  return h("p", { class: "value" },
    h("strong", { class: "figures", "data-score": total.score }, format.score(metric, total.score)), " ",
    h("span", { class: "quiet" }, report[METRICS[metric].unit]));
}

/** The score as a dot on its range, the interval as a band. */
export function plot({ metric, total: { score, ci: [low, high] } }, { report }, format) {
  const range = METRICS[metric];
  const at = (value) => (100 * (value - range.low)) / (range.high - range.low);
  const text = (value) => format.score(metric, value);
  const marks = [range.low, (range.low + range.high) / 2, range.high];
  const label = report.onRange(
    text(score), report.range(text(low), text(high)), report.range(text(range.low), text(range.high)));
  return h("div", { class: "plot" },
    svg("svg", { role: "img", "aria-label": label },
      svg("line", { x1: "0", x2: "100%", y1: 12, y2: 12, class: "axis" }),
      ...marks.map((mark) => svg("line", { x1: `${at(mark)}%`, x2: `${at(mark)}%`, y1: 8, y2: 16, class: "axis" })),
      svg("rect", { x: `${at(low)}%`, width: `${at(high) - at(low)}%`, y: 7, height: 10, rx: 5, class: "band" }),
      svg("circle", { cx: `${at(score)}%`, cy: 12, r: 5, class: "dot" })),
    h("p", { class: "ends", "aria-hidden": "true" }, marks.map((mark) => h("span", {}, text(mark)))));
}

/** How many answered each rating. */
export function ratings({ scale, total }, { report }, format) {
  const most = Math.max(...total.counts);
  return h("table", { class: "figures ratings" },
    h("caption", {}, report.ratings),
    h("thead", {}, h("tr", {},
      [report.rating, report.answers].map((name) => h("th", { scope: "col" }, name)),
      // The bar draws the share.
      h("th", { scope: "colgroup", colspan: 2 }, report.share))),
    h("tbody", {}, total.counts.map((count, index) => {
      const bar = svg("svg", { "aria-hidden": "true", class: "bar" });
      if (count > 0) bar.append(svg("rect", { width: `${(100 * count) / most}%`, height: "100%", rx: 2 }));
      return h("tr", {},
        h("th", { scope: "row" }, format.whole(scale.min + index)),
        h("td", {}, format.whole(count)),
        h("td", {}, format.percent(count / total.n)),
        h("td", {}, bar));
    })));
}

/** The lines of a chart from below the lowest of the values to above the highest, ascending. */
function lines(metric, values) {
  const { low, high } = METRICS[metric];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = STEPS.find((step) => Math.ceil(most / step) - Math.floor(least / step) <= MOST_STEPS) ?? STEPS.at(-1);
  const first = Math.max(low, Math.floor(least / step) * step);
  const last = Math.min(high, Math.ceil(most / step) * step);
  return Array.from({ length: (last - first) / step + 1 }, (_, n) => first + n * step);
}

/** Weeks without a score are gaps: the runs of weeks between them, each as `[place, week]`. */
function runs(weeks) {
  return weeks.reduce((runs, week, place) => {
    if (week.score == null) return [...runs, []];
    runs.at(-1).push([place, week]);
    return runs;
  }, [[]]).filter((run) => run.length > 0);
}

/** The score week by week with its interval as a band, as a picture and as a table; null as long as no week has one. */
export function trend({ metric, periods }, { report }, format) {
  const weeks = periods.slice(-WEEKS);
  const rated = weeks.filter((week) => week.score != null);
  if (rated.length === 0) return null;
  const text = (value) => format.score(metric, value);
  const interval = ({ ci }) => report.range(text(ci[0]), text(ci[1]));
  const scores = rated.map((week) => week.score);
  const label = report.trend(
    report.range(format.day(weeks[0].from), format.day(weeks.at(-1).from)),
    report.range(text(Math.min(...scores)), text(Math.max(...scores))),
    text(scores.at(-1)));

  // A square of 100 by 100, stretched to its room; strokes keep their width, and a line of no length with round ends is a dot.
  const ticks = lines(metric, rated.flatMap((week) => week.ci));
  const x = (place) => ((place + 0.5) * 100) / weeks.length;
  const y = (value) => (100 * (ticks.at(-1) - value)) / (ticks.at(-1) - ticks[0]);
  const path = (points, style) => svg("path", { d: `M${points.map((point) => point.join(" ")).join("L")}`, class: style });
  const picture = svg("svg", { role: "img", "aria-label": label, viewBox: "0 0 100 100", preserveAspectRatio: "none" },
    ...ticks.map((tick) => path([[0, y(tick)], [100, y(tick)]], "axis")),
    ...runs(weeks).flatMap((run) => {
      const edge = (end) => run.map(([place, week]) => [x(place), y(week.ci[end])]);
      const line = run.map(([place, week]) => [x(place), y(week.score)]);
      return [
        path([...edge(0), ...edge(1).reverse()], run.length > 1 ? "band" : "band alone"),
        path(line, "line"),
        ...line.map((point) => path([point, point], "dot")),
      ];
    }),
    ...weeks.map((week, place) =>
      svg("rect", { x: x(place - 0.5), width: 100 / weeks.length, height: 100, class: "week" },
        svg("title", {}, `${format.day(week.from)}: ${week.score == null ? report.none : `${text(week.score)} (${interval(week)})`}`))));
  // As many dates as have room at 320 px in every language.
  const every = Math.ceil(weeks.length / 3);
  return h("figure", { class: "trend" },
    h("figcaption", {}, report.weekly),
    h("div", { class: "chart" },
      h("p", { class: "ticks", "aria-hidden": "true" }, ticks.toReversed().map((tick) => h("span", {}, text(tick)))),
      picture,
      h("p", { class: "weeks", "aria-hidden": "true" },
        weeks.map((week, place) => h("span", {}, place % every === 0 ? format.day(week.from) : "")))),
    h("details", {},
      h("summary", {}, report.table),
      h("table", { class: "figures" },
        h("thead", {}, h("tr", {},
          [report.week, report.score, report.interval, report.answers].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, weeks.map((week) => h("tr", {},
          h("th", { scope: "row" }, format.day(week.from)),
          h("td", {}, week.score == null ? "–" : text(week.score)),
          h("td", {}, week.score == null ? "–" : interval(week)),
          h("td", {}, format.whole(week.n))))))));
}
