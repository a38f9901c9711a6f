import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ForKeys } from '../common/api-scopes.js';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { UsageDto, UsageQueryDto } from './dto/usage.dto.js';
import { UsageService } from './usage.service.js';

@ApiTags('users')
@ApiBearerAuth('access-token')
@Controller('users/me/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  /** Read what one has used today and before, and what is left */
  @Get()
  @ForKeys('read')
  @ApiOkResponse({ type: UsageDto })
  report(@CurrentUser() user: AuthUser, @Query() { days }: UsageQueryDto): Promise<UsageDto> {
    return this.usage.report(user.id, days);
  }
}
