// The widget itself on the index: in which language and place, and the snippet that does it.
const SNIPPET = {
  inline: `<script async src="${location.origin}/candor.js"\n  data-survey="nps" data-product="Fernway"\n  data-display="inline"><\/script>`,
  popover: `<script async src="${location.origin}/candor.js"\n  data-survey="nps" data-product="Fernway"><\/script>`,
};
const $ = (id) => document.getElementById(id);

function show() {
  const display = $("display").value;
  $("snippet").textContent = SNIPPET[display];
  candor("unmount");
  candor("show", "nps", { display, lang: $("language").value, product: "Fernway" });
}

for (const id of ["language", "display"]) $(id).addEventListener("change", show);
$("again").addEventListener("click", show);
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("snippet").textContent).catch(() => {});
  $("copy").textContent = "Copied";
  setTimeout(() => ($("copy").textContent = "Copy"), 2000);
});
// The language that the visitor reads, if it is one of these.
const spoken = [...$("language").options].map((option) => option.value);
$("language").value = navigator.languages.map((tag) => spoken.find((known) => tag.startsWith(known))).find(Boolean) ?? "en";
show();
