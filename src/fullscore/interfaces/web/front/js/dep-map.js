// <dep-map>: enhances the server's drawing. Hover or focus lights the neighbours, arrow keys walk along edges.
class DepMap extends HTMLElement {
  connectedCallback() {
    this.picture = this.querySelector('.map');
    if (!this.picture) return;
    this.near = new Map();
    for (const edge of this.picture.querySelectorAll('.edge')) {
      const {a, b} = edge.dataset;
      this.join(a, b, edge);
      this.join(b, a, edge);
    }
    this.listen();
  }

  join(from, to, edge) {
    if (!this.near.has(from)) this.near.set(from, []);
    this.near.get(from).push({to, edge});
  }

  listen() {
    const {picture} = this;
    const nodeOf = event => event.target.closest('.node');
    picture.addEventListener('pointerover', event => (nodeOf(event) ? this.light(nodeOf(event)) : this.dim()));
    picture.addEventListener('pointerleave', () => this.dim());
    picture.addEventListener('focusin', event => nodeOf(event) && this.light(nodeOf(event)));
    picture.addEventListener('focusout', () => this.dim());
    picture.addEventListener('keydown', event => this.walk(event, nodeOf(event)));
  }

  named(id) {
    return this.picture.querySelector(`.node[id="${CSS.escape(id)}"]`);
  }

  light(node) {
    this.dim();
    this.picture.classList.add('focus');
    const lit = [node.id];
    for (const {to, edge} of this.near.get(node.id) || []) {
      edge.classList.add('on');
      lit.push(to);
    }
    for (const id of lit) {
      this.named(id)?.classList.add('on');
      this.picture.querySelector(`.label[data-of="${CSS.escape(id)}"]`)?.classList.add('on');
    }
  }

  dim() {
    this.picture.classList.remove('focus');
    this.picture.querySelectorAll('.on').forEach(lit => lit.classList.remove('on'));
  }

  walk(event, node) {
    const forward = ['ArrowRight', 'ArrowDown'].includes(event.key);
    if (!node || (!forward && !['ArrowLeft', 'ArrowUp'].includes(event.key))) return;
    event.preventDefault();
    const x = Number(node.dataset.x);
    const others = (this.near.get(node.id) || []).map(({to}) => this.named(to)).filter(Boolean);
    others.find(other => (forward ? Number(other.dataset.x) > x : Number(other.dataset.x) < x))?.focus();
  }
}

customElements.define('dep-map', DepMap);
