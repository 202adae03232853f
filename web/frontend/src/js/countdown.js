// [data-due-url] on any ancestor: every minute the remaining times of the tasks on the page are asked for and renewed.
// Pills are [data-due="<task id>"]; the server answers {"<task id>": {"text": "...", "state": "overdue"}}.
const STATES = ['overdue', 'today', 'ok', 'none'];

async function refresh() {
  const box = document.querySelector('[data-due-url]');
  if (!box || document.hidden) return;
  const pills = [...box.querySelectorAll('[data-due]')];
  if (!pills.length) return;
  const url = new URL(box.dataset.dueUrl, window.location.href);
  url.searchParams.set('ids', [...new Set(pills.map((pill) => pill.dataset.due))].join(','));
  const response = await fetch(url, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!response?.ok) return;
  const answers = await response.json();
  for (const pill of pills) {
    const answer = answers[pill.dataset.due];
    if (!answer) continue;
    pill.querySelector('[data-due-text]').textContent = answer.text;
    pill.classList.remove(...STATES.map((state) => `due-${state}`));
    pill.classList.add(`due-${answer.state}`);
  }
}

setInterval(refresh, 60000);
document.addEventListener('visibilitychange', refresh);
