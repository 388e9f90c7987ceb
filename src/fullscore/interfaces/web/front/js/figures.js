// How a figure is said: the same rules as `figures.py`, held to the same table of tests.
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const SPANS = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
const SCALED = {'bit/s': 'bit/s', bit: 'bit', Hz: 'Hz', W: 'W', 1: '', '': '', '1/s': '/s'};
const PLAIN = {Cel: '°C'};

const trimmed = text => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
const grouped = text => text.replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** Three significant digits, whole ones in full, without idle zeros. */
export function rounded(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const places = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(size))));
  const [whole, rest] = (Math.floor(size * 10 ** places + 0.5) / 10 ** places).toFixed(places).split('.');
  const told = trimmed(rest ? `${grouped(whole)}.${rest}` : grouped(whole));
  return (value < 0 && told !== '0' ? '−' : '') + told;
}

/** The prefix of a size, and what one of it is worth: [1024 ** 3, 'GiB']. */
export function prefixFor(size, unit) {
  const isBinary = unit === 'By' || unit === 'By/s';
  if (!isBinary && !(unit in SCALED)) return [1, PLAIN[unit] ?? unit];
  const base = isBinary ? 1024 : 1000;
  const prefixes = isBinary ? BINARY : DECIMAL;
  let step = 0;
  let left = Math.abs(size);
  // 999.5 would be written 1000: it belongs to the next prefix already.
  while (left >= base * (1 - 0.0005) && step < prefixes.length - 1) {
    left /= base;
    step += 1;
  }
  return [base ** step, prefixes[step] + (isBinary ? `B${unit.slice(2)}` : SCALED[unit])];
}

export function percent(ratio) {
  const value = ratio * 100;
  const isClose = value >= 99 && value < 100;
  const places = isClose || (Math.abs(value) > 0 && Math.abs(value) < 1) ? 2 : 1;
  // A promise just missed must never read as kept: below 100 is cut, not rounded.
  const size = Math.floor(Math.abs(value) * 10 ** places + (isClose ? 0 : 0.5)) / 10 ** places;
  return `${value < 0 && size ? '−' : ''}${trimmed(size.toFixed(places))} %`;
}

export function duration(seconds, parts = 2) {
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? '−' : '';
  if (size > 0 && size < 1) return sign + (size >= 0.001 ? `${rounded(size * 1000)} ms` : `${rounded(size * 1e6)} µs`);
  if (size < 10) return `${sign}${rounded(size)} s`;
  let left = Math.floor(size + 0.5);
  const words = [];
  for (const [span, word] of SPANS) {
    const count = Math.floor(left / span);
    left %= span;
    if (count || words.length) words.push(count ? `${count} ${word}` : '');
  }
  return sign + words.slice(0, parts).filter(Boolean).join(' ');
}

export function figure(value, unit = '') {
  if (value == null || !Number.isFinite(value)) return '–';
  if (unit === 's') return duration(value);
  if (unit === '%' || unit === 'ratio') return percent(unit === '%' ? value / 100 : value);
  const [worth, word] = prefixFor(value, unit);
  const told = rounded(value / worth);
  return word ? `${told} ${word}` : told;
}
