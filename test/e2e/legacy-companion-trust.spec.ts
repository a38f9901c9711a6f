import { describe, expect, it } from 'vitest';
import { Companion, refused, said, saidBy } from '../support/companion.ts';
import { useApi } from '../support/suite.ts';
import { PIECES } from '../support/upstream/pieces.ts';

const REPLY = PIECES.join('');
const NO_LOGIN = said({ detail: expect.any(String) }, 401);

describe('companion: in a closed network', () => {
  const ctx = useApi({ env: { LEGACY_TRUST_CALLER: 'true', LLM_MAX_RETRIES: '0' } });
  /** Says who it is, and shows no login. */
  const stranger = async () => new Companion(await ctx.register(), { token: null });

  it('every route believes the user that is named, without a session', async () => {
    const one = await stranger();
    const id = await one.bot({ chatbot_type: 1, chatbot_persona: 'Jackie Chan' });
    expect(await one.post('/bots/detail', { chatbot_id: id })).toMatchObject({ body: { code: 200 } });
    expect(await one.post('/bots/list')).toMatchObject({ body: { data: [{ chatbot_id: id }] } });
    expect(await one.say(id, 'hello')).toMatchObject({ status: 200, body: { data: REPLY } });
    expect(await one.get('/chat/new_chat', { chatbot_id: id, input: 'and you?' })).toMatchObject({
      ...{ status: 200, body: { data: REPLY } },
    });
    expect(((await one.history(id)).body as any).data).toHaveLength(4);
    expect(((await one.get('/chat/list')).body as any).data).toHaveLength(1);
    expect(await one.post('/bots/delete', { chatbot_id: id })).toMatchObject({ body: { code: 200 } });
    // What concerns the account itself needs a login all the same.
    expect(saidBy(await ctx.client.get(`/users/users/${one.userId}/`))).toEqual(NO_LOGIN);
  });

  it('nobody named, and nobody that there is: 401', async () => {
    const one = await stranger();
    const id = await one.bot();
    for (const user_id of [undefined, 987_654_321]) {
      const fields = { user_id, chatbot_id: id, input: 'hello' };
      expect(await one.post('/chat/new_chat', fields)).toEqual(refused(expect.any(String), 401));
    }
    expect(saidBy(await ctx.client.get('/users/users/987654321/'))).toEqual(NO_LOGIN);
    expect((await one.history(id)).body).toMatchObject({ data: [] });
  });

  it("a login still counts: another user's id is refused, and a wrong token is none", async () => {
    const [one, other] = [await stranger(), await stranger()];
    const id = await one.bot();
    const fields = { user_id: one.userId, chatbot_id: id, input: 'hello' };
    const { token } = other.client;
    expect(await other.post('/chat/new_chat', fields, { token: token! })).toEqual(
      refused(expect.any(String), 403),
    );
    expect(await one.post('/chat/new_chat', fields, { token: 'nonsense' })).toEqual(
      refused(expect.any(String), 401),
    );
    expect((await one.history(id)).body).toMatchObject({ data: [] });
  });
});
