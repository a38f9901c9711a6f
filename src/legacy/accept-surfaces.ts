import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { EnvelopeConfig, ErrorEnvelope } from '../common/error-envelope.js';
import { AppError } from '../common/errors.js';
import { sendProblem } from '../common/problem.filter.js';
import type { LegacySurface } from '../config/legacy-env.js';
import { assistantEnvelope } from './assistant/assistant.errors.js';
import { companionEnvelope } from './companion/companion.errors.js';
import { notebookEnvelope } from './notebook/notebook.errors.js';
import { fieldsOf, readFields } from './legacy-form.js';
import { enveloping } from './surface-error.js';
import { surfaceOf } from './surface-paths.js';
import { tutorEnvelope } from './tutor/tutor.errors.js';
import { widgetEnvelope } from './widget/widget.errors.js';

const ENVELOPES: Record<LegacySurface, ErrorEnvelope> = {
  companion: enveloping(companionEnvelope),
  tutor: enveloping(tutorEnvelope),
  notebook: enveloping(notebookEnvelope),
  assistant: enveloping(assistantEnvelope),
  widget: enveloping(widgetEnvelope),
};

const URLENCODED = 'application/x-www-form-urlencoded';

interface SurfaceConfig extends EnvelopeConfig {
  surface?: LegacySurface;
  /** See files/upload.ts: what has it takes a form. */
  upload?: 'form' | 'form or JSON';
}

/** Makes the routes of the surfaces take what their clients send; to be called before there are any routes. */
export function acceptSurfaces(fastify: FastifyInstance, mounted: readonly LegacySurface[]): void {
  fastify.addHook('onRoute', (route) => markRoute(route, mounted));
  fastify.addContentTypeParser(URLENCODED, { parseAs: 'string' }, (_request, body, done) =>
    done(null, fieldsOf(new URLSearchParams(String(body)))),
  );
  fastify.addHook('preParsing', (request, reply, _payload, done) => {
    const isForm = (request.headers['content-type'] ?? '').toLowerCase().startsWith(URLENCODED);
    if (!isForm || request.is404 || configOf(request).surface) done();
    else sendProblem(request, reply, new AppError('unsupported_media_type'));
  });
}

/** An upload is read by its route; every other form is a body of text fields like any other. */
function markRoute(route: RouteOptions, mounted: readonly LegacySurface[]): void {
  const surface = surfaceOf(route.url, mounted);
  if (!surface) return;
  const config = (route.config ??= {}) as SurfaceConfig;
  const takesFiles = config.upload !== undefined;
  Object.assign(config, { surface, envelope: ENVELOPES[surface] } satisfies SurfaceConfig);
  if (takesFiles) return;
  config.upload = 'form or JSON';
  const before = [route.preValidation ?? []].flat();
  route.preValidation = [
    ...before,
    async (request) => {
      const limit = request.routeOptions.bodyLimit;
      if (request.isMultipart()) request.body = await readFields(request, limit);
    },
  ];
}

function configOf({ routeOptions }: FastifyRequest): SurfaceConfig {
  return (routeOptions.config as SurfaceConfig | undefined) ?? {};
}
