import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchLink, isPrivateAddress } from './fetch-link.js';

let server: Server;
let hits = 0;
const port = () => (server.address() as AddressInfo).port;

beforeAll(async () => {
  server = createServer((request, response) => {
    hits += 1;
    if (request.url === '/moved') response.writeHead(302, { location: '/sound' }).end();
    else response.writeHead(request.url === '/broken' ? 500 : 200).end('sound');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

async function follow(link: unknown, allowPrivate: boolean): Promise<string> {
  const response = await fetchLink(link, { signal: new AbortController().signal, allowPrivate });
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe('isPrivateAddress', () => {
  it.each([
    ...[
      '127.0.0.1',
      '127.8.8.8',
      '10.1.2.3',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
      '169.254.169.254',
    ],
    ...['0.0.0.0', '100.64.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', '[::1]', 'fc00::1', 'fd12::1'],
    ...['fe80::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::a00:1'],
  ])('is %s', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '47.246.1.1', '2400:3200::1', 'localhost', 'example.com', ''])(
    'is not %s',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('fetchLink', () => {
  it('fetches from where the provider is itself', async () => {
    expect(await follow(`http://127.0.0.1:${port()}/sound`, true)).toBe('sound');
    expect(await follow(`http://localhost:${port()}/sound`, true)).toBe('sound');
  });

  it('connects to no private address, by whatever name', async () => {
    const before = hits;
    for (const host of [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '127.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
    ])
      await expect(follow(`http://${host}:${port()}/sound`, false)).rejects.toMatchObject({
        code: 'speech_protocol',
      });
    expect(hits).toBe(before);
  });

  it.each([
    ...[
      'file:///etc/hostname',
      'ftp://127.0.0.1/x',
      'data:audio/wav;base64,AAAA',
      'gopher://x',
      '//x/y',
      'sound',
      '',
    ],
    ...[undefined, null, 7, {}],
  ])('does not follow %j', async (link) => {
    await expect(follow(link, true)).rejects.toMatchObject({ code: 'speech_protocol', retryable: false });
  });

  it('follows no redirect, and tells an outage from a refusal', async () => {
    const before = hits;
    const moved = follow(`http://127.0.0.1:${port()}/moved`, true);
    await expect(moved).rejects.toMatchObject({ code: 'speech_protocol', retryable: false });
    expect(hits).toBe(before + 1);
    const broken = follow(`http://127.0.0.1:${port()}/broken`, true);
    await expect(broken).rejects.toMatchObject({ code: 'speech_protocol', retryable: true });
    await expect(follow('http://127.0.0.1:1/x', true)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
