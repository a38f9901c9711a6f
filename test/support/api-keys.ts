import type { ApiClient } from './client.ts';

/** An API key as it is answered when it is made. */
export interface Key {
  id: number;
  key: string;
  hint: string;
  scopes: string[];
}

/** A new API key of this account; without further ado one that only reads. */
export async function makeKey(client: ApiClient, wanted: Record<string, unknown> = {}): Promise<Key> {
  const body = { name: 'Test', scopes: ['read'], password: client.account.password, ...wanted };
  return (await client.post('users/me/api-keys', body, { expect: 201 })).body;
}
