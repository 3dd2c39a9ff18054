/**
 * What the page does once somebody touches it: folds out raw evidence, copies a report, finds an environment. Text only
 * ever becomes text (`textContent`), never markup.
 */
export const script = `(() => {
  const byId = (id) => document.getElementById(id);
  let unpacked;
  const unpack = async () => {
    const bytes = Uint8Array.from(atob(byId('evidence').textContent), (one) => one.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();
  };
  const evidence = () => (unpacked ??= unpack());
  const visible = (text) =>
    text.replace(/[\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]/g, (one) => '\\\\u' + one.charCodeAt(0).toString(16).padStart(4, '0'));

  document.addEventListener('toggle', async ({ target }) => {
    if (!target.open || !target.matches('.look') || target.querySelector('pre')) return;
    const [, entry, at] = /^e(\\d+)o(\\d+)$/.exec(target.id);
    const pre = document.createElement('pre');
    pre.tabIndex = 0;
    target.append(pre);
    try {
      pre.textContent = visible(JSON.stringify((await evidence())[entry].observations[at], null, 2));
    } catch {
      pre.textContent = 'This browser is too old to unpack the evidence. It is in the run document, too.';
    }
  }, true);

  const say = (text) => {
    byId('said').textContent = text;
    setTimeout(() => { byId('said').textContent = ''; }, 2500);
  };
  const copyOldWay = (text) => {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  };
  document.addEventListener('click', async ({ target }) => {
    const button = target.closest('[data-copy]');
    if (!button) return;
    const { report } = (await evidence())[button.dataset.copy];
    const text = '\`\`\`text\\n' + report.replaceAll('\`\`\`', "'''") + '\`\`\`\\n';
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copied = copyOldWay(text);
    }
    say(copied ? 'Copied' : 'This browser does not let a page copy');
  });

  const openAround = () => {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.matches('details')) one.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', openAround);
  openAround();

  byId('find')?.addEventListener('input', ({ target }) => {
    const words = target.value.toLowerCase().split(/\\s+/).filter(Boolean);
    for (const section of document.querySelectorAll('.environment')) {
      const hidden = !words.every((word) => section.dataset.words.includes(word));
      section.hidden = hidden;
      document.querySelector('[data-for="' + section.id + '"]').hidden = hidden;
    }
  });
})();`;
