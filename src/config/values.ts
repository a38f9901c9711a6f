import { z } from 'zod';
import { ConfigError } from './config-error.js';

export const TRUE = ['true', '1', 'yes', 'on'];
export const FALSE = ['false', '0', 'no', 'off'];

export const yesOrNo = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => TRUE.includes(text) || FALSE.includes(text), 'must be true or false')
  .transform((text) => TRUE.includes(text));

export const flag = (byDefault: boolean) => yesOrNo.default(byDefault);

export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`);

export const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, `must be a number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a number from ${min} to ${max}`);

export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

export const httpUrl = z
  .string()
  .refine(isHttpUrl, 'must be an http or https URL')
  .transform((text) => text.replace(/\/+$/, ''));

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** `https://app.example.com`: scheme, host and port, and nothing behind them. */
export function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).origin === text;
}

/**
 * Reads what a schema names. An empty value counts as absent.
 * @throws ConfigError with one line that names the first wrong variable; values are never repeated
 */
export function parseVariables<Schema extends z.ZodType>(
  schema: Schema,
  source: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const present = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(String(issue?.path[0] ?? 'environment'), issue?.message ?? 'is not valid');
}
