import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiProcess } from '../support/api-process.ts';
import { logIn, setCookieOf, statusesOf } from '../support/logins.ts';
import { Notebook, refused, said, saidBy } from '../support/notebook.ts';
import { useApi } from '../support/suite.ts';

const REGISTERED = said({ code: 0, msg: '注册成功！' });
const TAKEN = said({ code: -1, msg: '用户名已存在！' });
const NOT_REGISTERED = said({ code: -3, msg: '注册失败！请重新尝试注册！' });
const LOGGED_IN = said({ code: 0, msg: '登陆成功' });
const WRONG = said({ code: -2, msg: '密码错误' });
const UNKNOWN = said({ code: -3, msg: '账户不存在，请先注册账户' });
const DJANGO = 'pbkdf2_sha256$1000$oHzT0tUxTFBtIuRbVPQxtg$gP1zF9WvIUzz4jyaTPehKsnNUBreXal/XiH83rqQ70o=';

describe('notebook: accounts', () => {
  const ctx = useApi({ upstream: false });
  let notebook: Notebook;

  beforeAll(() => {
    notebook = new Notebook(ctx.client, { token: null });
  });

  const accounts = async () => Number((await ctx.query('SELECT COUNT(*) AS n FROM users'))[0].n);

  it('POST register: the documented example', async () => {
    const answer = await notebook.answer('register', { username: 'jiuhua', password: '123456' });
    expect(saidBy(answer)).toEqual(REGISTERED);
    expect(setCookieOf(answer)).toMatch(/^parley_session=[^;]+;.*HttpOnly.*SameSite=Lax/i);
    expect((await logIn(ctx.client, 'jiuhua', '123456')).user.username).toBe('jiuhua');
  });

  it('POST register: by form, with parts, with and without slashes, and with an account of the main API', async () => {
    expect(await notebook.form('register', { username: '表单', password: '秘密秘密秘密' })).toEqual(
      REGISTERED,
    );
    expect(await notebook.multipart('register', { username: 'parts', password: '123456' })).toEqual(
      REGISTERED,
    );
    for (const [n, path] of ['/myapp/register', '/myapp//register/', '/myapp/register//'].entries()) {
      const answer = await ctx.client.post(
        path,
        { username: `slash${n}`, password: '123456' },
        { unchecked: true },
      );
      expect([path, saidBy(answer)]).toEqual([path, REGISTERED]);
    }
    const { account } = await ctx.register();
    expect(await notebook.post('login', account as never)).toEqual(LOGGED_IN);
  });

  it('POST register: up to 20 characters, whatever they are made of', async () => {
    for (const username of ['x'.repeat(20), '字'.repeat(20), '𝒲'.repeat(20), 'a', 123456])
      expect([username, await notebook.post('register', { username, password: '123456' })]).toEqual([
        username,
        REGISTERED,
      ]);
  });

  it('POST register: taken, without regard to case', async () => {
    await notebook.post('register', { username: 'Taken', password: '123456' });
    for (const username of ['Taken', 'taken', 'TAKEN', 'ｔａｋｅｎ'])
      expect(await notebook.post('register', { username, password: 'another one' })).toEqual(TAKEN);
    expect(await notebook.post('login', { username: 'taken', password: '123456' })).toEqual(LOGGED_IN);
  });

  it('POST register: of 10 at once one gets the name', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        notebook.post('register', { username: n % 2 ? 'wanted' : 'WANTED', password: '123456' }),
      ),
    );
    expect(answers.filter(({ body }) => (body as { code: number }).code === 0)).toEqual([REGISTERED]);
    expect(answers.filter(({ body }) => (body as { code: number }).code !== 0)).toEqual(Array(9).fill(TAKEN));
  });

  it.each([
    [{}],
    [{ username: '', password: '123456' }],
    [{ username: '  ', password: '123456' }],
    [{ username: null, password: '123456' }],
    [{ password: '123456' }],
    [{ username: 'x'.repeat(21), password: '123456' }],
    [{ username: '字'.repeat(21), password: '123456' }],
    [{ username: 'a b', password: '123456' }],
    [{ username: 'a@b.example', password: '123456' }],
    [{ username: 'emoji👋', password: '123456' }],
    [{ username: '\ufdfa'.repeat(20), password: '123456' }],
    [{ username: 'nul\0', password: '123456' }],
    [{ username: 'half\ud800', password: '123456' }],
    [{ username: ['list'], password: '123456' }],
    [{ username: { $ne: '' }, password: '123456' }],
    [{ username: true, password: '123456' }],
    [{ username: 'nobody' }],
    [{ username: 'nobody', password: '' }],
    [{ username: 'nobody', password: null }],
    [{ username: 'nobody', password: '12345' }],
    [{ username: 'nobody', password: 'x'.repeat(129) }],
    [{ username: 'nobody', password: [] }],
  ])('POST register: empty, too long or no name at all makes no account: %j', async (fields) => {
    const before = await accounts();
    expect(await notebook.post('register', fields)).toEqual(NOT_REGISTERED);
    expect(await accounts()).toBe(before);
  });

  it.each(['{', '[]', '"text"', 'null', '{"__proto__":{"a":1}}', ''])(
    'POST register, POST login: what cannot be read, %j, is a refusal with status 200',
    async (raw) => {
      expect(await notebook.post('register', undefined, { raw })).toEqual(NOT_REGISTERED);
      expect(await notebook.post('login', undefined, { raw })).toEqual(refused(/./));
    },
  );

  it('GET register', async () => {
    const answer = await ctx.client.get('/myapp/register/', { token: null });
    expect(saidBy(answer)).toEqual(said({ code: 1, msg: '请求方法只能是POST方法！' }));
  });

  it('POST login: the documented example; its cookie and the main API’s tokens are of one account', async () => {
    const answer = await notebook.answer('login', { username: 'jiuhua', password: '123456' });
    expect(saidBy(answer)).toEqual(LOGGED_IN);
    const cookie = setCookieOf(answer)!.split(';')[0]!;
    const me = await ctx.client.get('users/me', { token: null, headers: { cookie } });
    expect(me.body.username).toBe('jiuhua');
    const login = await logIn(ctx.client, 'jiuhua', '123456');
    expect(await statusesOf(ctx.client, { ...login, cookie })).toEqual([200, 200]);
  });

  it('POST login: by form, with parts, in any case', async () => {
    expect(await notebook.form('login', { username: 'JIUHUA', password: '123456' })).toEqual(LOGGED_IN);
    expect(await notebook.multipart('login', { username: 'jiuhua', password: '123456' })).toEqual(LOGGED_IN);
    expect(await notebook.post('login', { username: 'jiuhua', password: 123456 })).toEqual(LOGGED_IN);
  });

  it('POST login: with the password of an older backend', async () => {
    await notebook.post('register', { username: 'imported', password: '123456' });
    await ctx.query("UPDATE users SET password_hash = ? WHERE username = 'imported'", [DJANGO]);
    expect(await notebook.post('login', { username: 'imported', password: '123456' })).toEqual(WRONG);
    expect(await notebook.post('login', { username: 'imported', password: 'secret-123' })).toEqual(LOGGED_IN);
    const [row] = await ctx.query("SELECT password_hash FROM users WHERE username = 'imported'");
    expect(row.password_hash).toMatch(/^\$argon2id\$/);
  });

  it.each([['1234567'], [''], [undefined], [null], ['x'.repeat(10_000)]])(
    'POST login: wrong password %j',
    async (password) => {
      const answer = await notebook.answer('login', { username: 'jiuhua', password });
      expect([saidBy(answer), setCookieOf(answer)]).toEqual([WRONG, undefined]);
    },
  );

  it.each([['nobody'], [''], [undefined], ['x'.repeat(999)], ["' OR 1=1 --"]])(
    'POST login: unknown account %j',
    async (username) => {
      const answer = await notebook.answer('login', { username, password: '123456' });
      expect([saidBy(answer), setCookieOf(answer)]).toEqual([UNKNOWN, undefined]);
    },
  );

  it.each([
    [{ username: [] }],
    [{ username: {} }],
    [{ username: 'nul\0' }],
    [{ username: 'jiuhua', password: {} }],
  ])('POST login: what is no text, %j, is a refusal with status 200', async (fields) =>
    expect(await notebook.post('login', fields)).toEqual(refused(/^(username|password)/)),
  );

  it('shows no password and no hash, and logs none', async () => {
    const password = 'never to be seen';
    const answers = [
      await notebook.answer('register', { username: 'discreet', password }),
      await notebook.answer('login', { username: 'discreet', password }),
      await notebook.answer('login', { username: 'discreet', password: `${password}!` }),
    ];
    const seen = answers.map(({ bytes }) => bytes.toString()).join('') + ctx.logs();
    for (const secret of [password, 'argon2']) expect(seen).not.toContain(secret);
  });
});

describe('notebook: guessing', () => {
  const ctx = useApi({ upstream: false });
  let limited: ApiProcess;

  beforeAll(async () => {
    limited = await ctx.startAnother({ RATE_LIMIT_SCALE: '1' });
  });

  it('POST login: known and unknown names are bound by the same limit, in the surface’s envelope', async () => {
    const { username } = (await ctx.register()).account;
    const notebook = new Notebook(ctx.client.at(limited.url), { token: null });
    for (const [name, answer] of [
      [username, WRONG],
      [`no_${username}`, UNKNOWN],
    ] as const) {
      for (let n = 0; n < 10; n += 1)
        expect(await notebook.post('login', { username: name, password: `${n}` })).toEqual(answer);
      const locked = await notebook.answer('login', { username: name, password: '123456' });
      expect(saidBy(locked)).toEqual(refused(/./, 429));
      expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
    }
  });
});
