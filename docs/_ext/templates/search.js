// How a query is taken apart: as the texts are, so that signs are found. Single letters say little
// beside other words.
const signs = "FOUND";
const queryWord = new RegExp(
  `1/[a-z](?![\\p{L}\\p{N}_])|⁻¹|[${signs}]|(?:(?![${signs}¹²³])[\\p{L}\\p{N}_])+`, "giu");
const synonyms = [
  [/\\/g, " "],
  [/\blogdet\b/gi, "log det"],
  [/log[-‑–]sum[-‑–]exp/gi, "logsumexp"],
];
var splitQuery = query => {
  const text = synonyms.reduce((known, [told, meant]) => known.replace(told, meant), query);
  const words = text.match(queryWord) ?? [];
  const telling = words.filter(word => !/^[a-z]$/i.test(word));
  return telling.length ? telling : words;
};

// A title, and so a place on a page, comes before pages that have the words somewhere; among these,
// lectures come first.
Scorer.score = ([page, , , , score, , kind]) =>
  (kind === "title" ? 2 * score : score) + (page.startsWith("lectures/") ? 0.5 : 0);

// A formula is written twice, for eye and ear: what is quoted from a page has its LaTeX, once, with
// signs for the commands that show one. Words of different boxes stay apart.
const commands = "COMMANDS";
const wholeText = Search.htmlToText;
Search.htmlToText = (page, anchor) => {
  const parsed = new DOMParser().parseFromString(page, "text/html");
  for (const formula of parsed.querySelectorAll(".katex")) {
    const latex = formula.querySelector("annotation")?.textContent ?? "";
    const shown = (command, name) => commands[name] ?? command;
    formula.replaceWith(latex.replace(/\\([A-Za-z]+)\s?/g, shown));
  }
  for (const box of parsed.querySelectorAll("h1, h2, h3, h4, p, li, dt, dd, pre, th, td, summary")) {
    box.append(" ");
  }
  return wholeText(parsed.documentElement.outerHTML, anchor);
};

// A quotation costs its whole page over the wire: the first results have one.
const quoted = 10;
Object.defineProperty(DOCUMENTATION_OPTIONS, "SHOW_SEARCH_SUMMARY", {
  get: () => Search.output.childElementCount < quoted,
});
