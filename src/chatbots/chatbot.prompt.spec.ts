import { describe, expect, it } from 'vitest';
import { chatbotSystemText } from './chatbot.prompt.js';

const plain = { kind: 'plain', persona: null, instructions: null, replyLanguage: null } as const;

describe('chatbotSystemText', () => {
  it('says nothing for a plain bot without settings', () => {
    expect(chatbotSystemText(plain)).toBe('');
    expect(chatbotSystemText({ ...plain, instructions: ' \n' })).toBe('');
  });

  it('tells a persona bot who it is, to behave like it and to stay in it', () => {
    const text = chatbotSystemText({ ...plain, kind: 'persona', persona: ' Jay Chou ' });
    expect(text).toContain('you are this person or character:\nJay Chou\n\n');
    expect(text).toMatch(/behave the way they would/);
    expect(text).toMatch(/Stay in this role/);
  });

  it('leaves the persona out of a plain bot', () => {
    expect(chatbotSystemText({ ...plain, persona: 'Jay Chou', instructions: 'Be brief.' })).toBe('Be brief.');
  });

  it('puts persona, instructions and language in this order', () => {
    const text = chatbotSystemText({
      kind: 'persona',
      persona: 'Ella',
      instructions: 'Be brief.',
      replyLanguage: 'en',
    });
    const at = ['Ella', 'Be brief.', 'Always answer in English'].map((part) => text.indexOf(part));
    expect(at).not.toContain(-1);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
  });

  it.each([
    ['en', 'English'],
    ['zh-Hans', 'Simplified Chinese'],
    ['PT-br', 'Brazilian Portuguese'],
    ['en-12', 'en-12'],
    ['qq', 'qq'],
  ])('names the language %s', (replyLanguage, name) => {
    expect(chatbotSystemText({ ...plain, replyLanguage })).toContain(`Always answer in ${name},`);
  });
});
