// The index: the widget itself, in which language and place; the snippet that does it; what answers to it say.
import { formats, trend, value } from "./chart.js";
import { h } from "./dom.js";
import { choice, preferred, speak } from "./languages.js";
import { refused, scores, take, token } from "./reader.js";

const SURVEY = "nps";
const EVERY_MS = 3000;
const SNIPPET = {
  inline: `<script async src="${location.origin}/candor.js"\n  data-survey="nps" data-product="Fernway"\n  data-display="inline"><\/script>`,
  popover: `<script async src="${location.origin}/candor.js"\n  data-survey="nps" data-product="Fernway"><\/script>`,
};
const $ = (id) => document.getElementById(id);
let text, drawn;

function show() {
  const display = $("display").value;
  $("snippet").textContent = SNIPPET[display];
  candor("unmount");
  candor("show", SURVEY, { display, lang: document.documentElement.lang, product: "Fernway" });
}

async function draw() {
  const found = await scores(SURVEY);
  const now = JSON.stringify([text.locale, found.total.n, found.total.counts]);
  if (now === drawn) return;
  drawn = now;
  const format = formats(text);
  const { report } = text;
  const open = $("chart").querySelector("details[open]");
  $("value").replaceChildren(value(found, text, format),
    h("p", {}, `${report[found.metric]} · ${report.answers}: ${format.whole(found.total.n)}`));
  $("chart").replaceChildren(trend(found, text, format) ?? "");
  if (open) $("chart").querySelector("details")?.setAttribute("open", "");
  $("made-up").hidden = found.madeUp === 0;
}

async function chart() {
  try {
    if (token && !document.hidden) await draw();
  } catch (error) {
    // Else the server is away, and asked again.
    if (refused(error)) take(null);
  }
  $("locked").hidden = Boolean(token);
}

async function start() {
  text = await speak(preferred());
  show();
  await chart();
}

$("display").addEventListener("change", show);
$("again").addEventListener("click", show);
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("snippet").textContent).catch(() => {});
  $("copy").textContent = text.home.copied;
  setTimeout(() => ($("copy").textContent = text.home.copy), 2000);
});
document.addEventListener("visibilitychange", chart);
choice($("language"), start);
await start();
setInterval(chart, EVERY_MS);
