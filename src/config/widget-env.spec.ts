import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { loadEnv } from './env.js';

const load = (source: NodeJS.ProcessEnv) => loadEnv({ JWT_SECRET: 'x'.repeat(32), ...source });

describe('the widget of websites', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'parley-widget-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function file(content: unknown): string {
    const path = join(dir, 'widget.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  const WHOLE = {
    botStatus: 0,
    StartUpMessage: '你好！',
    fontSize: '14',
    userAvatarURL: 'https://www.example.com/you.png',
    botImageURL: '/widget/bot.svg',
    commonButtons: [{ buttonText: 'Prices', buttonPrompt: 'What does it cost?' }],
  };

  it('looks as the file says, and as variables say before it', () => {
    expect(load({ WIDGET_CONFIG_FILE: file(WHOLE) }).WIDGET).toEqual(WHOLE);
    expect(
      load({ WIDGET_CONFIG_FILE: file(`\uFEFF${JSON.stringify({ fontSize: 20 })}`) }).WIDGET,
    ).toMatchObject({
      botStatus: 1,
      fontSize: '20',
    });
    const variables = {
      WIDGET_CONFIG_FILE: file(WHOLE),
      WIDGET_BOT_STATUS: '1',
      WIDGET_START_UP_MESSAGE: 'Hi',
      WIDGET_FONT_SIZE: '9',
      WIDGET_USER_AVATAR_URL: '/widget/user.svg',
      WIDGET_BOT_IMAGE_URL: 'http://x.example/b.png',
      WIDGET_COMMON_BUTTONS: '[]',
    };
    expect(load(variables).WIDGET).toEqual({
      botStatus: 1,
      StartUpMessage: 'Hi',
      fontSize: '9',
      userAvatarURL: '/widget/user.svg',
      botImageURL: 'http://x.example/b.png',
      commonButtons: [],
    });
  });

  it.each([
    [{ WIDGET_RATE: '0' }, 'WIDGET_RATE must be a whole number from 1 to 1000000'],
    [{ WIDGET_REQUESTS_PER_DAY: 'many' }, 'WIDGET_REQUESTS_PER_DAY must be a whole number'],
    [{ WIDGET_ORIGINS: 'www.example.com' }, 'WIDGET_ORIGINS must be a comma-separated list of origins'],
    [{ WIDGET_PUBLIC_URL: 'chat' }, 'WIDGET_PUBLIC_URL must be an http or https URL'],
    [{ WIDGET_BOT_STATUS: 'on' }, 'WIDGET_BOT_STATUS must be 0 or 1'],
    [{ WIDGET_FONT_SIZE: '16px' }, 'WIDGET_FONT_SIZE must be a whole number from 8 to 72'],
    [{ WIDGET_USER_AVATAR_URL: '//x' }, 'WIDGET_USER_AVATAR_URL must be an http or https URL, or a path'],
    [{ WIDGET_BOT_IMAGE_URL: 'javascript:alert(1)' }, 'WIDGET_BOT_IMAGE_URL must be an http or https URL'],
    [{ WIDGET_COMMON_BUTTONS: '[' }, 'WIDGET_COMMON_BUTTONS must be a list of at most 20 buttons'],
    [
      { WIDGET_COMMON_BUTTONS: '[{"buttonText":"a"}]' },
      'WIDGET_COMMON_BUTTONS must have 1 to 4000 characters',
    ],
  ])('refuses %j', (source, complaint) => {
    expect(() => load(source)).toThrow(ConfigError);
    expect(() => load(source)).toThrow(complaint);
  });

  it.each<[content: unknown, complaint: string]>([
    ['{', 'it must be a JSON object'],
    [[], 'it must be a JSON object'],
    [{ botStatus: 2 }, 'botStatus must be 0 or 1'],
    [{ fontSize: 7 }, 'fontSize must be a whole number from 8 to 72'],
    [{ StartUpMessage: '' }, 'StartUpMessage must have 1 to 2000 characters'],
    [{ userAvatarURL: 'x.png' }, 'userAvatarURL must be an http or https URL, or a path that begins with /'],
    [{ commonButtons: {} }, 'commonButtons must be a list of at most 20 buttons'],
    [{ commonButtons: [{ buttonText: 'a', buttonPrompt: ' ' }] }, 'commonButtons.0.buttonPrompt must have 1'],
    [{ commonButtons: [1] }, 'commonButtons.0 must be an object with buttonText and buttonPrompt'],
    [{ startUpMessage: 'Hi' }, 'it must be a JSON object with the names of the answer, and no others'],
  ])('refuses a file with %j', (content, complaint) => {
    const source = { WIDGET_CONFIG_FILE: file(content) };
    expect(() => load(source)).toThrow(ConfigError);
    expect(() => load(source)).toThrow(/^WIDGET_CONFIG_FILE names a file that is wrong: [^\n]+$/);
    expect(() => load(source)).toThrow(complaint);
  });

  it('refuses a file that is not there', () => {
    expect(() => load({ WIDGET_CONFIG_FILE: join(dir, 'none.json') })).toThrow(
      'WIDGET_CONFIG_FILE names a file that cannot be read (ENOENT)',
    );
  });
});
