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
    });
    expect(text).toMatch(/\n\nAlways answer in English, whatever language the message is written in\.$/);
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
