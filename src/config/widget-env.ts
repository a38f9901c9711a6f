import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { httpUrl, isOrigin, list, whole } from './values.js';

/** A question that the widget offers ready-made. */
export interface WidgetButton {
  buttonText: string;
  /** What is sent when it is pressed. */
  buttonPrompt: string;
}

/** How the widget of websites looks, as whoever runs it wants it. */
export interface WidgetSettings {
  /** 0: switched off, whatever the language models do. */
  botStatus: 0 | 1;
  StartUpMessage: string;
  /** In pixels, as text. */
  fontSize: string;
  /** `http(s)://…`, or a path of this service. */
  userAvatarURL: string;
  botImageURL: string;
  commonButtons: WidgetButton[];
}

/** Pictures of this service's own. */
export const USER_PICTURE = '/widget/user.svg';
export const BOT_PICTURE = '/widget/bot.svg';

const DEFAULTS: WidgetSettings = {
  botStatus: 1,
  StartUpMessage: 'Hello! How can I help you?',
  fontSize: '16',
  userAvatarURL: USER_PICTURE,
  botImageURL: BOT_PICTURE,
  commonButtons: [
    { buttonText: 'What can you do?', buttonPrompt: 'What can you help me with?' },
    { buttonText: 'Get in touch', buttonPrompt: 'How can I get in touch with a person?' },
  ],
};

const text = (max: number) => {
  const rule = `must have 1 to ${max} characters`;
  return z.string(rule).regex(/\S/, rule).max(max, rule);
};

const SIZE_RULE = 'must be a whole number from 8 to 72';
const fontSize = z
  .union([z.string(), z.number()], SIZE_RULE)
  .transform(String)
  .refine((size) => /^\d{1,2}$/.test(size) && Number(size) >= 8 && Number(size) <= 72, SIZE_RULE);

const PICTURE_RULE = 'must be an http or https URL, or a path that begins with /';
const picture = z
  .string(PICTURE_RULE)
  .max(2_000, PICTURE_RULE)
  .refine((url) => /^\/(?!\/)/.test(url) || (/^https?:\/\//i.test(url) && URL.canParse(url)), PICTURE_RULE);

const BUTTON_RULE = 'must be an object with buttonText and buttonPrompt';
const BUTTONS_RULE = 'must be a list of at most 20 buttons';
const buttons = z
  .array(z.strictObject({ buttonText: text(100), buttonPrompt: text(4_000) }, BUTTON_RULE), BUTTONS_RULE)
  .max(20, BUTTONS_RULE);

const onOrOff = z.union([z.literal(0), z.literal(1)], 'must be 0 or 1');

/** What a file of WIDGET_CONFIG_FILE may hold: the names of the answer itself. */
const fileSchema = z.strictObject(
  {
    botStatus: onOrOff.optional(),
    StartUpMessage: text(2_000).optional(),
    fontSize: fontSize.optional(),
    userAvatarURL: picture.optional(),
    botImageURL: picture.optional(),
    commonButtons: buttons.optional(),
  },
  'must be a JSON object with the names of the answer, and no others',
);

/** What concerns the widget of websites. */
export const widgetVariables = {
  WIDGET_RATE: whole(1, 1_000_000).default(20),
  WIDGET_REQUESTS_PER_DAY: whole(1, 1_000_000_000).optional(),
  WIDGET_ANSWERS_AT_ONCE: whole(1, 1_000_000).default(100),
  WIDGET_ANSWERS_PER_ADDRESS: whole(1, 1_000_000).default(5),
  WIDGET_ORIGINS: list
    .refine(
      (items) => items.every(isOrigin),
      'must be a comma-separated list of origins such as https://www.example.com',
    )
    .default([]),
  WIDGET_PUBLIC_URL: httpUrl.optional(),
  WIDGET_SYSTEM_PROMPT: z.string().optional(),
  WIDGET_CONFIG_FILE: z.string().optional(),
  WIDGET_BOT_STATUS: z
    .enum(['0', '1'], 'must be 0 or 1')
    .transform((value) => (value === '1' ? 1 : 0))
    .optional(),
  WIDGET_START_UP_MESSAGE: text(2_000).optional(),
  WIDGET_FONT_SIZE: fontSize.optional(),
  WIDGET_USER_AVATAR_URL: picture.optional(),
  WIDGET_BOT_IMAGE_URL: picture.optional(),
  WIDGET_COMMON_BUTTONS: z
    .string()
    .transform((json) => parsed(json))
    .pipe(buttons)
    .optional(),
};

type Widget = z.infer<z.ZodObject<typeof widgetVariables>>;

/**
 * How the widget looks: each setting by its variable, else by the file, else by its default.
 * @throws ConfigError where the file cannot be read or is wrong
 */
export function widgetSettings(env: Widget): WidgetSettings {
  const file = env.WIDGET_CONFIG_FILE === undefined ? {} : readSettings(env.WIDGET_CONFIG_FILE);
  return {
    botStatus: env.WIDGET_BOT_STATUS ?? file.botStatus ?? DEFAULTS.botStatus,
    StartUpMessage: env.WIDGET_START_UP_MESSAGE ?? file.StartUpMessage ?? DEFAULTS.StartUpMessage,
    fontSize: env.WIDGET_FONT_SIZE ?? file.fontSize ?? DEFAULTS.fontSize,
    userAvatarURL: env.WIDGET_USER_AVATAR_URL ?? file.userAvatarURL ?? DEFAULTS.userAvatarURL,
    botImageURL: env.WIDGET_BOT_IMAGE_URL ?? file.botImageURL ?? DEFAULTS.botImageURL,
    commonButtons: env.WIDGET_COMMON_BUTTONS ?? file.commonButtons ?? DEFAULTS.commonButtons,
  };
}

function readSettings(path: string): z.infer<typeof fileSchema> {
  const read = fileSchema.safeParse(parsed(contentOf(path)));
  if (read.success) return read.data;
  const { path: where, message } = read.error.issues[0]!;
  throw new ConfigError(
    'WIDGET_CONFIG_FILE',
    `names a file that is wrong: ${where.join('.') || 'it'} ${message}`,
  );
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no file';
    throw new ConfigError('WIDGET_CONFIG_FILE', `names a file that cannot be read (${code})`);
  }
}

/** Undefined where it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
