import { Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../common/current-user.js';
import { Unlimited } from '../../common/rate-limits.js';
import { LegacyController } from '../legacy-controller.js';
import { WidgetHealthDto } from './dto/widget.dto.js';
import { WidgetHealth } from './widget.health.js';

@Public()
@Unlimited()
@LegacyController('widget', 'health')
export class WidgetHealthController {
  constructor(private readonly health: WidgetHealth) {}

  /** Whether the process can do its work; 503 says what is down */
  @Get()
  @ApiOkResponse({ type: WidgetHealthDto })
  @ApiServiceUnavailableResponse({ type: WidgetHealthDto })
  state(@Res({ passthrough: true }) reply: FastifyReply): Promise<WidgetHealthDto> {
    return this.health.of(reply);
  }
}
