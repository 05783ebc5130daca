"use strict";
// A formula that is copied arrives as LaTeX, and whole, however little of it was selected: between
// dollar signs, or, where it has a tag, in the environment that takes one.
{
  const whole = place => {
    const box = place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement;
    return box.closest(".katex-display") ?? box.closest(".katex");
  };

  const latex = formula => {
    const text = formula.querySelector("annotation").textContent;
    if (!formula.matches(".katex-display")) return `$${text}$`;
    return /\\tag\b/.test(text) ? `\\begin{equation*}${text}\\end{equation*}` : `$$${text}$$`;
  };

  document.addEventListener("copy", event => {
    const selection = getSelection();
    if (selection.isCollapsed) return;
    const range = selection.getRangeAt(0).cloneRange();
    const first = whole(range.startContainer), last = whole(range.endContainer);
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const part = range.cloneContents();
    if (!part.querySelector(".katex")) return;
    for (const kind of [".katex-display", ".katex"]) {
      for (const formula of part.querySelectorAll(kind)) formula.replaceWith(latex(formula));
    }
    event.clipboardData.setData("text/plain", part.textContent);
    event.preventDefault();
  });
}
