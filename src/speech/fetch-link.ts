import { lookup } from 'node:dns';
import { get as getHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as getHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SpeechError } from './synthesizer.js';

/** Addresses of machines that are nobody's business but our own. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv6');

/** Whether it is an address that the outside cannot reach. A name is none. */
export function isPrivateAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && PRIVATE.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

export interface LinkOptions {
  signal: AbortSignal;
  /** Links into the private network are followed: the provider itself is there. */
  allowPrivate: boolean;
}

/**
 * Fetches what a provider's link names. The link is the provider's word, not ours: only http and https are spoken,
 * no redirect is followed, and no address of the private network is connected to, whatever a name resolves to.
 * @throws SpeechError `speech_protocol` for a link that is not followed; whatever the connection throws
 */
export function fetchLink(link: unknown, { signal, allowPrivate }: LinkOptions): Promise<IncomingMessage> {
  const url = typeof link === 'string' && URL.canParse(link) ? new URL(link) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !isHttp || (!allowPrivate && isPrivateAddress(url.hostname)))
    return Promise.reject(new SpeechError('speech_protocol', false));
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const options: RequestOptions = { signal, agent: false, ...(!allowPrivate && { lookup: publicLookup }) };
    get(url, options, (response) => {
      if (response.statusCode === 200) return resolve(response);
      response.destroy();
      return reject(new SpeechError('speech_protocol', (response.statusCode ?? 0) >= 500));
    }).on('error', reject);
  });
}

const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '');
    const open = addresses.filter(({ address }) => !isPrivateAddress(address));
    const [first] = open;
    if (!first) return done(new SpeechError('speech_protocol', false), '');
    return options.all === true ? done(null, open) : done(null, first.address, first.family);
  });
};
