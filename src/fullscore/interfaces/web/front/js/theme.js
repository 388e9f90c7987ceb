// Light and dark. The choice is a cookie, so the server renders it and nothing flashes.
import {onAct} from './acts.js';

const YEAR = 31_536_000;

onAct('theme', () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  document.cookie = `theme=${root.dataset.theme};path=/;max-age=${YEAR};samesite=lax`;
  document.dispatchEvent(new Event('themechange'));
});
