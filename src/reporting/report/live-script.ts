import { html, type Markup } from './html.ts';

/**
 * Keeps a page as it is on the server, without touching what did not change: focus, selection, what is unfolded and the place
 * stay. Says how old it is. Arrow keys and the pointer move one crosshair through all plots.
 */
const source = `
const $ = (id) => document.getElementById(id);
let heard = Date.now(), lost = '', crossAt = null;
const own = (node) => node.nodeType === 1 && node.hasAttribute('data-own');
const keyOf = (node) => (node.nodeType === 1 ? node.tagName + '#' + node.id : '' + node.nodeType);
function become(old, fresh) {
  if (own(old) || old.isEqualNode(fresh)) return;
  if (old.nodeType !== 1) { old.nodeValue = fresh.nodeValue; return; }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !(name === 'open' && old.tagName === 'DETAILS')) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value && !(name === 'open' && old.tagName === 'DETAILS')) old.setAttribute(name, value);
  let at = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    let same = at;
    while (same && keyOf(same) !== keyOf(child)) same = child.id ? same.nextSibling : null;
    if (same) {
      while (at !== same) { const gone = at; at = at.nextSibling; gone.remove(); }
      at = same.nextSibling;
      become(same, child);
    } else old.insertBefore(child, at);
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}
async function load() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  become($('main'), page.getElementById('main'));
  document.title = page.title;
  const icon = page.querySelector('link[rel=icon]');
  if (icon) document.querySelector('link[rel=icon]').href = icon.href;
  cross();
}
function age() {
  const link = $('link'), seconds = Math.round((Date.now() - heard) / 1000);
  const text = lost || '● live, ' + seconds + ' s ago';
  if (link.textContent !== text) link.textContent = text;
  link.classList.toggle('late', lost !== '' || seconds > 5);
}
let loading = null, again = false;
function refresh() {
  if (loading) { again = true; return; }
  loading = load().then(() => { lost = ''; }, () => { lost = 'mlreg does not answer'; })
    .finally(() => { loading = null; age(); if (again) { again = false; refresh(); } });
}
const events = new EventSource('/changes');
events.onmessage = ({ data }) => {
  heard = Date.now(); lost = '';
  if (data !== 'same') refresh();
  age();
};
events.onerror = () => { lost = 'mlreg has ended: start mlreg dashboard again'; age(); };
setInterval(age, 1000);
const rowsOf = (plot) => [...plot.querySelectorAll('tr[data-x]')];
function cross() {
  for (const plot of document.querySelectorAll('.plot')) {
    const line = plot.querySelector('.cross'), read = plot.querySelector('.read');
    line.hidden = read.hidden = crossAt === null;
    if (crossAt === null) continue;
    let best = null;
    for (const row of rowsOf(plot))
      if (!best || Math.abs(row.dataset.x - crossAt) < Math.abs(best.dataset.x - crossAt)) best = row;
    if (!best) { line.hidden = read.hidden = true; continue; }
    line.style.left = best.dataset.x + '%';
    const names = [...plot.querySelectorAll('thead th')].map((cell) => cell.textContent);
    read.textContent = [...best.cells].map((cell, i) => (i === 0 ? cell.textContent : names[i] + ' ' + cell.textContent)).join(' · ');
  }
}
document.addEventListener('keydown', (event) => {
  const plot = event.target.closest && event.target.closest('.plot');
  if (!plot || event.target !== plot) return;
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6 }[event.key];
  if (event.key === 'Escape') crossAt = null;
  else if (step === undefined) return;
  else {
    const all = rowsOf(plot).map((row) => Number(row.dataset.x));
    if (all.length === 0) return;
    const here = crossAt === null ? all.length : all.reduce((best, x, i) => (Math.abs(x - crossAt) < Math.abs(all[best] - crossAt) ? i : best), 0);
    crossAt = all[Math.max(0, Math.min(all.length - 1, here + step))];
  }
  event.preventDefault();
  cross();
});
document.addEventListener('pointermove', (event) => {
  const area = event.target.closest && event.target.closest('.area');
  if (!area) return;
  const box = area.getBoundingClientRect();
  crossAt = (100 * (event.clientX - box.left)) / box.width;
  cross();
});
`;

const trusted = html([source] as unknown as TemplateStringsArray);

/** @param nonce that the page's policy allows */
export const liveScript = (nonce: string): Markup => html`<script nonce="${nonce}">${trusted}</script>`;
