// What every page loads. Each module looks after one thing and finds its elements by attribute.
import htmx from 'htmx.org';

import './fields.js';
import './keys.js';
import './layers.js';
import './lists.js';
import './palette.js';
import './theme.js';
import {listen} from './live.js';

htmx.config.includeIndicatorStyles = false; // no inline style: the content policy forbids it
htmx.config.allowEval = false;
htmx.config.historyCacheSize = 0; // pages hold what others may not read: nothing stays in local storage
htmx.config.refreshOnHistoryMiss = true;
htmx.config.responseHandling = [
  {code: '204', swap: false},
  {code: '[23]..', swap: true},
  {code: '422', swap: true}, // a form with its faults
  {code: '[45]..', swap: false, error: true},
];

// Islands: the code of an element is loaded when the element is on the page.
const ISLANDS = {
  'as-of': () => import('./as-of.js'),
  'dep-map': () => import('./dep-map.js'),
  'ts-chart': () => import('./ts-chart.js'),
};

function wake(root) {
  for (const [tag, load] of Object.entries(ISLANDS))
    if (!customElements.get(tag) && (root.matches?.(tag) || root.querySelector(tag))) load();
}

wake(document);
document.addEventListener('htmx:load', event => wake(event.target));
listen();
