// Buttons name what they do in `data-act`; whoever knows how says so here.
const acts = new Map();

/** Do `act(element)` when an element with `data-act=name` is pressed. */
export function onAct(name, act) {
  acts.set(name, act);
}

document.addEventListener('click', event => {
  const pressed = event.target.closest?.('[data-act]');
  if (pressed) acts.get(pressed.dataset.act)?.(pressed, event);
});

/** Say something once to people who hear the page instead of seeing it. */
export function say(words) {
  const region = document.querySelector('#said');
  if (region) region.textContent = words;
}

/** Draw a picture of the sprite; for elements made here. */
export function icon(name, classes = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', `i ${classes}`);
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** Make an element with text and attributes; what comes from outside is never read as markup. */
export function make(tag, {text, ...attributes} = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  if (text != null) element.textContent = text;
  element.append(...children);
  return element;
}
