import { Body, Get, HttpCode, Post } from '@nestjs/common';
import { type AuthUser, CurrentUser, Public } from '../../common/current-user.js';
import { LegacyController } from '../legacy-controller.js';
import { NamesCaller } from '../names-caller.js';
import { CompanionBots } from './companion.bots.js';
import { ApiAnswer } from './companion.openapi.js';
import {
  CompanionBotDetailsDto,
  CompanionBotDto,
  CompanionBotListDto,
  CompanionCreatedDto,
  CompanionPersonasDto,
  CompanionRefusalDto,
  CompanionUserDto,
  CreateCompanionBotDto,
} from './dto/bot.dto.js';

@NamesCaller({ user: 'user_id', as: 'id' })
@LegacyController('companion', 'bots')
export class CompanionBotsController {
  constructor(private readonly bots: CompanionBots) {}

  /** Whom bots can be asked to play */
  @Public()
  @Get('get_persona')
  @ApiAnswer(CompanionPersonasDto)
  personas(): CompanionPersonasDto {
    return this.bots.personas();
  }

  /** Make a bot */
  @Post('create')
  @HttpCode(200)
  @ApiAnswer(CompanionCreatedDto)
  create(@CurrentUser() user: AuthUser, @Body() dto: CreateCompanionBotDto): Promise<CompanionCreatedDto> {
    return this.bots.create(user, dto);
  }

  /** Read a bot */
  @Post('detail')
  @HttpCode(200)
  @ApiAnswer(CompanionBotDetailsDto)
  detail(@CurrentUser() user: AuthUser, @Body() dto: CompanionBotDto): Promise<CompanionBotDetailsDto> {
    return this.bots.detail(user, dto);
  }

  /** List the own bots, oldest first */
  @Post('list')
  @HttpCode(200)
  @ApiAnswer(CompanionBotListDto)
  list(@CurrentUser() user: AuthUser, @Body() _dto: CompanionUserDto): Promise<CompanionBotListDto> {
    return this.bots.list(user);
  }

  /** Delete a bot; what was said with it can be read */
  @Post('delete')
  @HttpCode(200)
  @ApiAnswer(CompanionRefusalDto)
  delete(@CurrentUser() user: AuthUser, @Body() dto: CompanionBotDto): Promise<CompanionRefusalDto> {
    return this.bots.delete(user, dto);
  }
}
