/** With what preferences a Firefox is started: as in a call of a user's own, and without errands of its own. */

export type Preferences = Readonly<Record<string, string | number | boolean>>;

/** Reports, experiments, updates, lists, add-ons, new tabs, push messages: all that would go out by itself. */
const errands: Preferences = {
  'app.normandy.enabled': false,
  'app.shield.optoutstudies.enabled': false,
  'app.update.auto': false,
  'app.update.disabledForTesting': true,
  'browser.discovery.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.region.network.url': '',
  'browser.region.update.enabled': false,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.topsites.contile.enabled': false,
  'captivedetect.canonicalURL': '',
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.usage.uploadEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'identity.fxaccounts.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'messaging-system.rsexperimentloader.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.http.speculative-parallel-limit': 0,
  'network.predictor.enabled': false,
  'network.prefetch-next': false,
  // It would ask the issuer of each certificate.
  'security.OCSP.enabled': 0,
  'security.certerrors.mitm.priming.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
  'toolkit.telemetry.unified': false,
};

const call: Preferences = {
  // What a person grants who joins a call. Without it only the address of the default route becomes a candidate.
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  // Otherwise addresses hide behind names (mDNS), as long as nothing is captured.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // What is heard is measured, and nobody listens; without any sound device Web Audio would stand still.
  'media.cubeb.force_mock_context': true,
  'media.volume_scale': '0.0',
  // Times are compared with those of Chromium.
  'privacy.reduceTimerPrecision': false,
  // All paths are tried from one page at once, and one that fails must not hold up the next.
  'network.websocket.delay-failed-reconnects': false,
};

const network: Preferences = {
  // Our own sockets go straight to the deployment, and a proxy would resolve names by itself.
  'network.proxy.type': 0,
  'network.http.http3.enable': false,
};

/** It has a page to show, no sites to keep apart and no extensions, which would cost it half a second of its start. */
const processes: Preferences = {
  'extensions.enabledScopes': 0,
  'extensions.webextensions.remote': false,
  'fission.autostart': false,
  'dom.ipc.processCount': 1,
  'dom.ipc.processPrelaunch.enabled': false,
};

/** Names come from there and nowhere else, whatever they are (firefox-source-docs, DNS over HTTPS, mode 3). */
const resolution = (url: string): Preferences => ({
  'network.trr.mode': 3,
  'network.trr.uri': url,
  'network.trr.custom_uri': url,
  'network.trr.confirmationNS': 'skip',
  'network.trr.allow-rfc1918': true,
  'network.trr.exclude-etc-hosts': false,
  'network.trr.builtin-excluded-domains': '',
  // Otherwise names below the search domains of this machine would be asked of its own resolver.
  'network.trr.split_horizon_mitigations': false,
  'network.trr.enable_when_vpn_detected': true,
  'network.trr.enable_when_proxy_detected': true,
  'network.trr.enable_when_nrpt_detected': true,
});

export interface Wanted {
  /** Of a resolver over HTTPS (RFC 8484); absent: the system's is asked. */
  readonly resolver?: string | undefined;
  /** Some certificates are trusted by what they are; Firefox allows that for no name that it knows to insist on TLS. */
  readonly trusts: boolean;
  /** Gather candidates on the loopback too: where there is no other interface, or the deployment is there. */
  readonly loopback: boolean;
}

export function firefoxPreferences({ resolver, trusts, loopback }: Wanted): Preferences {
  return {
    ...errands,
    ...call,
    ...network,
    ...processes,
    ...(resolver && resolution(resolver)),
    ...(trusts && { 'network.stricttransportsecurity.preloadlist': false }),
    ...(loopback && { 'media.peerconnection.ice.loopback': true }),
  };
}
