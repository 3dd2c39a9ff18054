// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the file
/** What each key of an environment means: for the JSON Schema that editors show, and for docs/configuration.md. */

interface KeyReference {
  readonly meaning: string;
  /** What counts where the key is absent, in words. */
  readonly otherwise: string;
  /** What counts then, where it is the same always. */
  readonly usually?: unknown;
  /** As it stands in the file after the key. */
  readonly example: string;
}

const observed = 'not claimed, only observed';
const unlimited = 'only shown, not judged';

/** By the key with those above it, in the order of the schema. */
export const keyReference: Readonly<Record<string, KeyReference>> = {
  extends: {
    meaning: 'The environment whose keys this one inherits, on top of `defaults`.',
    otherwise: 'only `defaults`',
    example: 'cloud',
  },
  url: {
    meaning: 'Where clients connect. `https` is taken for `wss`, `http` for `ws`.',
    otherwise: 'the URL of `auth.project`; one of both is needed',
    example: 'wss://livekit.example.com',
  },
  auth: {
    meaning: 'One way to come to a token. It is inherited only as a whole.',
    otherwise: 'LIVEKIT_API_KEY and LIVEKIT_API_SECRET, else LIVEKIT_TOKEN',
    example: '{ apiKey: ${LIVEKIT_API_KEY}, apiSecret: ${LIVEKIT_API_SECRET} }',
  },
  'auth.apiKey': {
    meaning: 'The key with which tokens are minted here. It is a name, and shown.',
    otherwise: 'none',
    example: '${LIVEKIT_API_KEY}',
  },
  'auth.apiSecret': {
    meaning: 'The secret that belongs to the key.',
    otherwise: 'none',
    example: '${LIVEKIT_API_SECRET}',
  },
  'auth.tokenEndpoint': {
    meaning: 'Your backend that mints tokens, instead of key and secret. It is checked as well.',
    otherwise: 'none',
    example: 'https://app.example.com/api/token',
  },
  'auth.tokenEndpoint.url': {
    meaning:
      "Where it is asked, if it wants to be asked otherwise than LiveKit's SDKs ask. `{room}` and `{identity}` may stand in it.",
    otherwise: 'needed in `tokenEndpoint`',
    example: 'https://app.example.com/api/rooms/{room}/join',
  },
  'auth.tokenEndpoint.method': {
    meaning: 'The method of the request.',
    otherwise: 'POST',
    usually: 'POST',
    example: 'GET',
  },
  'auth.tokenEndpoint.headers': {
    meaning: 'Sent with each request.',
    otherwise: 'none',
    example: '{ Cookie: "session=${APP_SESSION}" }',
  },
  'auth.tokenEndpoint.body': {
    meaning: 'What is sent: a map as JSON, a text as a form. `{room}` and `{identity}` may stand in it, in quotes.',
    otherwise: "what LiveKit's SDKs send, and nothing with GET",
    example: '{ user: "{identity}" }',
  },
  'auth.tokenEndpoint.token': {
    meaning: 'Where the token is in the answer.',
    otherwise: '`participant_token`, `participantToken`, `token`, `accessToken`, or the whole answer',
    example: 'data.jwt',
  },
  'auth.tokenEndpoint.serverUrl': {
    meaning: "Where the server's URL is in the answer, which should be that of the environment.",
    otherwise: '`server_url`, `serverUrl`, `livekit_url`, `livekitUrl`, `ws_url`, `wsUrl`, `url`, or nowhere',
    example: 'data.url',
  },
  'auth.tokenEndpoint.answerWithin': {
    meaning: 'How long it may take to answer, from the connection on.',
    otherwise: '1s',
    example: '500ms',
  },
  'auth.headers': {
    meaning: 'Sent to the token endpoint with each request, where that is a URL.',
    otherwise: 'none',
    example: '{ Authorization: "Bearer ${APP_SESSION}" }',
  },
  'auth.token': {
    meaning:
      'A token that somebody else minted. It is one participant, so nothing beyond the wire layer can be proven with it.',
    otherwise: 'none',
    example: '${LIVEKIT_TOKEN}',
  },
  'auth.project': {
    meaning: "A project of LiveKit's own command line (`lk project list`): its key and secret, and its URL.",
    otherwise: 'none',
    example: 'staging',
  },
  'auth.maxTtl': {
    meaning: 'How long a token that somebody else mints may live.',
    otherwise: "6h, which is what LiveKit's SDKs give",
    example: '15m',
  },
  'auth.mayGrant': {
    meaning: 'What tokens of others are meant to allow beyond taking part in one room.',
    otherwise: 'nothing',
    example: '[roomAdmin]',
  },
  tls: { meaning: 'What is claimed of the certificates.', otherwise: observed, example: '{ minDays: 14 }' },
  'tls.ca': {
    meaning: 'A PEM file with a private CA to trust beside the public ones, from the folder of this file.',
    otherwise: 'the public CAs alone',
    example: './staging-ca.pem',
  },
  'tls.minDays': {
    meaning: 'How many days each certificate must still be valid.',
    otherwise: '14, or a third of its life where that is less',
    example: '21',
  },
  dns: { meaning: 'How names are looked up.', otherwise: observed, example: '{ signal: 203.0.113.10 }' },
  'dns.resolvers': {
    meaning: 'Who is asked instead of the resolvers of the system; they must agree.',
    otherwise: "the system's",
    example: '[1.1.1.1, 9.9.9.9]',
  },
  'dns.signal': {
    meaning: 'The address to which the host of the URL must resolve: that of the ingress.',
    otherwise: observed,
    example: '203.0.113.10',
  },
  media: { meaning: 'Where media must be offered.', otherwise: observed, example: '{ udp: 7882, tcp: 7881 }' },
  'media.address': {
    meaning: 'The address that the server must tell clients to send media to.',
    otherwise: observed,
    example: '203.0.113.30',
  },
  'media.udp': {
    meaning: 'The UDP port of media, or its range.',
    otherwise: observed,
    example: '30001-30009',
  },
  'media.tcp': { meaning: 'The TCP port of media.', otherwise: observed, example: '7881' },
  turn: {
    meaning: 'The TURN server that must be offered.',
    otherwise: observed,
    example: '{ host: turn.example.com, externalTls: true }',
  },
  'turn.host': { meaning: 'Its name in the TURN URLs.', otherwise: observed, example: 'turn.example.com' },
  'turn.address': {
    meaning: 'The address to which its name must resolve.',
    otherwise: observed,
    example: '203.0.113.40',
  },
  'turn.externalTls': {
    meaning: "Whether TLS ends before it, at a load balancer (LiveKit's `turn.external_tls`).",
    otherwise: observed,
    example: 'true',
  },
  claims: {
    meaning: 'What else may be asked for what should hold.',
    otherwise: 'only what stands here is claimed',
    example: '{ kubernetes: {} }',
  },
  'claims.kubernetes': {
    meaning: 'The cluster in which it runs; it is only read.',
    otherwise: 'no cluster is asked',
    example: '{ context: staging, namespace: livekit }',
  },
  'claims.kubernetes.kubeconfig': {
    meaning: 'A kubeconfig, from the folder of this file.',
    otherwise: 'as `kubectl` finds it, in a pod its service account',
    example: './kubeconfig',
  },
  'claims.kubernetes.context': {
    meaning: 'The context of the kubeconfig.',
    otherwise: 'the current one',
    example: 'staging',
  },
  'claims.kubernetes.namespace': {
    meaning: 'Where LiveKit is.',
    otherwise: 'livekit',
    example: 'livekit',
  },
  'claims.kubernetes.deployment': {
    meaning: 'The Deployment of livekit-server.',
    otherwise: 'looked for by the label or image',
    example: 'livekit-livekit-server',
  },
  'claims.kubernetes.service': {
    meaning: 'The Service that takes the media from outside.',
    otherwise: 'looked for by the ports',
    example: 'livekit-rtc',
  },
  'claims.kubernetes.turnService': {
    meaning: 'The Service of TURN.',
    otherwise: 'looked for by the ports',
    example: 'livekit-livekit-server-turn',
  },
  'claims.kubernetes.ingress': {
    meaning: 'The Ingress of signalling.',
    otherwise: 'the one with the host of `url`',
    example: 'livekit-livekit-server',
  },
  'claims.kubernetes.configMap': {
    meaning: 'The ConfigMap of the server.',
    otherwise: 'the one that the Deployment names',
    example: 'livekit-livekit-server',
  },
  'claims.kubernetes.secret': {
    meaning: 'The Secret with the API keys.',
    otherwise: 'the one that the Deployment names',
    example: 'livekit-keys',
  },
  stun: {
    meaning: 'Who outside of the deployment is asked whether UDP leaves this network.',
    otherwise: 'public STUN servers',
    example: '{ servers: [stun.example.com] }',
  },
  'stun.servers': {
    meaning: 'These alone; an empty list means nobody.',
    otherwise: 'needed in `stun`',
    example: '[stun.example.com, 192.0.2.1:3478]',
  },
  paths: {
    meaning: 'Which ways of media must work, may work, and must not.',
    otherwise: 'those that the deployment offers are required',
    example: '{ required: [udp, tcp, turn-tls], optional: [turn-udp] }',
  },
  'paths.required': {
    meaning: 'Each must be proven, alone.',
    otherwise: 'those that the deployment offers, but for the optional and forbidden ones',
    example: '[udp, tcp, turn-tls]',
  },
  'paths.optional': {
    meaning: 'Looked at and shown; no fault if they fail.',
    otherwise: 'none',
    example: '[turn-udp]',
  },
  'paths.forbidden': {
    meaning: 'Must not work from here, as in a network that is locked down.',
    otherwise: 'none',
    example: '[udp]',
  },
  server: {
    meaning: 'What the server must say of itself.',
    otherwise: observed,
    example: '{ version: ">=1.9 <1.14" }',
  },
  'server.version': {
    meaning: 'The range of its version, as npm writes ranges.',
    otherwise: observed,
    example: '">=1.9 <1.14"',
  },
  'server.region': { meaning: 'The region that it says it is in.', otherwise: observed, example: 'eu-central' },
  browsers: {
    meaning: 'In which browsers each path is proven. With another one, that one calls a Chromium by each path as well.',
    otherwise: 'only chromium',
    usually: ['chromium'],
    example: '[chromium, firefox]',
  },
  budgets: {
    meaning: 'What a call may cost at most. One that is broken is an error of a path that must work.',
    otherwise: unlimited,
    example: '{ connectMs: 3000, rttMs: 200 }',
  },
  'budgets.connectMs': { meaning: 'Until a participant is connected.', otherwise: unlimited, example: '3000' },
  'budgets.firstFrameMs': {
    meaning: "Until a participant sees the other's first picture.",
    otherwise: unlimited,
    example: '4000',
  },
  'budgets.lossPercent': { meaning: 'Packets of media that are lost.', otherwise: unlimited, example: '1' },
  'budgets.rttMs': {
    meaning: 'The round trip between a participant and the server.',
    otherwise: unlimited,
    example: '200',
  },
  'budgets.jitterMs': { meaning: 'The jitter of the sound.', otherwise: unlimited, example: '30' },
  'budgets.freezePercent': {
    meaning: 'The share of the time in which the picture stood still.',
    otherwise: unlimited,
    example: '5',
  },
  agent: {
    meaning: 'An agent that must come when it is sent for.',
    otherwise: 'no agent is sent for',
    example: '{ name: copilot, joinWithin: 10s, publishes: true }',
  },
  'agent.name': {
    meaning: 'The name under which it is dispatched.',
    otherwise: 'needed in `agent`',
    example: 'copilot',
  },
  'agent.joinWithin': { meaning: 'How long it may take to join.', otherwise: '10s', usually: '10s', example: '5s' },
  'agent.publishes': {
    meaning: 'Whether it must also publish sound, in the same time.',
    otherwise: 'false',
    usually: false,
    example: 'true',
  },
  schedule: {
    meaning: 'How often `serve` and `watch` check it, at each depth.',
    otherwise: 'as said below',
    example: '{ wire: 30s, media: 15m }',
  },
  'schedule.wire': {
    meaning: 'With sockets alone: cheap, a twentieth of a second of processor time.',
    otherwise: '30s',
    usually: '30s',
    example: '1m',
  },
  'schedule.peer': {
    meaning: 'With two participants in Node, too.',
    otherwise: 'off',
    usually: 'off',
    example: '5m',
  },
  'schedule.media': {
    meaning: 'With two participants in a browser, too.',
    otherwise: '15m; off where there is no browser, or only a token',
    example: 'off',
  },
};
