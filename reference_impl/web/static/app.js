// What a script adds to the pages; without it each of them works by links and forms alone.
"use strict";

const NEWER_EVERY_MS = 60_000; // as rarely as one may ask and still be told in time
const FIND_AFTER_MS = 250; // between two keys of somebody who types
const PENDING_EVERY_MS = [1_000, 2_000, 3_000, 5_000, 8_000, 13_000]; // then it is left as it is

async function partOf(address) {
  const url = new URL(address, location.href);
  url.searchParams.set("fragment", "1");
  const answer = await fetch(url, { credentials: "same-origin" });
  if (answer.redirected || !answer.ok) throw new Error(`${answer.status}`);
  const part = document.createElement("template");
  part.innerHTML = await answer.text();
  return part.content;
}

// Older posts come when the link to them comes into view; if that fails it stays a link.
function watchMore(link) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    continueWith(link).catch(() => {});
  }, { rootMargin: "800px" });
  watcher.observe(link);
}

async function continueWith(link) {
  const part = await partOf(link.href);
  const place = link.closest("[data-more-box]");
  const item = place.parentElement.matches("li") ? place.parentElement : place;
  const list = place.closest("[data-found]")?.querySelector("[data-list]");
  const people = part.querySelector("[data-list]");
  if (list && people) {
    list.append(...people.children);
    part.querySelectorAll(".people, .notice").forEach((its) => its.remove());
  }
  item.replaceWith(part);
  enhance(document);
}

// Whether there are newer posts than the first one shown; a look from time to time, while seen.
function watchNewer(list) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch("/feed?fragment=newest").catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const { newest } = await answer.json();
    document.querySelector("[data-newer]").hidden = !newest || newest === list.dataset.newest;
  }, NEWER_EVERY_MS);
}

// A photo that is being prepared is asked for again a few times.
async function watchPending(frame) {
  for (const pauseMs of PENDING_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const part = await partOf(frame.dataset.pending).catch(() => null);
    const ready = part?.querySelector(".frame");
    if (ready && !ready.dataset.pending) {
      frame.replaceWith(ready);
      return;
    }
  }
}

function watchFind(form) {
  const input = form.querySelector("input[type=search]");
  const found = document.querySelector("[data-found]");
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const query = input.value;
      const address = `/find?q=${encodeURIComponent(query)}`;
      const part = await partOf(address).catch(() => null);
      if (!part || input.value !== query) return;
      found.replaceChildren(part);
      history.replaceState(null, "", address);
      enhance(found);
    }, FIND_AFTER_MS);
  });
}

// What has been chosen is shown, and refused here already if it is too large.
function watchFile(input) {
  input.addEventListener("change", () => {
    const field = input.closest(".field");
    field.querySelectorAll(".preview, .wrong").forEach((old) => old.remove());
    input.setCustomValidity("");
    input.removeAttribute("aria-invalid");
    const [file] = input.files;
    if (!file) return;
    if (file.size > Number(input.dataset.max)) {
      refuse(input, field, `That file is too large: it may have ${input.dataset.max >> 20} MB at most.`);
    } else if (!input.accept.split(",").includes(file.type)) {
      refuse(input, field, "That is not a kind of file that can be shown here.");
    } else {
      field.append(previewOf(file));
    }
  });
}

function refuse(input, field, words) {
  input.setCustomValidity(words);
  input.setAttribute("aria-invalid", "true");
  const wrong = document.createElement("p");
  wrong.className = "wrong";
  wrong.setAttribute("role", "alert");
  wrong.textContent = words;
  field.append(wrong);
}

function previewOf(file) {
  const isVideo = file.type.startsWith("video/");
  const shown = document.createElement(isVideo ? "video" : "img");
  shown.className = "preview";
  shown.src = URL.createObjectURL(file);
  if (isVideo) shown.muted = true;
  else shown.alt = "What you have chosen";
  return shown;
}

function watchCount(area) {
  const count = document.createElement("p");
  count.className = "hint";
  const show = () => {
    const left = area.maxLength - area.value.length;
    count.hidden = left > 200;
    count.textContent = `${left} characters left`;
  };
  area.after(count);
  area.addEventListener("input", show);
  show();
}

// One press sends a form once.  The server would do it once as well, by the form's key.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
});

// A page that comes back from the browser's memory can be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-disabled]").forEach((its) => its.removeAttribute("aria-disabled"));
});

// A picture that cannot be loaded leaves its place, and its words, and no broken sign.
function watchImage(image) {
  const isBroken = () => image.complete && image.naturalWidth === 0;
  if (isBroken()) standIn(image);
  else image.addEventListener("error", () => standIn(image), { once: true });
}

function standIn(image) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const [width, height] = [image.getAttribute("width") || 4, image.getAttribute("height") || 3];
  shape.setAttribute("viewBox", `0 0 ${width} ${height}`);
  shape.setAttribute("class", "placeholder");
  if (image.alt) {
    shape.setAttribute("role", "img");
    shape.setAttribute("aria-label", image.alt);
  } else {
    shape.setAttribute("aria-hidden", "true");
  }
  image.closest("picture")?.replaceChildren(shape);
}

const ENHANCEMENTS = [
  ["a[data-more]", watchMore],
  ["[data-newest]", watchNewer],
  ["[data-pending]", watchPending],
  ["[data-find]", watchFind],
  ["[data-preview]", watchFile],
  ["[data-count]", watchCount],
  ["picture img", watchImage],
];
const enhanced = new WeakSet();

function enhance(root) {
  for (const [selector, watch] of ENHANCEMENTS) {
    for (const element of root.querySelectorAll(selector)) {
      if (enhanced.has(element)) continue;
      enhanced.add(element);
      watch(element);
    }
  }
}

enhance(document);
