// Live updates: the server says only "this changed"; the fragment is fetched again, so there is one rendering
// path and one permission check. One stream per browser, not per tab: HTTP/1.1 allows six connections per
// origin, and the seventh tab would never load.
import htmx from 'htmx.org';

import {refreshList} from './lists.js';

const POLL_MS = 15_000;
const SETTLE_MS = 150; // several changes of one transaction make one request

let seen = Number(document.documentElement.dataset.lastChange || 0); // nothing falls between page and stream
const waiting = new Map(); // element → keys of what changed in it; an empty key means anything
let timer;

/** Say whether an element listens to a change: `data-live="incidents.incident estate.item:42"`. */
export function concerns(listening, {topic, key}) {
  return listening.split(/\s+/).some(word => {
    const [noun, record] = word.split(':');
    return noun === topic && (!record || !key || record === String(key));
  });
}

function hear(change) {
  if (change.topic === 'reload') {
    // Too far behind, or the server was restored: its ids may be lower than ours, so this comes first.
    seen = change.id;
    document.querySelectorAll('[data-live]').forEach(element => wait(element));
    return;
  }
  if (change.id <= seen) return;
  seen = change.id;
  if (!change.topic) return; // not for this person; only moves the id
  document.dispatchEvent(new CustomEvent('live', {detail: change}));
  for (const element of document.querySelectorAll('[data-live]'))
    if (concerns(element.dataset.live, change)) wait(element, change.key);
}

function wait(element, key = '') {
  if (!waiting.has(element)) waiting.set(element, new Set());
  waiting.get(element).add(String(key));
  timer ??= setTimeout(refresh, SETTLE_MS);
}

function refresh() {
  const due = [...waiting].filter(([element]) => element.isConnected);
  waiting.clear();
  timer = undefined;
  due.forEach(([element, keys]) => fetchAgain(element, keys));
}

function isInUse(element) {
  const focused = document.activeElement;
  return element.contains(focused) && focused.matches('input:not([type=checkbox]), textarea, select');
}

function fetchAgain(element, keys) {
  if (document.hidden || isInUse(element)) {
    // Seen later, or typed into right now: ask again when that ends.
    const again = () => keys.forEach(key => wait(element, key));
    if (document.hidden) document.addEventListener('visibilitychange', again, {once: true});
    else element.addEventListener('focusout', again, {once: true});
    return;
  }
  if (element.matches('[data-list-of]')) {
    refreshList(element, keys);
    return;
  }
  const address = element.dataset.liveUrl || location.href;
  const focused = element.contains(document.activeElement) ? document.activeElement.id : '';
  htmx
    .ajax('GET', address, {target: element, source: element, select: `#${element.id}`, swap: 'outerHTML'})
    .then(() => focused && document.getElementById(focused)?.focus({preventScroll: true}));
}

async function catchUp() {
  const answer = await fetch(`/live/changes?since=${seen}`, {headers: {Accept: 'application/json'}}).catch(() => null);
  if (answer?.ok) (await answer.json()).forEach(hear);
}

function lead(channel) {
  const stream = new EventSource(`/live/stream?since=${seen}`);
  stream.onmessage = event => {
    const change = JSON.parse(event.data);
    hear(change);
    channel.postMessage(change);
  };
}

/** Start hearing what changes, if somebody is signed in. */
export function listen() {
  if (!document.documentElement.hasAttribute('data-last-change')) return;
  if (!navigator.locks) {
    setInterval(catchUp, POLL_MS); // plain http under a host name has no locks
    return;
  }
  const channel = new BroadcastChannel('live');
  channel.onmessage = event => hear(event.data);
  catchUp();
  // Held until this tab closes; then the next tab leads.
  navigator.locks.request('live-leader', () => new Promise(() => lead(channel)));
}
