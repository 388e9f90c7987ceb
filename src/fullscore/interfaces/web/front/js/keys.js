// The keyboard: j k move, Enter opens, x selects, a acts, e edits, g goes, [ ] step through records, ? tells.
import {make, onAct} from './acts.js';

const GO_MS = 1500; // how long `g` waits for its letter
const CAME_FROM = 'came-from';

let isGoing = 0;

const letters = () => document.documentElement.hasAttribute('data-keys');
const isTyping = target => target.matches?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]');
const rowOf = element => element?.closest?.('[data-list] > *');
const current = () => rowOf(document.activeElement);

function move(step) {
  const links = [...document.querySelectorAll('[data-list] > * [data-open]')].filter(link => link.offsetParent);
  if (!links.length) return;
  const at = links.findIndex(link => rowOf(link) === current());
  const next = links[Math.max(0, Math.min(links.length - 1, at + step))];
  next.focus({preventScroll: true});
  rowOf(next).scrollIntoView({block: 'nearest'});
}

/** Give every page of the menu a letter: the first of its title that is still free. */
function destinations() {
  const free = new Map();
  for (const link of document.querySelectorAll('.nav a')) {
    const title = link.dataset.title;
    const letter = [...title.toLowerCase()].find(c => c >= 'a' && c <= 'z' && !free.has(c));
    if (letter) free.set(letter, link);
  }
  return free;
}

function records() {
  const kept = JSON.parse(sessionStorage.getItem(CAME_FROM) || '{"urls": []}');
  const at = kept.urls.indexOf(location.pathname);
  return {previous: at > 0 ? kept.urls[at - 1] : '', next: at < 0 ? '' : kept.urls[at + 1] || '', at, of: kept.urls.length};
}

function step(direction) {
  const address = records()[direction];
  if (address) location.href = address;
}

const MOVES = {
  j: () => move(1),
  k: () => move(-1),
  x: () => current()?.querySelector('input[type=checkbox]')?.click(),
  a: () => (current() || document).querySelector('.row .btn, [data-first-act]')?.click(),
  e: () => document.querySelector('[data-edit]')?.click(),
  c: () => document.querySelector('[data-add]')?.click(),
  '[': () => step('previous'),
  ']': () => step('next'),
  '?': () => onHelp(),
};

/** What a page gives a letter of its own by `data-key`: a field to write in, or something to press. */
const ownKey = key => /^[a-z]$/.test(key) && document.querySelector(`[data-key="${key}"]`);

function press(element) {
  if (isTyping(element)) element.focus();
  else element.click();
}

document.addEventListener('keydown', event => {
  const {key, target} = event;
  if (key === 'Enter' && (event.metaKey || event.ctrlKey) && target.matches?.('textarea')) {
    event.preventDefault();
    target.form?.requestSubmit(target.form.querySelector('button'));
    return;
  }
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping(target)) return;
  if (document.querySelector('dialog[open]') || !letters()) return;
  if (Date.now() - isGoing < GO_MS) {
    isGoing = 0;
    const link = destinations().get(key);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (key === 'g') {
    isGoing = Date.now();
    return;
  }
  const own = ownKey(key);
  if (own || MOVES[key]) {
    event.preventDefault();
    if (own) press(own);
    else MOVES[key]();
  }
});

/** Remember the order of the list, so that [ and ] step through it on the records' pages. */
function remember() {
  const links = [...document.querySelectorAll('.list tbody [data-open]')];
  if (links.length) sessionStorage.setItem(CAME_FROM, JSON.stringify({urls: links.map(link => link.pathname)}));
}

function offerSteps() {
  const place = document.querySelector('[data-steps]');
  const {previous, next, at, of} = records();
  if (!place || at < 0) return;
  place.hidden = false;
  place.querySelector('[data-at]').textContent = `${at + 1} of ${of}`;
  for (const [direction, address] of Object.entries({previous, next})) {
    const link = place.querySelector(`[data-step=${direction}]`);
    if (address) link.href = address;
    else link.setAttribute('aria-disabled', 'true');
  }
}

function onHelp() {
  const dialog = document.querySelector('#keys');
  if (!dialog) return;
  const places = dialog.querySelector('[data-places]');
  const rows = [...destinations()].map(([letter, link]) =>
    make('div', {}, make('dt', {text: link.dataset.title}), make('dd', {}, make('kbd', {text: 'g'}), make('kbd', {text: letter}))),
  );
  places.replaceChildren(...rows);
  dialog.showModal();
}

onAct('keys', onHelp);
document.addEventListener('htmx:afterSettle', remember);
remember();
offerSteps();
