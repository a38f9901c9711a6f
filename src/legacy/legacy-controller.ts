import { applyDecorators, Controller, UseGuards, UseInterceptors } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiTags } from '@nestjs/swagger';
import { HasOwnGuard } from '../common/current-user.js';
import type { LegacySurface } from '../config/legacy-env.js';
import { CallerGuard } from './caller.guard.js';
import { LoggedInInterceptor } from './logged-in.js';

/** Stands in the document at every operation of a surface. */
export const SURFACE_EXTENSION = 'x-compatibility-surface';

/**
 * A controller of a surface. Its routes stand outside of the API's prefix, need a login unless they are `@Public()`,
 * and have the surface's envelope for errors.
 */
export const LegacyController = (surface: LegacySurface, path: string) =>
  applyDecorators(
    Controller(path),
    ApiTags(`legacy: ${surface}`),
    ApiExtension(SURFACE_EXTENSION, surface),
    ApiBearerAuth('access-token'),
    HasOwnGuard(),
    UseGuards(CallerGuard),
    UseInterceptors(LoggedInInterceptor),
  );
