import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { ApiClient } from './client.ts';
import { logIn } from './logins.ts';
import type { ApiContext } from './suite.ts';

/** A hash as Django writes it. */
export function djangoHash(password: string, iterations = 1_000): string {
  const digest = pbkdf2Sync(password, 'saltsalt', iterations, 32, 'sha256').toString('base64');
  return `pbkdf2_sha256$${iterations}$saltsalt$${digest}`;
}

/** A hash as Werkzeug writes it. */
export function werkzeugHash(password: string): string {
  return `scrypt:1024:8:1$saltsalt$${scryptSync(password, 'saltsalt', 64, { N: 1024, r: 8, p: 1 }).toString('hex')}`;
}

/** A client of somebody who logs in with the password that he had before. */
export async function comeBack(ctx: ApiContext, username: string, password: string): Promise<ApiClient> {
  const login = await logIn(ctx.client, username, password);
  return new ApiClient(ctx.api.url, { spec: ctx.spec, token: login.accessToken });
}

export interface SeenMessage {
  id: number;
  seq: number;
  role: string;
  content: string;
  createdAt: string;
  replyTo: number | null;
  files: { id: number; kind: string; mediaType: string }[];
}

export interface SeenChat {
  id: number;
  title: string;
  lastMessageAt: string;
  chatbotId: number | null;
  topicId: number | null;
  externalId: string | null;
}

/** All conversations of somebody, the one last talked in first. */
export async function chatsOf(client: ApiClient): Promise<SeenChat[]> {
  return (await client.get('conversations?limit=100', { expect: 200 })).body.items;
}

/** What the active branch of a conversation says, oldest first. */
export async function saidIn(client: ApiClient, id: number): Promise<SeenMessage[]> {
  const page = await client.get(`conversations/${id}/messages?branch=active&limit=100`, { expect: 200 });
  return page.body.items;
}

/** Who said what, oldest first. */
export async function linesOf(client: ApiClient, id: number): Promise<[role: string, content: string][]> {
  return (await saidIn(client, id)).map(({ role, content }) => [role, content]);
}
