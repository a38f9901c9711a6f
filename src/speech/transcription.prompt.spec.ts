import { describe, expect, it } from 'vitest';
import { speechPrompt } from './transcription.prompt.js';

describe('speechPrompt', () => {
  it('does not take a label for what is talked about', () => {
    const topic = { theme: 'li:2026-11-21 16:30:00', themeIsLabel: true, instructions: 'You sell laksa.' };
    expect(speechPrompt(topic, undefined)).toBe('You sell laksa.');
    expect(speechPrompt({ ...topic, instructions: null }, undefined)).toBeNull();
  });

  it('is the words of the topic, then those that were asked for, on one line', () => {
    const topic = {
      theme: 'Hawker food',
      themeIsLabel: false,
      instructions: 'You sell\n\n laksa and  kopi.',
    };
    expect(speechPrompt(topic, ' chendol,\nsatay ')).toBe(
      'Hawker food. You sell laksa and kopi. chendol, satay',
    );
    expect(speechPrompt(topic, undefined)).toBe('Hawker food. You sell laksa and kopi.');
    expect(speechPrompt({ theme: 'Tea', themeIsLabel: false, instructions: null }, undefined)).toBe('Tea');
    expect(speechPrompt(null, 'tea')).toBe('tea');
    expect(speechPrompt(null, undefined)).toBeNull();
  });

  it('is no longer than what an engine looks at: what was asked for is all there', () => {
    const topic = { theme: 'A theme', themeIsLabel: false, instructions: 'word '.repeat(2_000) };
    const asked = 'x'.repeat(500);
    const prompt = speechPrompt(topic, asked)!;
    expect(prompt.length).toBeLessThanOrEqual(600);
    expect(prompt.endsWith(` ${asked}`)).toBe(true);
    expect(prompt).toMatch(/^A theme\. (word )+x/);
    expect(speechPrompt(topic, undefined)).toMatch(/^A theme\. (word )+word$/);
    expect(
      [
        ...speechPrompt(
          { theme: '茶'.repeat(200), themeIsLabel: false, instructions: '😀'.repeat(400) },
          asked,
        )!,
      ].length,
    ).toBeLessThan(601);
  });
});
