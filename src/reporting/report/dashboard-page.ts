import type { VersionRecord } from '../../domain/registry.ts';
import { formatDuration } from '../../domain/parse.ts';
import { clock } from '../../view/condition.ts';
import { failedShort } from '../../view/failed-requests.ts';
import type { RolloutView } from '../../view/view.ts';
import { titleOf } from '../outcome-words.ts';
import { html, type Markup, table } from './html.ts';

export interface DashboardView {
  readonly model: string;
  readonly environment: string;
  readonly champion: VersionRecord | null;
  /** The newest first. */
  readonly rollouts: readonly RolloutView[];
  /** Of the one that is shown below; null where there is none. */
  readonly report: Markup | null;
}

/** What serves, the rollout that runs or was last, and those before: drawn anew whenever something changes. */
export function dashboard(view: DashboardView): Markup {
  const { model, environment, champion, rollouts, report } = view;
  const [newest] = rollouts;
  const isOpen = newest !== undefined && (newest.state.outcome === null || newest.condition.kind === 'stuck');
  const says = isOpen
    ? sharesMarkup(newest)
    : html`<b>${champion?.version ?? 'none'}</b> is the champion${newest === undefined ? '' : `. ${newest.headline}`}`;
  return html`<p class="dim"><a href="/">${model} · ${environment}</a> · <span id="link">live</span></p>
<p class="why">${says}</p>
${report}
<h2>Rollouts</h2>
${
  rollouts.length === 0
    ? html`<p class="dim">none yet</p>`
    : table(
        ['rollout', 'from', 'to', 'result', 'took', 'failed'],
        rollouts.map(({ state, arms }) => {
          const title = titleOf(state);
          const took = state.endedAt === null ? '–' : formatDuration(state.endedAt - state.startedAt);
          return [
            html`<a href="/rollout/${state.id}">${state.id}</a>`,
            state.plan.champion ?? '–',
            state.plan.challenger,
            html`<span class="result ${title.level}">${title.words}</span>`,
            took,
            failedShort(state, arms) ?? '–',
          ];
        }),
      )
}`;
}

/** What the alias was read back to serve, and when. */
function sharesMarkup({ shares, headline }: RolloutView): Markup {
  const parts = shares.versions.map(({ version, readBack }) => html`<b>${version}</b> gets ${readBack} % `);
  return html`${parts}as read back ${clock(shares.readAt)}<br>${headline}`;
}

/** Takes the page anew at each event, keeps the reader's place, and says when mlreg is gone. */
export function liveScript(nonce: string): Markup {
  return html`<script nonce="${nonce}">
const source = new EventSource('/changes');
const say = (word) => { document.getElementById('link').textContent = word; };
source.onopen = () => say('live');
source.onerror = () => say('mlreg is gone: start mlreg dashboard again');
source.onmessage = async () => {
  const text = await (await fetch(location.pathname)).text();
  const body = new DOMParser().parseFromString(text, 'text/html').body;
  for (const script of body.querySelectorAll('script')) script.remove();
  document.body.replaceChildren(...body.childNodes);
};
</script>`;
}
