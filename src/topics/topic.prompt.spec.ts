import { describe, expect, it } from 'vitest';
import { TOPIC_PRESET_IDS, TOPIC_PRESETS } from './topic-presets.js';
import { topicSystemText } from './topic.prompt.js';

describe('topicSystemText', () => {
  it('names the theme, and nothing that is not there', () => {
    const text = topicSystemText({
      theme: 'At the airport',
      instructions: ' ',
      context: null,
      replyLanguage: null,
      themeIsLabel: false,
      practice: false,
    });
    expect(text).toContain('The topic of this conversation: At the airport\n');
    expect(text).not.toContain('\n\n');
  });

  it('puts theme, instructions and context in this order', () => {
    const text = topicSystemText({
      theme: 'At the airport',
      instructions: 'You check bags.',
      context: 'The second bird flies.',
      replyLanguage: null,
      themeIsLabel: false,
      practice: false,
    });
    const [theme, instructions, context] = text.split('\n\n');
    expect(theme).toContain('At the airport');
    expect(instructions).toMatch(/:\nYou check bags\.$/);
    expect(context).toMatch(/:\nThe second bird flies\.$/);
  });

  it('asks for the language to answer in at its end', () => {
    const text = topicSystemText({
      theme: 'At the airport',
      instructions: 'You check bags.',
      context: null,
      replyLanguage: 'en',
      themeIsLabel: false,
      practice: false,
    });
    expect(text).toMatch(/\n\nAlways answer in English, whatever language the message is written in\.$/);
  });
});

describe('topicSystemText, of practice', () => {
  it('asks for the part that is wanted and for brevity, before the language', () => {
    const topic = {
      ...{ theme: 'Small talk', themeIsLabel: false, instructions: null, context: null, replyLanguage: 'en' },
    };
    const text = topicSystemText({ ...topic, practice: true });
    expect(text).toMatch(
      /\n\nThis is practice in speaking[^]*at most about 125 words[^]*\n\nAlways answer in English/,
    );
    expect(topicSystemText({ ...topic, practice: false })).not.toContain('125');
  });
});

describe('topicSystemText, of a theme that is a label', () => {
  const label = {
    ...{ theme: 'li:2026-11-21 16:30:00', themeIsLabel: true, context: null, replyLanguage: null },
    practice: false,
  };

  it('does not name it', () => {
    expect(topicSystemText({ ...label, instructions: null })).toMatch(/^The user chooses what [^\n]*\.$/);
  });

  it('leads back to the scenario where there is one', () => {
    const text = topicSystemText({ ...label, instructions: 'You check bags.' });
    expect(text).toMatch(
      /^The topic of this conversation is the scenario below[^]*\n\n[^]*You check bags\.$/,
    );
    expect(text).not.toContain('2026');
  });
});

describe('TOPIC_PRESETS', () => {
  it.each(TOPIC_PRESET_IDS)('%s fits into a topic', (id) => {
    const { theme, instructions } = TOPIC_PRESETS[id];
    expect(id.length).toBeLessThanOrEqual(64);
    expect(theme.length).toBeLessThanOrEqual(200);
    expect(instructions.length).toBeGreaterThan(100);
  });
});
