import type { LegacySurface } from '../config/legacy-env.js';

/** The first parts of each surface's paths: `a` stands for itself, `a/*` for what is below it. */
export const SURFACE_PATHS: Record<LegacySurface, readonly string[]> = {
  companion: ['chat/*', 'bots/*', 'users/register', 'users/users/*', 'login'],
  tutor: ['botchat/*'],
  notebook: ['myapp/*'],
  assistant: ['api/chat', 'api/chat/*', 'api/file/*', 'api/conversations/*', 'api/user/*'],
  widget: ['health', 'myapi', 'myapi/*', 'widget/*'],
};

/** As Nest writes paths that stand outside of the API's prefix. */
export function pathsOutsidePrefix(): string[] {
  return Object.values(SURFACE_PATHS)
    .flat()
    .map((path) => path.replace('*', '{*path}'));
}

/** The surface that a route belongs to; undefined: none, or one that is not mounted. */
export function surfaceOf(url: string, mounted: readonly LegacySurface[]): LegacySurface | undefined {
  const path = url.replace(/^\/+|\/+$/g, '');
  return mounted.find((surface) =>
    SURFACE_PATHS[surface].some((known) =>
      known.endsWith('/*') ? path.startsWith(known.slice(0, -1)) : path === known,
    ),
  );
}
