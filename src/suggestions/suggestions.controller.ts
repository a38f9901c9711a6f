import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { ForKeys } from '../common/api-scopes.js';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { SuggestionsDto } from './dto/suggestions.dto.js';
import { SuggestionsService } from './suggestions.service.js';

@ApiTags('messages')
@ApiBearerAuth('access-token')
@Controller('messages')
export class SuggestionsController {
  constructor(private readonly suggestions: SuggestionsService) {}

  /** What the user may ask next, after an answer: made when it is first asked for, and kept */
  @Get(':id/suggestions')
  // It may cost a model's answer: to read is not enough.
  @ForKeys('chat')
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: SuggestionsDto })
  list(@CurrentUser() user: AuthUser, @Param('id', IdPipe) id: number): Promise<SuggestionsDto> {
    return this.suggestions.of(user.id, id);
  }
}
