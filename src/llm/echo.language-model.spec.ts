import { describe, expect, it } from 'vitest';
import { EchoLanguageModel } from './echo.language-model.js';
import { collect, textOf } from './language-model-calls.contract.js';
import { countTokens } from './token-counter.js';

const ask = (content: string, more = {}) => ({ messages: [{ role: 'user' as const, content }], ...more });
const fast = new EchoLanguageModel({ delayMs: 0 });

describe('EchoLanguageModel', () => {
  it('says what is missing, and repeats the prompt, in English', async () => {
    const events = await collect(fast, undefined, ask('How are you? 👨‍👩‍👧‍👦 Cafe\u0301'));
    const text = textOf(events);
    expect(text).toMatch(/No language model is configured.*OPENAI_API_KEY.*DASHSCOPE_API_KEY/);
    expect(text.endsWith('How are you? 👨‍👩‍👧‍👦 Cafe\u0301')).toBe(true);
    expect(events.at(-1)).toEqual({ type: 'done', reason: 'stop', model: 'echo' });
  });

  it('says that it sees no pictures', async () => {
    const images = [{ mediaType: 'image/jpeg', data: Buffer.from('jpeg'), tokens: 85 }];
    const messages = [{ role: 'user' as const, content: 'Look', images }];
    expect(textOf(await collect(fast, undefined, { messages }))).toMatch(/cannot see the pictures/);
    expect(textOf(await collect(fast, undefined, ask('Look')))).not.toMatch(/pictures/);
  });

  it('answers Chinese in Chinese', async () => {
    const text = textOf(await collect(fast, undefined, ask('今天天气怎么样？')));
    expect(text).toMatch(/没有配置语言模型.*OPENAI_API_KEY.*DASHSCOPE_API_KEY/);
    expect(text.endsWith('今天天气怎么样？')).toBe(true);
  });

  it('repeats the last message of the user only', async () => {
    const messages = [
      { role: 'user' as const, content: 'first' },
      { role: 'assistant' as const, content: 'answer' },
      { role: 'user' as const, content: 'second' },
    ];
    const text = textOf(await collect(fast, undefined, { messages }));
    expect(text).toContain('second');
    expect(text).not.toContain('first');
    expect(textOf(await collect(fast, undefined, { messages: [] }))).toContain('OPENAI_API_KEY');
  });

  it('never divides a character', async () => {
    const family = '👨‍👩‍👧‍👦';
    const events = await collect(fast, undefined, ask(`a ${family} e\u0301 b`));
    const deltas = events.map((event) => (event.type === 'delta' ? event.text : ''));
    expect(deltas.some((text) => text.includes(family))).toBe(true);
    expect(deltas.some((text) => text.includes('e\u0301'))).toBe(true);
  });

  it('counts tokens', async () => {
    const events = await collect(fast, undefined, ask('one two three'));
    const usage = events.at(-2);
    expect(usage).toMatchObject({ type: 'usage', inputTokens: countTokens('one two three') });
    expect(usage).toHaveProperty('outputTokens');
    expect((usage as { outputTokens: number }).outputTokens).toBeGreaterThan(20);
  });

  it('stops at the limit of tokens', async () => {
    const events = await collect(fast, undefined, ask('hello', { maxOutputTokens: 5 }));
    expect(events.at(-1)).toMatchObject({ type: 'done', reason: 'length' });
    expect(events.at(-2)).toMatchObject({ type: 'usage', outputTokens: 5 });
  });

  it('takes its time, but not for ever', async () => {
    const start = Date.now();
    const long = 'word '.repeat(100_000);
    const events = await collect(fast, undefined, ask(long));
    expect(events.length).toBeLessThan(410);
    expect(textOf(events)).toContain(long.trim());
    expect(Date.now() - start).toBeLessThan(5000);
    const slow = Date.now();
    await collect(new EchoLanguageModel({ delayMs: 5 }), undefined, ask('hi'));
    expect(Date.now() - slow).toBeGreaterThan(100);
  });

  it('ends at once on abort, without a further event', async () => {
    const controller = new AbortController();
    const events = [];
    setTimeout(() => controller.abort(), 50);
    const start = Date.now();
    for await (const event of new EchoLanguageModel({ delayMs: 10_000 }).stream(ask('hi'), controller.signal))
      events.push(event);
    expect(events).toEqual([]);
    expect(Date.now() - start).toBeLessThan(3_000);
  });
});
