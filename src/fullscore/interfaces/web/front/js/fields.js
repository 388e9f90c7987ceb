// Forms: what was typed survives a failure, a sign-in and a lost connection; faults are read first.
import {make, onAct} from './acts.js';

const PAUSE_MS = 400;
const SECRET = /password|secret|token|code|csrf/i;
const keyOf = form => `form:${form.getAttribute('action') || location.pathname}`;

const isKept = field => field.name && !SECRET.test(field.name) && !['password', 'file', 'hidden', 'submit', 'button'].includes(field.type);

const valueOf = field => {
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked;
  return field.multiple ? [...field.selectedOptions].map(option => option.value) : field.value;
};

function fill(field, value) {
  if (field.type === 'checkbox' || field.type === 'radio') field.checked = value;
  else if (field.multiple) [...field.options].forEach(option => (option.selected = value.includes(option.value)));
  else field.value = value;
}

function keep(form) {
  const fields = [...form.elements].filter(isKept);
  const changed = fields.map((field, n) => [n, field.name, valueOf(field)]);
  sessionStorage.setItem(keyOf(form), JSON.stringify(changed));
}

function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) || 'null');
  const fields = [...form.elements].filter(isKept);
  if (!kept || kept.length !== fields.length) return;
  const differs = kept.filter(([n, name, value]) => fields[n].name === name && JSON.stringify(valueOf(fields[n])) !== JSON.stringify(value));
  if (!differs.length) return;
  differs.forEach(([n, , value]) => fill(fields[n], value));
  const words = make('p', {text: 'What you typed before is back. ', class: 'note'});
  const forget = make('button', {type: 'button', class: 'link', text: 'Start afresh', 'data-act': 'forget-form'});
  words.append(forget);
  form.prepend(words);
}

onAct('forget-form', button => {
  sessionStorage.removeItem(keyOf(button.closest('form')));
  location.reload();
});

let pause;
document.addEventListener('input', event => {
  const form = event.target.form;
  if (!form?.matches('[data-keeps]')) return;
  clearTimeout(pause);
  pause = setTimeout(() => keep(form), PAUSE_MS);
});

// A page that stands under another address than the form's means the server took it.
for (const form of document.querySelectorAll('form[data-keeps]')) {
  if (form.querySelector('.summary')) keep(form);
  else restore(form);
}
document.addEventListener('submit', event => {
  const form = event.target;
  if (form.matches('[data-keeps]')) {
    clearTimeout(pause);
    keep(form);
    sessionStorage.setItem('sent', keyOf(form));
  }
  form.querySelectorAll('button[type=submit], .btn:not([type])').forEach(button => button.setAttribute('aria-busy', 'true'));
});
const sent = sessionStorage.getItem('sent');
if (sent && document.querySelector('.toast.is-ok')) {
  sessionStorage.removeItem(sent);
  sessionStorage.removeItem('sent');
}
document.querySelector('.summary[tabindex]')?.focus();

// Checkboxes of one name travel as one word, "a,b,c": addresses stay short.
document.addEventListener('submit', event => {
  const form = event.target;
  if (!form.matches('[data-joins]')) return;
  const name = form.dataset.joins;
  const chosen = [...form.querySelectorAll(`input[name="${name}"]:checked`)].map(box => box.value);
  form.querySelectorAll(`input[name="${name}"]`).forEach(box => (box.disabled = true));
  form.append(make('input', {type: 'hidden', name, value: chosen.join(',')}));
});

// A control that acts as soon as it is changed.
document.addEventListener('change', event => {
  if (event.target.matches('[data-submits]')) event.target.form.requestSubmit();
});

// Typing the name confirms what cannot be undone.
document.addEventListener('input', event => {
  const wanted = event.target.dataset.confirms;
  if (wanted === undefined) return;
  event.target.form.querySelector('[type=submit]').disabled = event.target.value.trim() !== wanted;
});

// Files can be dropped; the name of what was chosen is said.
document.addEventListener('change', event => {
  const drop = event.target.closest('.drop');
  if (drop && event.target.files.length) drop.querySelector('b').textContent = event.target.files[0].name;
});
for (const [kind, isOver] of [['dragover', true], ['dragleave', false], ['drop', false]])
  document.addEventListener(kind, event => event.target.closest?.('.drop')?.classList.toggle('is-over', isOver));
