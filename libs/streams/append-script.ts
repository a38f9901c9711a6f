/**
 * Writes one batch of events, at once and at most once. Numbers are ids of the stream.
 *
 * KEYS: the stream. ARGV: channel, writer, version, first id, whether the last event ends the stream (1), expiry in
 * ms, how many events to keep, whether to begin anew where what comes before the batch is lost (1); the channel on
 * which all hear that a stream has got another writer, and the message for it; then type and JSON of each event.
 *
 * Returns {what, newest id, newest id of this batch that is there}:
 * - ok: everything is there, now or from an attempt whose answer was lost;
 * - gap: something before the batch is missing; nothing was written;
 * - foreign: another writer has added events since; what is not there was not written;
 * - ended: the same, and its events were the end.
 */
export const APPEND_SCRIPT = `
local key, channel, writer, version = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local first, ends, expiry, limit, anew = tonumber(ARGV[4]), ARGV[5] == '1', ARGV[6], ARGV[7], ARGV[8] == '1'
local final = first + (#ARGV - 10) / 2 - 1

local function fields(entry)
  local found = {}
  for i = 1, #entry[2], 2 do found[entry[2][i]] = entry[2][i + 1] end
  return found
end
local function idof(entry) return tonumber(string.match(entry[1], '^%d+')) end

local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
local last, tail = 0, {}
if newest then last, tail = idof(newest), fields(newest) end

local own = first - 1
if last >= first then
  for _, entry in ipairs(redis.call('XRANGE', key, first .. '-0', final .. '-0')) do
    if fields(entry).w ~= writer then break end
    own = idof(entry)
  end
end
if own == final then return {'ok', last, own} end
if tail.e then return {'ended', last, own} end
if own < last or (newest and own > last and tail.w ~= writer) then return {'foreign', last, own} end
if own > last then
  if not anew then return {'gap', last, own} end
  redis.call('DEL', key)
end

local said = {}
for i = 11, #ARGV, 2 do
  local id = first + (i - 11) / 2
  if id > own then
    local entry = {'v', version, 'w', writer, 't', ARGV[i], 'd', ARGV[i + 1]}
    if ends and id == final then entry[9], entry[10] = 'e', '1' end
    redis.call('XADD', key, 'MAXLEN', '~', limit, id .. '-0', unpack(entry))
    said[#said + 1] = '[' .. cjson.encode(ARGV[i]) .. ',' .. ARGV[i + 1] .. ']'
  end
end
redis.call('PEXPIRE', key, expiry)
redis.call('PUBLISH', channel, '{"v":' .. version .. ',"first":' .. (own + 1) .. ',"end":' .. tostring(ends)
  .. ',"events":[' .. table.concat(said, ',') .. ']}')
if newest and tail.w ~= writer then redis.call('PUBLISH', ARGV[9], ARGV[10]) end
return {'ok', final, final}
`;
