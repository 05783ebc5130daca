"use strict";
// Where several versions of the site are hosted together, `versions.json` in the root of each lists
// them, newest first. Then the sidebar's end offers this page in the others, and an old version
// says at the foot of the window that it is one. Nothing on the page moves for either.
const root = new URL(document.documentElement.dataset.content_root, location);

function link(version, text) {
  const page = location.pathname.slice(root.pathname.length);
  const there = version.lacks.includes(page) ? "" : page + location.search;
  const anchor = document.createElement("a");
  anchor.href = new URL(version.path + there, root);
  anchor.textContent = text;
  return anchor;
}

function switcher(versions, here) {
  const details = document.createElement("details");
  details.className = "versions";
  const summary = document.createElement("summary");
  summary.textContent = `Version: ${here.name}`;
  const list = document.createElement("ul");
  for (const version of versions) {
    const entry = document.createElement("li");
    entry.append(link(version, version.name));
    if (version === here) entry.firstChild.setAttribute("aria-current", "true");
    list.append(entry);
  }
  details.append(summary, list);
  return details;
}

function note(here, newest) {
  const bar = document.createElement("aside");
  bar.className = "old-version";
  bar.setAttribute("aria-label", "Version");
  bar.append(`You are reading version ${here.name}; the newest is `, link(newest, newest.name), ".");
  return bar;
}

async function show() {
  const answer = await fetch(new URL("versions.json", root)).catch(() => null);
  if (!answer?.ok) return; // without the list there is nothing to show
  const versions = await answer.json();
  if (versions.length < 2) return;
  const here = versions.find(version => version.path === "./");
  document.querySelector(".sidebar-sticky").append(switcher(versions, here));
  if (here !== versions[0]) document.querySelector(".content").append(note(here, versions[0]));
}

// A page that is read from the disk may fetch nothing.
if (location.protocol !== "file:") show();
