// The command palette: a native dialog with a combobox. The server finds pages, records and verbs
// (`GET /search?q=`), so the palette offers what this person may see and do, and nothing else.
import {icon, make, onAct} from './acts.js';

const PAUSE_MS = 90;
const RECENT = 'palette-recent';
const KEPT = 5;

const dialog = document.querySelector('#palette');
const input = dialog?.querySelector('input');
const list = dialog?.querySelector('[role=listbox]');

let chosen = 0;
let asked; // the request under way; a newer one ends it
let pause;
let answered; // the words the list answers: what stands in the box may already be others

const options = () => [...list.querySelectorAll('[role=option]')];

function mark(at) {
  const all = options();
  if (!all.length) {
    input.removeAttribute('aria-activedescendant');
    return;
  }
  chosen = (at + all.length) % all.length;
  all.forEach((option, n) => {
    option.id = `option-${n}`;
    option.setAttribute('aria-selected', String(n === chosen));
  });
  input.setAttribute('aria-activedescendant', all[chosen].id);
  all[chosen].scrollIntoView({block: 'nearest'});
}

const recents = () => JSON.parse(sessionStorage.getItem(RECENT) || '[]');

function recentItems() {
  const kept = recents().filter(hit => hit.url !== location.pathname);
  if (!kept.length) return [];
  const items = kept.map(({url, title, picture}) =>
    make('li', {role: 'option', 'data-url': url, 'data-icon': picture}, icon(picture), make('span', {text: title})),
  );
  return [make('li', {class: 'group', role: 'presentation', text: 'Recent'}), ...items];
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const text = input.value.trim();
  const words = new URLSearchParams({q: text, on: location.pathname});
  try {
    const answer = await fetch(`/search?${words}`, {signal: asked.signal, headers: {'HX-Request': 'true'}});
    if (!answer.ok) throw new Error(answer.status === 429 ? 'Too many searches; wait a moment.' : 'The search did not answer.');
    list.innerHTML = await answer.text();
    answered = text;
    if (!text) list.prepend(...recentItems());
  } catch (problem) {
    if (problem.name === 'AbortError') return;
    const words = navigator.onLine ? problem.message : 'No connection. Pages you have open still work.';
    list.replaceChildren(make('li', {class: 'group', role: 'presentation', text: words}));
  }
  mark(0);
}

function go(option, inNewTab) {
  if (!option) return;
  const url = option.dataset.url;
  const hit = {url, title: option.querySelector('span').textContent, picture: option.dataset.icon || 'arrow-right'};
  const rest = recents().filter(other => other.url !== url);
  sessionStorage.setItem(RECENT, JSON.stringify([hit, ...rest].slice(0, KEPT)));
  dialog.close();
  if (inNewTab) window.open(url, '_blank', 'noopener');
  else location.href = url;
}

// Whoever types and presses Enter at once means what is typed, not what the list still shows.
async function enter(inNewTab) {
  if (input.value.trim() !== answered) {
    clearTimeout(pause);
    await ask();
    if (input.value.trim() !== answered) return;
  }
  go(options()[chosen], inNewTab);
}

function open() {
  if (!dialog || dialog.open || document.querySelector('dialog[open]')) return;
  dialog.showModal();
  input.value = '';
  ask();
}

onAct('palette', open);

document.addEventListener('keydown', event => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    if (dialog?.open) dialog.close();
    else open();
  } else if (event.key === '/' && !event.target.matches('input, textarea, select, [contenteditable]')) {
    event.preventDefault();
    open();
  }
});

dialog?.addEventListener('keydown', event => {
  const steps = {ArrowDown: 1, ArrowUp: -1};
  if (steps[event.key]) {
    event.preventDefault();
    mark(chosen + steps[event.key]);
  } else if (event.key === 'Enter') {
    event.preventDefault();
    enter(event.metaKey || event.ctrlKey);
  }
});

input?.addEventListener('input', () => {
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE_MS);
});

dialog?.addEventListener('click', event => {
  const option = event.target.closest('[role=option]');
  if (option) go(option, event.metaKey || event.ctrlKey);
  else if (event.target === dialog) dialog.close();
});
