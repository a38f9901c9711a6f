import { pbkdf2Sync } from 'node:crypto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from './password-hasher.js';

const PLAIN = 'secret-123';
const MANY_SCRIPTS = '密码 öffne 👋🏽';

/** Made by Django 5.2.17 and Werkzeug 3.1.9 themselves: their defaults, and what can be set. */
const VECTORS: [maker: string, password: string, hash: string][] = [
  [
    'Django, pbkdf2_sha256',
    PLAIN,
    'pbkdf2_sha256$1000000$seasalt2$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
  ],
  [
    'Django, pbkdf2_sha256 1000',
    PLAIN,
    'pbkdf2_sha256$1000$oHzT0tUxTFBtIuRbVPQxtg$gP1zF9WvIUzz4jyaTPehKsnNUBreXal/XiH83rqQ70o=',
  ],
  ['Django, pbkdf2_sha1 1000', PLAIN, 'pbkdf2_sha1$1000$x1$Ko6hr91epxjdcIy+2G57C4rWzsY='],
  [
    'Werkzeug, pbkdf2',
    PLAIN,
    'pbkdf2:sha256:1000000$Z2wcmP9rYtqgR5Tn$e61f45b0edc1942d18c4f5295050a5d8a4ff73b4a64c2f46021ddae1e8f8b96d',
  ],
  [
    'Werkzeug, pbkdf2:sha256:1000',
    PLAIN,
    'pbkdf2:sha256:1000$473yNiHqeCdv9bFA$c45c98586dafeda7c71a46a712a429343f162739557f92e50ea3e31733736010',
  ],
  [
    'Werkzeug, pbkdf2:sha1:1000',
    PLAIN,
    'pbkdf2:sha1:1000$UtVc3cnAg0ANhM7d$98c26c28b9bc69d666a67a2145badad3e42b1b70',
  ],
  [
    'Werkzeug, pbkdf2:sha512:1000',
    PLAIN,
    'pbkdf2:sha512:1000$hVp4d1Iaf4yrmog2$e53efac5f0932fd7fbb4f7e6a2215daf3cc162d55c2003109869368c882575097db0e59938debdd58a256ec60a4248690f970173fd3f34469dd9a444a0da9c5d',
  ],
  [
    'Werkzeug, pbkdf2:sha384:1000',
    PLAIN,
    'pbkdf2:sha384:1000$j6XZwy1dhQxQLRfK$ea9f7a3c152c97b2c3cd64d83911c51b5f7e1c94ec7116cff2045d10227c0a7f32cbe8ebca4ab2a2749722f7c2ef05ec',
  ],
  [
    'Werkzeug, pbkdf2:sha224:1000',
    PLAIN,
    'pbkdf2:sha224:1000$ay3YtW6WS3QaXrN6$e8f049d02d4a9582a78f34be2799930b0bac2cb3ce5797076f15c73e',
  ],
  [
    'Werkzeug, scrypt',
    PLAIN,
    'scrypt:32768:8:1$SndBALzur1H5DCdg$365ba36b6691533c3deb4c5a69570046912a744af3ca234afc00ba1fe788fd8fab24939bdfdd1c98629ee7f9afba9b696d043b7b1f49bce0162098b1bccf0414',
  ],
  [
    'Werkzeug, scrypt:1024:8:1',
    PLAIN,
    'scrypt:1024:8:1$cpGxUKdKfCUh2S8k$549aea755efbcab4978fb55e02050d5f77d687386291dc2767cea4a771199b10b180f5b8ea6c7160b746a407d2b51ea4b5f180b2a9a0a171196a3611a0b812ad',
  ],
  [
    'Werkzeug, scrypt:65536:8:1',
    PLAIN,
    'scrypt:65536:8:1$3EHomXCeAaINvsNi$b87ae0174888c75e32fa03857e2f437ba9a335f575cfc1588d4b401674442aeb5211f26ec595e22d789e3a573c807e00231896079a24d4552a269477d512f3f8',
  ],
  [
    'Werkzeug, scrypt:16384:8:5',
    PLAIN,
    'scrypt:16384:8:5$zTkr4J9Yr5VD4at2$554c41a96c8ded5239103d86664522ca5822fd18c5fa63ba9e5dbae8e2c1939cb827ce4ca0a582fe9c8064b9f12455c0245dd0b922da22ba7b6a6f1e1de7e7e3',
  ],
  [
    'Django, pbkdf2_sha256 1000',
    MANY_SCRIPTS,
    'pbkdf2_sha256$1000$oHzT0tUxTFBtIuRbVPQxtg$BHDFomgASrLceGgnjwym9GPjF5j0jY1+kfM5rlCMwh4=',
  ],
  [
    'Werkzeug, pbkdf2:sha256:1000',
    MANY_SCRIPTS,
    'pbkdf2:sha256:1000$lwQUMOHYE7gUzZqH$44c6a6349b7cd1b3e57bc2644999971580ebea6c4eefd8ba832643d175a1d3c2',
  ],
  [
    'Werkzeug, pbkdf2:sha512:1000',
    MANY_SCRIPTS,
    'pbkdf2:sha512:1000$ozeelDxeduv7QcDW$9785d33ff8d5bdc97295eee0aa41844035a0bb495dce4afef13775fb4248ba452216e88bd7f54b44acd888a7f2a6affa1b990d178049793eeec17f31b4bbf954',
  ],
  [
    'Werkzeug, scrypt',
    MANY_SCRIPTS,
    'scrypt:32768:8:1$iWF59A2AQa3CadOu$72d41a668bdd9518a665d7b528be1a18ecabeb955ab7778ee920a011e8ba9650107d4e0a46409a7fa7d36364225a5fe09f970a313a3bf5a9ec041d4d359320ed',
  ],
  [
    'Werkzeug, scrypt:1024:8:1',
    MANY_SCRIPTS,
    'scrypt:1024:8:1$bmmVXdizYwNGYCrE$1a7e4dbd13c2b382bc8b320a166868c77bbcfa5843d9f22c49b6597c421d86c5175c6602c46b0292143f6cbadc1440c763f4a96ae34405f39e2b2a3c9d28ff6a',
  ],
];

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();
  let own: string;

  beforeAll(async () => {
    own = await hasher.hash(PLAIN);
  });

  it('makes argon2id, which is not imported, and knows it again', async () => {
    expect(own).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(hasher.isImported(own)).toBe(false);
    expect(await hasher.matches(own, PLAIN)).toBe(true);
    expect(await hasher.matches(own, `${PLAIN} `)).toBe(false);
    expect(await hasher.matches(undefined, PLAIN)).toBe(false);
  });

  it.each(VECTORS)(
    'takes a hash of %s with the password %s, and no other password',
    async (_, password, hash) => {
      expect(hash.length).toBeLessThanOrEqual(255);
      expect(hasher.isImported(hash)).toBe(true);
      expect(await hasher.matches(hash, password)).toBe(true);
      for (const wrong of [`${password} `, password.slice(1), password.toUpperCase(), ''])
        expect(await hasher.matches(hash, wrong)).toBe(false);
    },
  );

  it.each(VECTORS.filter(([maker]) => /1000\b|1024/.test(maker)))(
    'refuses a hash of %s that was changed anywhere',
    async (_, password, hash) => {
      const salt = hash.lastIndexOf('$') - 1;
      const digest = hash.length - 3;
      for (const at of [salt, digest]) {
        const changed = hash[at] === 'a' ? 'b' : 'a';
        expect(await hasher.matches(hash.slice(0, at) + changed + hash.slice(at + 1), password)).toBe(false);
      }
    },
  );

  it('takes the longest salt that its column has room for', async () => {
    const salt = 's'.repeat(255 - 'pbkdf2:sha512:1000000$$'.length - 128);
    const digest = pbkdf2Sync(PLAIN, salt, 1_000_000, 64, 'sha512').toString('hex');
    const hash = `pbkdf2:sha512:1000000$${salt}$${digest}`;
    expect(hash).toHaveLength(255);
    expect(await hasher.matches(hash, PLAIN)).toBe(true);
  });

  it.each([
    '',
    '!',
    '!oHzT0tUxTFBtIuRbVPQxtg',
    PLAIN,
    '$argon2id$',
    '$argon2id$v=19$m=19456,t=2,p=1$broken',
    'pbkdf2_sha256$1000$salt$',
    'pbkdf2_sha256$1000$$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
    'pbkdf2_sha256$0$salt$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
    'pbkdf2_sha256$-1$salt$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
    'pbkdf2_sha256$1e3$salt$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
    'pbkdf2_sha256$1000$salt$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUh=',
    'pbkdf2_sha256$1000$salt$c2hvcnQ=',
    'pbkdf2_md5$1000$salt$cy1G4ok1fghDJ0/V1hy3eQ==',
    'pbkdf2:md5:1000$salt$00112233445566778899aabbccddeeff',
    'pbkdf2:sha256:1000$salt$00',
    'pbkdf2:sha256$salt$00',
    'scrypt:1024:8:1$salt$00',
    'scrypt:1000:8:1$salt$' + '00'.repeat(64),
    'scrypt:1:8:1$salt$' + '00'.repeat(64),
    'scrypt:1024:8$salt$' + '00'.repeat(64),
    'scrypt:1024:0:1$salt$' + '00'.repeat(64),
  ])('says no to what is no hash, after the same work as for nobody: %s', async (hash) => {
    const fresh = new PasswordHasher();
    const decoy = vi.spyOn(fresh, 'hash');
    for (const password of [PLAIN, '', hash]) expect(await fresh.matches(hash, password)).toBe(false);
    expect(decoy).toHaveBeenCalledTimes(1);
  });

  it.each([
    'pbkdf2_sha256$9999999$salt$cy1G4ok1fghDJ0/V1hy3eV/FkPTWpxbHaJWbJsUgwUg=',
    'pbkdf2:sha512:99999999$salt$' + '00'.repeat(64),
    'scrypt:16777216:8:1$salt$' + '00'.repeat(64),
    'scrypt:1024:2048:1$salt$' + '00'.repeat(64),
    'scrypt:131072:8:64$salt$' + '00'.repeat(64),
    'scrypt:2:1:999999999$salt$' + '00'.repeat(64),
  ])('does not compute what costs too much: %s', async (hash) => {
    const fresh = new PasswordHasher();
    const decoy = vi.spyOn(fresh, 'hash');
    expect(await fresh.matches(hash, PLAIN)).toBe(false);
    expect(decoy).toHaveBeenCalledTimes(1);
  });

  it('leaves the event loop free', async () => {
    const [, , hash] = VECTORS.find(([maker]) => maker === 'Werkzeug, scrypt')!;
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await Promise.all(Array.from({ length: 8 }, () => hasher.matches(hash, PLAIN)));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});
