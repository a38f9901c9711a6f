import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { httpUrl, whole, yesOrNo } from './values.js';

/** What concerns the files of users, and where they are kept. */
export const fileVariables = {
  FILES_MAX_BYTES: whole(1, 10_000_000_000).default(104_857_600),
  FILES_BYTES_PER_USER: whole(1, 999_999_999_999_999).default(1_073_741_824),
  FILES_PER_USER: whole(1, 1_000_000).default(1_000),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .optional(),
  S3_ENDPOINT: httpUrl.optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*\/?$/, 'must be names of folders with a slash between them')
    .transform((text) => text.replace(/\/?$/, '/'))
    .default('files/'),
  S3_FORCE_PATH_STYLE: yesOrNo.optional(),
};

type Files = z.infer<z.ZodObject<typeof fileVariables>>;

/** Rules that concern more than one variable. @throws ConfigError */
export function checkFiles(env: Files): void {
  const { S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = env;
  if (S3_BUCKET === undefined && (env.S3_ENDPOINT ?? S3_ACCESS_KEY_ID ?? S3_SECRET_ACCESS_KEY) !== undefined)
    throw new ConfigError('S3_BUCKET', 'is needed where another S3 variable is set');
  if ((S3_ACCESS_KEY_ID === undefined) !== (S3_SECRET_ACCESS_KEY === undefined))
    throw new ConfigError(
      S3_ACCESS_KEY_ID ? 'S3_SECRET_ACCESS_KEY' : 'S3_ACCESS_KEY_ID',
      'is needed: the two go together',
    );
}
