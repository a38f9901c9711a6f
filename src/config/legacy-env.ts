import { z } from 'zod';
import { ConfigError } from './config-error.js';
import { list, whole } from './values.js';

export const LEGACY_SURFACES = ['companion', 'tutor', 'notebook', 'assistant', 'widget'] as const;
/** An older backend whose frontends work against this one. */
export type LegacySurface = (typeof LEGACY_SURFACES)[number];

const TRUSTING = 'true-in-closed-network';

/** What concerns the surfaces of older backends. */
export const legacyVariables = {
  LEGACY_SURFACES: list
    .transform((items) => (items.length === 1 && items[0] === 'none' ? [] : items))
    .refine(
      (items) => items.every((item) => (LEGACY_SURFACES as readonly string[]).includes(item)),
      `must be none, or a comma-separated list of ${LEGACY_SURFACES.join(', ')}`,
    )
    .transform((items) => items as LegacySurface[])
    .default([...LEGACY_SURFACES]),
  LEGACY_TRUST_CALLER: z
    .enum(['false', 'true', TRUSTING], `must be false, true or ${TRUSTING}`)
    .transform((text) => (text === TRUSTING ? text : text === 'true'))
    .default(false),
  LEGACY_MIN_PASSWORD: whole(1, 128).default(6),
  COMPANION_PERSONAS: list.default(['Jay Chou', 'Jackie Chan', 'Defined by me']),
  LEGACY_TIME_ZONE: z.string().refine(isTimeZone, 'must name a time zone such as Asia/Shanghai').optional(),
};

type Legacy = z.infer<z.ZodObject<typeof legacyVariables>>;

/** Rules for production. @throws ConfigError */
export function checkLegacy({ LEGACY_TRUST_CALLER }: Legacy): void {
  if (LEGACY_TRUST_CALLER === true)
    throw new ConfigError(
      'LEGACY_TRUST_CALLER',
      `must not be true when NODE_ENV=production: whoever reaches the server would be anybody; ${TRUSTING} says that nobody else does`,
    );
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
