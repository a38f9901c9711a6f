import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { VisitorsService } from '../../completions/visitors.service.js';
import { ENV, type Env } from '../../config/env.js';
import type { WidgetConfigDto } from './dto/widget.dto.js';

/** A host name or address, perhaps with a port: what may become a part of a URL. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** How the widget looks to a page that asks. */
@Injectable()
export class WidgetAppearance {
  constructor(
    private readonly visitors: VisitorsService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  of(request: FastifyRequest): WidgetConfigDto {
    const { botStatus, userAvatarURL, botImageURL, commonButtons, ...texts } = this.env.WIDGET;
    const here = this.env.WIDGET_PUBLIC_URL ?? originOf(request);
    // The page is another site's: a path would be one of its own.
    const absolute = (url: string) => (url.startsWith('/') ? here + url : url);
    return {
      botStatus: botStatus === 1 && this.visitors.available ? 1 : 0,
      ...texts,
      userAvatarURL: absolute(userAvatarURL),
      botImageURL: absolute(botImageURL),
      commonButtons,
    };
  }
}

/** Where the client found this service; empty where it does not say, or says nothing that can be repeated. */
function originOf({ protocol, host }: FastifyRequest): string {
  return HOST.test(host) ? `${protocol}://${host}` : '';
}
