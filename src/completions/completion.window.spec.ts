import { describe, expect, it } from 'vitest';
import { recent, type SaidBefore, windowOf } from './completion.window.js';

const LIMITS = { messages: 4, characters: 20 };
const user = (content: string): SaidBefore => ({ role: 'user', content });
const bot = (content: string): SaidBefore => ({ role: 'assistant', content });

describe('what is looked at of what was said before', () => {
  it('is the newest messages, whole, oldest first', () => {
    const said = [user('a'), bot('b'), user('c'), bot('d'), user('e')];
    expect(recent(said, 'Hi', LIMITS)).toEqual(said.slice(-4));
    expect(recent([user('x'.repeat(10)), bot('y'.repeat(15)), user('z'.repeat(5))], 'Hi', LIMITS)).toEqual([
      bot('y'.repeat(15)),
      user('z'.repeat(5)),
    ]);
    expect(recent([user('a'), bot('x'.repeat(21))], 'Hi', LIMITS)).toEqual([]);
    expect(recent([], 'Hi', LIMITS)).toEqual([]);
  });

  it('is not the prompt, where that is the last thing that the user said', () => {
    expect(recent([bot('b'), user(' Hi\n')], 'Hi', LIMITS)).toEqual([bot('b')]);
    expect(recent([user('Hi'), user('Hi')], 'Hi', LIMITS)).toEqual([user('Hi')]);
    expect(recent([bot('Hi')], 'Hi', LIMITS)).toEqual([bot('Hi')]);
    expect(recent([user('Hi'), bot('b')], 'Hi', LIMITS)).toEqual([user('Hi'), bot('b')]);
  });

  it('does not count the prompt among the messages', () => {
    const said = [user('a'), bot('b'), user('c'), bot('d'), user('Hi')];
    expect(recent(said, 'Hi', LIMITS)).toEqual(said.slice(0, 4));
  });
});

describe('the window of a completion', () => {
  const said = {
    system: 'Be brief.',
    history: [user('one '.repeat(20)), bot('two '.repeat(20))],
    prompt: 'Hi',
  };

  it('has system text and prompt, and as many of the newest messages as fit', async () => {
    const shown = async (budget: number) => (await windowOf(said, budget)).map(({ content }) => content);
    expect(await shown(1_000)).toEqual(['Be brief.', ...said.history.map(({ content }) => content), 'Hi']);
    expect(await shown(60)).toEqual(['Be brief.', said.history[1]!.content, 'Hi']);
    expect(await shown(20)).toEqual(['Be brief.', 'Hi']);
    expect(await windowOf({ ...said, system: '', history: [] }, 20)).toEqual([
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('fails where not even those fit', async () => {
    await expect(windowOf(said, 10)).rejects.toMatchObject({ kind: 'context_length' });
  });
});
