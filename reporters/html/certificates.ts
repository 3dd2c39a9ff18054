/** Which certificate each TLS port shows, leaf first, and how long it is valid. */
import { type CertificateFacts, seen, type TlsFacts } from '../../evidence/facts.js';
import { html, type Markup } from '../markup.js';
import { count, cut } from '../text.js';
import type { Entry } from './view.js';

const dayMs = 86_400_000;

export function certificatesOf({ environment, run }: Entry): Markup | undefined {
  const ports = seen(environment.observations, 'tls').filter(({ facts }) => facts.chain?.length > 0);
  if (ports.length === 0) return undefined;
  const now = Date.parse(run.startedAt);
  return html`<div class="cards">${ports.map(({ facts }) => port(facts, environment.claims.tls?.minDays, now))}</div>`;
}

function port(facts: TlsFacts, minDays: number | undefined, now: number): Markup {
  const { host, port: number, protocol, cipher, chain, chainError, nameError } = facts;
  const wrong = [chainError, nameError].filter((error) => error !== undefined);
  return html`<article class="card"><h4>${host}:${number}</h4><p class="faint">${[facts.role, protocol?.replace('TLSv', 'TLS '), cipher].filter(Boolean).join(' · ')}</p>${wrong.map(
    (error) => html`<p class="bad">✗ ${error}</p>`,
  )}<ol class="chain">${chain.map((certificate) => link(certificate, minDays, now))}</ol></article>`;
}

function link(certificate: CertificateFacts, minDays: number | undefined, now: number): Markup {
  const { subject, issuer, subjectAltNames, validFrom, validTo, fingerprint256 } = certificate;
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const days = Math.floor((to - now) / dayMs);
  const [tone, words] =
    now < from
      ? ['bad', `✗ not valid before ${validFrom.slice(0, 10)}`]
      : now > to
        ? ['bad', `✗ expired on ${validTo.slice(0, 10)}`]
        : [days < (minDays ?? 0) ? 'unsure' : 'good', `${count(days, 'day')} left, until ${validTo.slice(0, 10)}`];
  const spent = Math.min(100, Math.max(0, ((now - from) / (to - from)) * 100)) || 0;
  const names = subjectAltNames.map((name) => name.replace(/^(DNS|IP Address):/, '')).join(', ');
  return html`<li><strong>${oneLine(subject)}</strong>${names !== '' && html`<span>for ${names}</span>`}<span class="faint">issued by ${oneLine(issuer)}</span><svg class="meter ${tone}" aria-hidden="true"><rect width="100%" class="track"/><rect width="${Math.round(spent)}%"/></svg><span class="${tone}">${words}</span><span class="faint print" title="${fingerprint256}">SHA-256 ${cut(fingerprint256, 24)}</span></li>`;
}

const oneLine = (name: string): string => name.split('\n').join(', ') || 'without a name';
