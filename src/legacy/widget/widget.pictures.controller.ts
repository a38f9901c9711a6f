import { applyDecorators, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { BOT_SVG, USER_SVG } from './widget.pictures.js';

/** A picture that pages of any site may show, and that can do nothing where somebody opens it by itself. */
const Picture = () =>
  applyDecorators(
    Header('Content-Type', 'image/svg+xml; charset=utf-8'),
    Header('Cache-Control', 'public, max-age=86400'),
    Header('Content-Security-Policy', "default-src 'none'; sandbox"),
    ApiProduces('image/svg+xml'),
    ApiOkResponse({ description: 'The picture.', schema: { type: 'string' } }),
  );

@Public()
@LegacyController('widget', 'widget')
export class WidgetPicturesController {
  /** The bot */
  @Get('bot.svg')
  @Picture()
  bot(): string {
    return BOT_SVG;
  }

  /** The visitor */
  @Get('user.svg')
  @Picture()
  user(): string {
    return USER_SVG;
  }
}
