// <ts-chart src="…" range="24h">: a live series. It reads {unit, title, step_seconds, resolution, series,
// thresholds, marks, time_zone, sentence}; drags to zoom, keeps the range in the address, and offers the same
// figures as a table.
import uPlot from 'uplot';

import {make} from './acts.js';
import {figure, prefixFor, rounded} from './figures.js';
import {background, colour, drawMarks, drawThresholds, sawtooth} from './ts-drawing.js';

const HOUR = 3600;
const RANGES = {'1h': HOUR, '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '90d': 90 * 24 * HOUR};
const WORDS = {'1h': '1 h', '24h': '24 h', '7d': '7 d', '90d': '90 d'};
const TABLE_ROWS = 200;
const MOST_SERIES = 6;
const HEIGHT = 200; // px, at least
const synced = uPlot.sync('panel'); // one instant under the pointer in all charts of a page

/** Return the places of values that stand between gaps: no line runs through them. */
const lonely = (plot, n) => {
  const values = plot.data[n];
  return values.flatMap((value, i) => (value != null && values[i - 1] == null && values[i + 1] == null ? [i] : []));
};

class TsChart extends HTMLElement {
  connectedCallback() {
    this.name ??= this.getAttribute('title') || '';
    this.range = new URLSearchParams(location.search).get('range') || this.getAttribute('range') || '24h';
    this.build();
    this.resized = new ResizeObserver(() => this.plot?.setSize(this.size));
    this.resized.observe(this.field);
    this.redraw = () => this.data && this.draw();
    document.addEventListener('themechange', this.redraw);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.redraw);
    if (this.dataset.live) document.addEventListener('live', (this.heard = () => this.load()));
    // A page of twenty charts asks for those one comes near, not for all of them at once.
    this.near = new IntersectionObserver(([seen]) => seen.isIntersecting && (this.near.disconnect(), this.load()), {rootMargin: '400px'});
    this.near.observe(this);
  }

  disconnectedCallback() {
    this.near.disconnect();
    this.resized.disconnect();
    this.asked?.abort();
    this.plot?.destroy();
    document.removeEventListener('themechange', this.redraw);
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', this.redraw);
    if (this.heard) document.removeEventListener('live', this.heard);
  }

  get size() {
    return {width: this.field.clientWidth, height: Math.max(HEIGHT, this.field.clientHeight)};
  }

  build() {
    const ranges = Object.entries(WORDS).map(([range, text]) =>
      make('button', {type: 'button', text, 'data-range': range, 'aria-pressed': String(range === this.range)}),
    );
    this.legend = make('ul', {class: 'legend'});
    this.ranges = make('div', {class: 'seg end', role: 'group', 'aria-label': 'Range'}, ...ranges);
    this.field = make('div', {class: 'ts-field', role: 'img', 'aria-label': this.name});
    this.note = make('p', {class: 'ts-note'});
    this.table = make('details', {class: 'as-table'}, make('summary', {text: 'As table'}));
    this.table.addEventListener('toggle', () => this.table.open && this.fillTable());
    this.ranges.addEventListener('click', event => event.target.dataset.range && this.choose(event.target.dataset.range));
    const head = make('div', {class: 'ts-head'}, make('b', {text: this.name}), this.legend, this.ranges);
    this.bones = this.querySelector('.bones');
    this.replaceChildren(head, this.field, make('div', {class: 'ts-foot'}, this.note, this.table));
    if (this.bones) this.field.append(this.bones);
    this.removeAttribute('title'); // its name stands on the picture; no hint over the whole chart
  }

  choose(range) {
    this.range = range;
    this.window = undefined;
    for (const button of this.ranges.children) button.setAttribute('aria-pressed', String(button.dataset.range === range));
    const address = new URL(location.href);
    address.searchParams.set('range', range);
    history.replaceState(history.state, '', address);
    this.load();
  }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    const address = new URL(this.getAttribute('src'), location.href);
    address.searchParams.set('range', this.range);
    try {
      const answer = await fetch(address, {signal: this.asked.signal, headers: {Accept: 'application/json'}});
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || `The server answered ${answer.status}.`);
      this.data = await answer.json();
      this.draw();
    } catch (problem) {
      if (problem.name !== 'AbortError') this.fail(problem.message);
    }
  }

  fail(words) {
    this.plot?.destroy();
    this.plot = undefined;
    this.field.replaceChildren(make('div', {class: 'empty'}, make('p', {text: `The series cannot be shown. ${words}`})));
  }

  draw() {
    const {data} = this;
    this.series = data.series.slice(0, MOST_SERIES);
    this.plot?.destroy();
    this.field.replaceChildren();
    this.field.setAttribute('aria-label', [data.title || this.name, data.sentence].filter(Boolean).join('. '));
    const hidden = data.series.length - this.series.length;
    this.note.textContent = [data.resolution, data.time_zone, hidden > 0 && `${hidden} more not drawn`].filter(Boolean).join(' · ');
    this.tell();
    const times = [...new Set(this.series.flatMap(one => one.points.map(([at]) => at)))].sort((a, b) => a - b);
    if (!times.length) {
      this.field.replaceChildren(make('div', {class: 'empty'}, make('p', {text: 'Nothing was measured in this time.'})));
      return;
    }
    const rows = this.series.map(one => {
      const known = new Map(one.points);
      return times.map(at => (known.has(at) ? known.get(at) : undefined)); // null is a gap, undefined joins
    });
    this.plot = new uPlot(this.options(), [times.map(at => at / 1000), ...rows], this.field);
    this.field.append(this.tip);
    if (this.table.open) this.fillTable();
  }

  tell() {
    const items = this.series.map((one, n) => make('li', {class: `s${n + 1}`}, make('i', {class: 'key'}), one.name));
    this.legend.replaceChildren(...(items.length > 1 ? items : []));
    this.tip = make('div', {class: 'tip', hidden: true});
  }

  options() {
    const {data} = this;
    const quiet = {stroke: colour('--text-3'), font: '500 10.5px "Inter Variable", sans-serif', ticks: {show: false}, gap: 6};
    const top = Math.max(0, ...data.series.flatMap(one => one.points.map(([, v]) => v ?? 0)), ...(data.thresholds || []).map(t => t.value));
    const [worth, word] = prefixFor(top, data.unit);
    const label = value => (['s', '%', 'ratio'].includes(data.unit) ? figure(value, data.unit) : rounded(value / worth));
    return {
      ...this.size,
      tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), data.time_zone || 'UTC'),
      padding: [14, 10, 0, 0],
      legend: {show: false},
      cursor: {y: false, drag: {x: true, y: false, setScale: true}, sync: {key: synced.key}, points: {size: 7, stroke: colour('--surface')}},
      scales: {x: {time: true}, y: {range: (_, low, high) => this.span(low, high, top)}},
      axes: [
        {...quiet, grid: {show: false}, space: 64, size: 26, values: this.clock()},
        {...quiet, grid: {stroke: colour('--line'), width: 1}, size: 46, space: 34, incrs: sawtooth(data.unit), values: (_, at) => at.map(label)},
      ],
      series: [{}, ...this.series.map((one, n) => this.stroke(n))],
      hooks: {
        drawClear: [plot => word && background(plot, word)],
        draw: [plot => drawThresholds(plot, data.thresholds || []), plot => drawMarks(plot, data.marks || [])],
        setCursor: [plot => this.hover(plot)],
      },
    };
  }

  stroke(n) {
    const isAlone = this.series.length === 1;
    const ink = colour(`--s${n + 1}`);
    return {
      stroke: ink,
      width: 1.5,
      fill: isAlone ? colour('--s1', 0.12) : undefined,
      points: {show: true, size: 4, fill: ink, filter: lonely},
      spanGaps: false,
    };
  }

  /** Zero is on the axis unless the curve would be a flat line far above; limits are always seen. */
  span(low, high, top) {
    const most = Math.max(high ?? 0, top) * 1.08 || 1;
    low = Math.min(low ?? 0, ...(this.data.thresholds || []).map(limit => limit.value));
    const isFar = low > 0 && top - low < 0.15 * top;
    return [low < 0 ? low * 1.08 : isFar ? low * 0.98 : 0, most];
  }

  clock() {
    const zone = this.data.time_zone || 'UTC';
    const words = options => new Intl.DateTimeFormat('en-GB', {...options, timeZone: zone});
    const hours = words({hour: '2-digit', minute: '2-digit'});
    const days = words({day: 'numeric', month: 'short'});
    return (plot, at) => at.map(seconds => {
      const time = hours.format(seconds * 1000);
      const isDaily = at.length > 1 && at[1] - at[0] >= 24 * HOUR;
      return isDaily || time === '00:00' ? days.format(seconds * 1000) : time;
    });
  }

  hover(plot) {
    const {idx, left} = plot.cursor;
    this.tip.hidden = idx == null || left < 0;
    if (this.tip.hidden) return;
    const {data} = this;
    const zone = data.time_zone || 'UTC';
    const when = new Intl.DateTimeFormat('en-GB', {dateStyle: 'medium', timeStyle: 'short', timeZone: zone}).format(plot.data[0][idx] * 1000);
    const rows = this.series.flatMap((one, n) => [
      make('span', {class: `s${n + 1}`}, make('i', {class: 'key'}), one.name),
      make('b', {text: figure(plot.data[n + 1][idx], data.unit)}),
    ]);
    const near = (data.marks || []).filter(mark => Math.abs(plot.valToPos(mark.at_ms / 1000, 'x') - left) < 8);
    this.tip.replaceChildren(make('time', {text: `${when} ${zone}`}), ...rows, ...near.map(mark => make('em', {text: mark.label})));
    const x = left + plot.over.offsetLeft;
    this.tip.style.left = `${x + 14 + this.tip.offsetWidth > plot.width ? x - this.tip.offsetWidth - 14 : x + 14}px`;
  }

  fillTable() {
    const [times, ...rows] = this.plot?.data || [[]];
    const stride = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
    const format = new Intl.DateTimeFormat('en-GB', {dateStyle: 'short', timeStyle: 'short', timeZone: this.data.time_zone || 'UTC'});
    const head = make('tr', {}, make('th', {scope: 'col', text: 'Time'}), ...this.series.map(one => make('th', {scope: 'col', text: one.name})));
    const body = times
      .map((at, n) => [at, n])
      .filter(([, n]) => n % stride === 0)
      .map(([at, n]) => make('tr', {}, make('td', {text: format.format(at * 1000)}), ...rows.map(row => make('td', {class: 'num', text: figure(row[n], this.data.unit)}))));
    const table = make('table', {class: 'tbl'}, make('thead', {}, head), make('tbody', {}, ...body));
    const region = make('div', {class: 'as-table__b', tabindex: '0', role: 'region', 'aria-label': `${this.data.title || this.name} as table`}, table);
    this.table.replaceChildren(this.table.querySelector('summary'), region);
  }
}

customElements.define('ts-chart', TsChart);
