import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type AuthUser, CurrentUser } from '../common/current-user.js';
import { IdPipe } from '../common/id.pipe.js';
import { PageQueryDto } from '../common/page-query.dto.js';
import { PassagePageDto } from './dto/passage.dto.js';
import { PassagesService } from './passages.service.js';

@ApiTags('files')
@ApiBearerAuth('access-token')
@Controller('files/:id/text')
export class PassagesController {
  constructor(private readonly passages: PassagesService) {}

  /** Read a document's text, in its order; nothing where it has not been read */
  @Get()
  @ApiParam({ name: 'id', type: 'integer' })
  @ApiOkResponse({ type: PassagePageDto })
  list(
    @CurrentUser() user: AuthUser,
    @Param('id', IdPipe) id: number,
    @Query() query: PageQueryDto,
  ): Promise<PassagePageDto> {
    return this.passages.list(user.id, id, query);
  }
}
