"use strict";
// A box whose content is wider or higher than itself can be reached by Tab, scrolled by the arrow
// keys, and says what it is. A box that shows all of its content is no stop on the way.
const boxes = {
  ".table-wrapper": "Table",
  "div.math": "Formula",
  ".wide-figure": "Figure",
  ".course-map-box": "Course map",
  ".cell_output .output": "Output",
  ".cell_output pre, .sphx-glr-script-out pre": "Output",
  ".sphx-glr-script-out .highlight": "Output",
  "pre": "Code",
};

function measured(box) {
  const style = getComputedStyle(box);
  const wide = box.scrollWidth - box.clientWidth, high = box.scrollHeight - box.clientHeight;
  const scrolls = (overflow, hidden) => /auto|scroll/.test(overflow) && hidden > 0;
  const goesOn = style.overflowX !== "visible" && wide > 1;
  return {
    scrolls: scrolls(style.overflowX, wide) || scrolls(style.overflowY, high),
    left: goesOn && box.scrollLeft > 1,
    right: goesOn && box.scrollLeft < wide - 1,
  };
}

function tell(box, {scrolls, left, right}) {
  if (scrolls) {
    const kind = Object.keys(boxes).find(selector => box.matches(selector));
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${boxes[kind]}, scrolls`);
  } else {
    for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
  // Where a box goes on, its edge fades: a formula that is cut must not look like a whole one.
  box.classList.toggle("more-left", left);
  box.classList.toggle("more-right", right);
}

// All are measured before any is changed: the browser lays the page out once.
function update(some) {
  const facts = some.map(measured);
  some.forEach((box, place) => tell(box, facts[place]));
}

const found = [...document.querySelectorAll(Object.keys(boxes).join(", "))]
  .filter(box => box.closest("article"));
// Sizes change with the window, with what a reader unfolds, and once when the fonts are there.
const watch = new ResizeObserver(entries => update(entries.map(entry => entry.target)));
for (const box of found) {
  watch.observe(box);
  box.addEventListener("scroll", () => update([box]), {passive: true});
}
document.fonts.ready.then(() => update(found));

// The drawers of a narrow page open by Enter and Space too, take the focus, and close by Escape.
const icons = "label.nav-overlay-icon > .icon, label.toc-overlay-icon > .icon";
for (const icon of document.querySelectorAll(icons)) {
  const box = document.getElementById(icon.parentElement.htmlFor);
  const drawer = document.querySelector(box.id === "__toc" ? ".toc-drawer" : ".sidebar-drawer");
  const announce = () => icon.setAttribute("aria-expanded", box.checked);
  icon.tabIndex = 0;
  icon.setAttribute("role", "button");
  icon.setAttribute("aria-label", box.getAttribute("aria-label"));
  box.addEventListener("change", announce);
  announce();
  icon.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    box.click();
    if (box.checked) drawer.querySelector("a, input")?.focus();
  });
  drawer.addEventListener("click", event => {
    if (event.target.closest("a") && box.checked) box.click();
  });
  drawer.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !box.checked) return;
    box.click();
    if (icon.checkVisibility()) icon.focus();
  });
}
