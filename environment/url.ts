/** Where `http(s)` is written `ws(s)` is meant. A mistake comes back as a sentence that does not repeat the text. */
export function readUrl(value: string): URL | string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const protocol = url && { 'ws:': 'ws:', 'http:': 'ws:', 'wss:': 'wss:', 'https:': 'wss:' }[url.protocol];
  if (!url || !protocol || url.hostname === '') return 'is not a URL like wss://livekit.example.com';
  if (url.username || url.password) return 'carries credentials: they belong in LIVEKIT_API_KEY and LIVEKIT_API_SECRET';
  if (url.search || url.hash) return 'carries a query or a fragment, which mean nothing here';
  url.protocol = protocol;
  return url;
}
