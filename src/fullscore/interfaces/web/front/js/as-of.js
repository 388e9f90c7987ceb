// <as-of>: a slider over a record's past. Letting go shows the page as it was then.
const HOUR = 3_600_000;

class AsOf extends HTMLElement {
  connectedCallback() {
    this.slider = this.querySelector('input[type=range]');
    this.field = this.querySelector('input[type=datetime-local]');
    this.words = this.querySelector('output');
    this.from = Date.parse(this.dataset.min);
    this.to = Date.parse(this.dataset.max);
    if (this.to - this.from < HOUR) this.from = this.to - HOUR;
    const at = this.dataset.value ? Date.parse(this.dataset.value) : this.to;
    this.slider.value = String((1000 * (at - this.from)) / (this.to - this.from));
    this.slider.addEventListener('input', () => this.tell());
    this.slider.addEventListener('change', () => this.go());
    this.tell();
  }

  get moment() {
    return this.from + (Number(this.slider.value) / 1000) * (this.to - this.from);
  }

  get isNow() {
    return Number(this.slider.value) >= 1000;
  }

  tell() {
    const zone = this.dataset.zone || undefined;
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: 'medium', timeStyle: 'short', timeZone: zone});
    const words = this.isNow ? 'now' : format.format(this.moment);
    this.words.textContent = words;
    this.slider.setAttribute('aria-valuetext', words);
  }

  go() {
    const address = new URL(location.href);
    if (this.isNow) address.searchParams.delete('at');
    else address.searchParams.set('at', `${new Date(this.moment).toISOString().slice(0, 16)}Z`);
    location.href = address;
  }
}

customElements.define('as-of', AsOf);
