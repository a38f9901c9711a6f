import { createHmac } from 'node:crypto';
import { type Answer, type ApiClient, PASSWORD } from './client.ts';

/** What a login gives, and beside it the cookie. */
export interface Login {
  user: { id: number; username: string; role: string };
  accessToken: string;
  refreshToken: string;
  /** `parley_session=…`, as it goes into the header `Cookie`. */
  cookie: string;
}

export function loginOf({ body, headers }: Answer): Login {
  return { ...body, cookie: setCookieOf({ headers })?.split(';')[0] ?? '' };
}

/** The header that sets the session's cookie. */
export function setCookieOf({ headers }: Pick<Answer, 'headers'>): string | undefined {
  return headers['set-cookie']?.find((line) => line.startsWith('parley_session='));
}

export async function logIn(client: ApiClient, username: string, password = PASSWORD): Promise<Login> {
  return loginOf(await client.post('auth/login', { username, password }, { token: null, expect: 200 }));
}

/** The statuses that the access token and the cookie of a login get. */
export async function statusesOf(client: ApiClient, login: Login): Promise<[bearer: number, cookie: number]> {
  const [bearer, cookie] = await Promise.all([
    client.get('users/me', { token: login.accessToken }),
    client.get('users/me', { token: null, headers: { cookie: login.cookie } }),
  ]);
  return [bearer.status, cookie.status];
}

/** A JSON web token, made by hand. */
export function forge(
  claims: Record<string, unknown>,
  secret: string,
  { alg = 'HS256', hash = 'sha256' }: { alg?: string; hash?: string } = {},
): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  const signature = alg === 'none' ? '' : createHmac(hash, secret).update(text).digest('base64url');
  return `${text}.${signature}`;
}

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}
