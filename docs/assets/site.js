// A table that is wider than the page scrolls in a box of its own; this lets the keyboard reach that box. The theme makes the boxes, at any time.
"use strict";

function reach(box) {
  const isWider = box.scrollWidth > box.clientWidth;
  if (isWider && !box.hasAttribute("tabindex")) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Table, wider than the page");
  }
}

const sizes = new ResizeObserver((entries) => entries.forEach((entry) => reach(entry.target)));
const watched = new WeakSet();

function watch() {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (!watched.has(box)) {
      watched.add(box);
      sizes.observe(box);
    }
  }
}

watch();
new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
