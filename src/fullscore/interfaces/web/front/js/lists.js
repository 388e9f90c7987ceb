// Tables of many rows: choosing some, and rows that change under one's eyes without moving.
import htmx from 'htmx.org';

import {icon, make, onAct, say} from './acts.js';

const boxesOf = table => [...table.querySelectorAll('tbody input[type=checkbox]')];

function count(list) {
  const boxes = boxesOf(list);
  const chosen = boxes.filter(box => box.checked).length;
  const all = list.querySelector('thead input[type=checkbox]');
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const words = list.querySelector('.bulk b');
  if (words) words.textContent = `${chosen} selected`;
}

let last; // the box pressed before, for choosing a range with Shift

document.addEventListener('click', event => {
  const box = event.target;
  if (!box.matches?.('.list tbody input[type=checkbox]')) return;
  const boxes = boxesOf(box.closest('.list'));
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    boxes.slice(from, to + 1).forEach(between => (between.checked = box.checked));
  }
  last = box;
});

document.addEventListener('change', event => {
  const list = event.target.closest('.list');
  if (!list || !event.target.matches('.tbl input[type=checkbox]')) return;
  if (event.target.closest('thead')) boxesOf(list).forEach(box => (box.checked = event.target.checked));
  count(list);
});

onAct('choose-none', button => {
  const list = button.closest('.list');
  list.querySelectorAll('.tbl input[type=checkbox]').forEach(box => (box.checked = false));
  count(list);
  list.querySelector('tbody a[data-open]')?.focus();
});

// When the rows are swapped, the chosen stay chosen and the focus stays on its row, or its successor.
let before;

document.addEventListener('htmx:beforeSwap', event => {
  const region = event.target;
  if (!region.matches?.('[data-list-of]')) return;
  const rows = [...region.querySelectorAll('tr[data-pk]')];
  const focused = rows.findIndex(row => row.contains(document.activeElement));
  const chosen = rows.filter(row => row.querySelector('input:checked')).map(row => row.dataset.pk);
  before = {chosen: new Set(chosen), at: focused, pk: rows[focused]?.dataset.pk};
});

document.addEventListener('htmx:afterSwap', event => {
  const region = event.target;
  if (!before || !region.matches?.('[data-list-of]')) return;
  const rows = [...region.querySelectorAll('tr[data-pk]')];
  for (const row of rows) if (before.chosen.has(row.dataset.pk)) row.querySelector('input[type=checkbox]').checked = true;
  if (before.at >= 0) {
    const same = rows.find(row => row.dataset.pk === before.pk) || rows[Math.min(before.at, rows.length - 1)];
    (same?.querySelector('[data-open]') || region).focus({preventScroll: true});
  }
  before = undefined;
  count(region.closest('.list'));
});

/** Say where a filter form leads: what is left empty does not stand in the address. */
function addressOf(form, without = '') {
  const told = [...new FormData(form)].filter(([name, value]) => value !== '' && name !== without);
  const words = new URLSearchParams(told).toString();
  return form.getAttribute('action') + (words ? `?${words}` : '');
}

document.addEventListener('htmx:configRequest', event => {
  const {elt, parameters} = event.detail;
  if (!elt.matches('form[role=search]')) return;
  for (const [name, value] of [...parameters.entries()]) if (value === '') parameters.delete(name);
});

// A filter that comes or goes changes the bar itself, so the page is fetched; typing changes the rows only.
document.addEventListener('change', event => {
  const {form, name} = event.target;
  if (form?.matches('form[role=search]') && name && name !== 'q') location.href = addressOf(form);
});

onAct('drop-filter', button => {
  const control = button.closest('.chip').querySelector('select, input');
  location.href = addressOf(control.form, control.name);
});

// Files hold what is shown now, not what was shown when the page came.
document.addEventListener('htmx:pushedIntoHistory', () => {
  for (const link of document.querySelectorAll('a[download]')) link.search = location.search;
  const query = document.querySelector('#menu-save [name=query]');
  if (query) query.value = location.search.slice(1);
});

/**
 * Fetch the rows again: known ones are replaced where they stand, new ones announce themselves and wait. Rows
 * that only moved to or from the next page are neither new nor gone: `keys` says what changed.
 */
export async function refreshList(region, keys) {
  const headers = {'HX-Request': 'true', 'HX-Target': region.id};
  const answer = await fetch(location.href, {headers}).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const rows = new Map([...fresh.querySelectorAll('tr[data-pk]')].map(row => [row.dataset.pk, row]));
  for (const old of region.querySelectorAll('tr[data-pk]')) {
    const row = rows.get(old.dataset.pk);
    rows.delete(old.dataset.pk);
    if (!row && keys.has(old.dataset.pk)) old.classList.add('is-gone');
    else if (row && row.innerHTML !== old.innerHTML) replace(old, row);
  }
  announce(region, [...rows.keys()].filter(pk => keys.has(pk) || keys.has('')).length);
}

function replace(old, row) {
  const isChosen = old.querySelector('input[type=checkbox]')?.checked;
  const hadFocus = old.contains(document.activeElement);
  old.replaceChildren(...row.childNodes);
  old.className = row.className;
  old.classList.add('flash');
  const box = old.querySelector('input[type=checkbox]');
  if (box && isChosen) box.checked = true;
  if (hadFocus) old.querySelector('a[data-open]')?.focus({preventScroll: true});
  htmx.process(old);
}

function announce(region, news) {
  const list = region.closest('.list');
  list.querySelector('.news')?.remove();
  if (!news) return;
  const button = make('button', {type: 'button', class: 'news', 'data-act': 'show-news'}, icon('arrow-up'), ` ${news} new`);
  list.append(button);
  say(`${news} new`);
}

onAct('show-news', button => {
  const region = button.closest('.list').querySelector('[data-list-of]');
  button.remove();
  htmx.ajax('GET', location.href, {target: region, source: region, swap: 'innerHTML'});
  region.scrollTo({top: 0});
  region.focus();
});
