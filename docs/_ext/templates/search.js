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

// What stays of a word without its ending: "convex" of "convexity".
const stems = new Stemmer();
function beginning(word) {
  const stem = stems.stemWord(word);
  const same = [...word].findIndex((letter, place) => letter !== stem[place]);
  return same < 0 ? word : word.slice(0, same);
}
const asked = splitQuery(new URLSearchParams(location.search).get("q") ?? "")
  .map(word => word.toLowerCase()).filter(word => !stopwords.has(word)).map(beginning);
const held = text => asked.filter(word => text.toLowerCase().includes(word)).length;

// A title, and so a place on a page, comes before pages that have the words somewhere. Among these
// those come first of which one title has most of the words, and lectures.
Scorer.score = ([page, title, , , score, , kind]) =>
  (kind === "title" ? 2 * score : score + (kind === "text" ? mostInATitle(page, title) : 0))
  + (page.startsWith("lectures/") ? 0.5 : 0);

let titlesOf;
function mostInATitle(page, title) {
  if (!titlesOf) {
    titlesOf = {};
    const {alltitles, docnames} = Search._index;
    for (const [text, places] of Object.entries(alltitles)) {
      for (const [file] of places) (titlesOf[docnames[file]] ??= []).push(text);
    }
  }
  return Math.max(...(titlesOf[page] ?? [title]).map(held));
}

// A formula is written twice, for eye and ear: what is quoted from a page has its LaTeX, once, with
// signs for the commands that show one. Words of different boxes stay apart.
const commands = "COMMANDS";
function plain(page) {
  const parsed = new DOMParser().parseFromString(page, "text/html");
  for (const formula of parsed.querySelectorAll(".katex")) {
    const latex = formula.querySelector("annotation")?.textContent ?? "";
    const shown = (command, name) => commands[name] ?? command;
    formula.replaceWith(latex.replace(/\\([A-Za-z]+)\s?/g, shown));
  }
  for (const box of parsed.querySelectorAll("h1, h2, h3, h4, p, li, dt, dd, pre, th, td, summary")) {
    box.append(" ");
  }
  const asides = ".page-downloads, .headerlink, .exercise-label, .report";
  for (const aside of parsed.querySelectorAll(asides)) aside.remove();
  return parsed;
}

// Where a page has the words somewhere, its result leads to the section that has most of them, and
// quotes it. Words in its heading, and words that come again, say more; exercises come last.
const summary = Search.makeSearchSummary;
Search.makeSearchSummary = (page, words, anchor) => {
  const parsed = plain(page);
  const section = anchor ? null : best([...parsed.querySelectorAll("[role=main] section[id]")]);
  const place = section ? `#${CSS.escape(section.id)}` : anchor;
  const quotation = summary(parsed.documentElement.outerHTML, words, place);
  if (section?.parentElement.closest("section")) {
    queueMicrotask(() => { // by then the quotation stands behind its link
      const link = quotation.parentElement.querySelector("a");
      link.hash = section.id;
      link.append(` > ${heading(section)}`);
    });
  }
  return quotation;
};

const heading = section => section.querySelector("h1, h2, h3, h4").textContent.trim();

function best(sections) {
  const worth = sections.map(section => {
    const own = section.cloneNode(true);
    for (const inner of own.querySelectorAll("section")) inner.remove();
    const text = own.textContent.toLowerCase();
    const often = asked.map(word => Math.min(text.split(word).length - 1, 9) / 10);
    const exercise = /^Exercise \d/.test(heading(section));
    return (held(text) + held(heading(section)) + Math.max(...often)) * (exercise ? 0.5 : 1);
  });
  return sections[worth.indexOf(Math.max(...worth))];
}

// The words are not kept for the next page, which would colour each of them.
const parse = Search._parseQuery;
Search._parseQuery = query => {
  const parts = parse(query);
  localStorage.removeItem("sphinx_highlight_terms");
  return parts;
};

// A quotation costs its whole page over the wire: the first results have one.
const quoted = 10;
Object.defineProperty(DOCUMENTATION_OPTIONS, "SHOW_SEARCH_SUMMARY", {
  get: () => Search.output.childElementCount < quoted,
});
