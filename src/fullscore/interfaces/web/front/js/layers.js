// What lies above the page: the drawer, menus, dialogs, toasts, the bar that says one is offline.
import {icon, make, onAct, say} from './acts.js';

const TOAST_MS = 6000;
const GAP = 4; // px between a button and its menu

function toggleDrawer(isOpen) {
  const side = document.querySelector('.side');
  const opener = document.querySelector('[data-act=nav]');
  side.toggleAttribute('data-open', isOpen);
  opener.setAttribute('aria-expanded', String(side.hasAttribute('data-open')));
  if (side.hasAttribute('data-open')) side.querySelector('a').focus();
  else opener.focus();
}

onAct('nav', () => toggleDrawer());
document.addEventListener('pointerdown', event => {
  const side = document.querySelector('.side[data-open]');
  if (side && !side.contains(event.target) && !event.target.closest('[data-act=nav]')) toggleDrawer(false);
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && document.querySelector('.side[data-open]')) toggleDrawer(false);
});

/** Put a menu under its button, inside the window. */
function place(menu) {
  const button = document.querySelector(`[popovertarget="${menu.id}"]`);
  if (!button) return;
  const from = button.getBoundingClientRect();
  const {offsetWidth: width, offsetHeight: height} = menu;
  const alignsEnd = from.left + width > innerWidth - 8;
  const left = alignsEnd ? from.right - width : from.left;
  const below = from.bottom + GAP;
  const isRoomBelow = below + height < innerHeight - 8 || from.top < height;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${isRoomBelow ? below - GAP : from.top - height - 2 * GAP}px`;
}

document.addEventListener(
  'toggle',
  event => {
    if (!event.target.matches?.('.menu[popover]') || event.newState !== 'open') return;
    place(event.target);
    event.target.querySelector('a, button, input, select')?.focus();
  },
  true, // toggle does not bubble
);

document.addEventListener('keydown', event => {
  const menu = event.target.closest?.('.menu[popover]');
  if (!menu || !['ArrowDown', 'ArrowUp'].includes(event.key) || event.target.matches('select, input[type=date]')) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll('a, button, input')];
  const at = items.indexOf(document.activeElement) + (event.key === 'ArrowDown' ? 1 : -1);
  items[(at + items.length) % items.length]?.focus();
});

onAct('open', button => document.getElementById(button.dataset.opens)?.showModal());
onAct('copy-link', async button => {
  await navigator.clipboard.writeText(location.href);
  button.lastChild.textContent = 'Copied';
  say('The link is copied.');
});

onAct('close', button => (button.closest('dialog') ? button.closest('dialog').close() : button.closest('.toast')?.remove()));
document.addEventListener('click', event => {
  if (event.target.matches?.('dialog.dlg')) event.target.close(); // beside it
});

function leave(toast) {
  let timer = setTimeout(() => toast.remove(), TOAST_MS);
  toast.addEventListener('pointerenter', () => clearTimeout(timer));
  toast.addEventListener('pointerleave', () => (timer = setTimeout(() => toast.remove(), TOAST_MS)));
}

/** Tell something in the corner; faults stay until somebody closes them. */
export function toast(words, tone = '') {
  const close = make('button', {type: 'button', class: 'btn btn--ghost btn--icon btn--sm', 'data-act': 'close', 'aria-label': 'Close'}, icon('x'));
  const made = make('div', {class: `toast is-${tone}`}, icon(tone === 'crit' ? 'circle-alert' : 'circle-check'), make('p', {text: words}), close);
  document.querySelector('.toasts').append(made);
  if (tone !== 'crit') leave(made);
}

document.querySelectorAll('.toast:not(.is-crit)').forEach(leave);

document.addEventListener('htmx:responseError', async event => {
  const {status, responseText} = event.detail.xhr;
  const page = new DOMParser().parseFromString(responseText, 'text/html');
  toast(page.querySelector('[data-sentence]')?.textContent || `The server answered ${status}. Please try again.`, 'crit');
});
document.addEventListener('htmx:sendError', () => toast('No connection. Nothing was sent; what you typed is still here.', 'crit'));

const bar = document.querySelector('.offline');
const tell = () => bar && (bar.hidden = navigator.onLine);
window.addEventListener('online', tell);
window.addEventListener('offline', tell);
tell();
